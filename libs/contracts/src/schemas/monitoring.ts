/** Monitoring: past forecasts beside what then happened. */
import { z } from 'zod';
import { instant, name, uuid } from './common.js';
import { trainRequest } from './models.js';

export const monitorRequest = z
  .object({
    model: name,
    retrainOnDrift: trainRequest
      .optional()
      .meta({ description: 'Trained, behind the gate, when drift is found and no training of it is open.' }),
    rollback: z.boolean().default(true).meta({
      description:
        'Give `champion` back to the version before it when its forecasts have been worse than seasonal naive for as long as `patience`.',
    }),
    calibrate: z.boolean().default(true).meta({
      description: 'Learn from the outcomes of past forecasts how much wider or narrower the next intervals have to be.',
    }),
    patience: z.number().int().positive().max(100).default(3).meta({ description: 'Scored forecasts in a row.' }),
  })
  .meta({ id: 'MonitorRequest' });
export type MonitorRequest = z.infer<typeof monitorRequest>;
export type MonitorRequestInput = z.input<typeof monitorRequest>;

/** One past forecast run, scored on the steps that have been observed since. */
export const liveScore = z.object({
  runId: uuid,
  version: z.number().int(),
  cutoff: instant,
  series: z.number().int(),
  wql: z.number().nullable(),
  naiveWql: z.number().nullable().meta({ description: 'Seasonal naive on the same steps.' }),
  mase: z.number().nullable(),
  coverage80: z.number().nullable(),
  bias: z.number().nullable().meta({ description: 'Mean of actual minus median, over the mean size of actuals.' }),
});
export type LiveScore = z.infer<typeof liveScore>;

export const alert = z.object({
  code: z.enum(['ERROR_DRIFT', 'BIAS', 'COVERAGE', 'INPUT_DRIFT', 'ROLLED_BACK']),
  message: z.string(),
  since: instant,
});
export type Alert = z.infer<typeof alert>;

/** Population stability indices of what came since the champion learned, beside what it learned from. */
export const inputDrift = z.object({
  version: z.number().int(),
  values: z.number(),
  differences: z.number().nullable().meta({ description: 'Of differences to a season before.' }),
  bound: z.number().meta({ description: 'Above it is drift.' }),
  drift: z.boolean(),
});
export type InputDrift = z.infer<typeof inputDrift>;

export const monitorResult = z
  .object({
    model: name,
    calibrated: z.number().int().default(0).meta({ description: 'Series whose interval widths learned from new outcomes.' }),
    scored: z.array(liveScore).meta({ description: 'Forecasts that this run scored.' }),
    alerts: z.array(alert),
    inputs: inputDrift.nullable().default(null).meta({ description: 'Null where there is too little to compare.' }),
    drift: z.boolean(),
    retrainRunId: uuid.nullable(),
    rolledBackTo: z.number().int().nullable(),
  })
  .meta({ id: 'MonitorResult' });
export type MonitorResult = z.infer<typeof monitorResult>;
