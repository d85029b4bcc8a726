/** Monitoring: past forecasts beside what then happened. */
import { z } from 'zod';
import { backtestSeries } from './backtests.js';
import { instant, name, pageOf, pageQuery, seriesIds, stepTime, uuid } from './common.js';
import { trainRequest } from './models.js';
import { stepsLeftOut } from './runs.js';

export const monitorRequest = z
  .object({
    model: name,
    retrainOnDrift: trainRequest.optional().meta({
      description:
        'Trained, behind the gate, when drift is found and no training of it is open; a version of the same model unless it names another.',
    }),
    rollback: z.boolean().default(true).meta({
      description:
        'Give `champion` back to the version before it when its forecasts have been worse than seasonal naive for as long as `patience`.',
    }),
    fallBack: z.boolean().default(true).meta({
      description: 'After a confirmed break let the best live baseline be `champion`, until a challenger passes the gate.',
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
  cutoff: stepTime,
  series: z.number().int(),
  wql: z.number().nullable(),
  naiveWql: z.number().nullable().meta({ description: 'Seasonal naive on the same steps.' }),
  baselines: z
    .array(z.object({ label: z.string(), wql: z.number().nullable() }))
    .default([])
    .meta({ description: 'Naive, seasonal naive by every season, and Theta, all quantiles of them, from the same cutoffs.' }),
  mase: z.number().nullable(),
  coverage80: z.number().nullable(),
  bias: z.number().nullable().meta({ description: 'Mean of actual minus median, over the mean size of actuals.' }),
});
export type LiveScore = z.infer<typeof liveScore>;

export const alert = z.object({
  code: z.enum(['ERROR_DRIFT', 'BIAS', 'COVERAGE', 'INPUT_DRIFT', 'ANOMALY', 'BREAK', 'ROLLED_BACK']),
  message: z.string(),
  since: stepTime,
});
export type Alert = z.infer<typeof alert>;

/** What the champion learned holds no more: its error drifted, and a baseline was clearly better in forecasts that share no step. */
export const breakFound = z.object({
  version: z.number().int().meta({ description: 'The champion that was judged.' }),
  since: stepTime.meta({ description: 'Cutoff of the first forecast whose error drifted.' }),
  baseline: z.string().meta({ description: 'Label of the best one.' }),
  wql: z.number(),
  baselineWql: z.number(),
});
export type Break = z.infer<typeof breakFound>;

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
    apart: z.array(liveScore).default([]).meta({
      description:
        'Forecasts at a cutoff before the end of what their model had learned: it knew what it forecast, so they count for nothing.',
    }),
    alerts: z.array(alert),
    anomalies: z.number().int().default(0).meta({ description: 'Observations that this run flagged.' }),
    inputs: inputDrift.nullable().default(null).meta({ description: 'Null where there is too little to compare.' }),
    drift: z.boolean(),
    retrainRunId: uuid.nullable(),
    rolledBackTo: z.number().int().nullable(),
    break: breakFound.nullable().default(null),
    fellBackTo: z
      .number()
      .int()
      .nullable()
      .default(null)
      .meta({ description: 'The version of a baseline that stands in for the champion.' }),
    partialSteps: stepsLeftOut,
  })
  .meta({ id: 'MonitorResult' });
export type MonitorResult = z.infer<typeof monitorResult>;

/** How good a stored forecast turned out to be, so many steps ahead, over all series. */
export const horizonScore = backtestSeries
  .omit({ uniqueId: true, naiveWql: true, why: true })
  .extend({ step: z.number().int().meta({ description: 'Steps ahead of the cutoff, from 1.' }) });
export const forecastScores = z
  .object({
    runId: uuid,
    horizon: z.number().int(),
    observed: z.number().int().meta({ description: 'Steps ahead that have been scored; the rest has not been observed yet.' }),
    perHorizon: z.array(horizonScore),
  })
  .meta({ id: 'ForecastScores' });
export type ForecastScores = z.infer<typeof forecastScores>;
export const seriesScoresQuery = pageQuery.extend({
  search: z.string().optional().meta({ description: 'Part of the id, any case.' }),
});
export const seriesScorePage = pageOf(backtestSeries);

/** An observation far outside what was forecast. */
export const anomaly = z
  .object({
    uniqueId: z.string(),
    ds: stepTime,
    value: z.number(),
    median: z.number(),
    lower: z.number().meta({ description: 'Of the 95 % interval.' }),
    upper: z.number(),
    score: z.number().meta({ description: 'Distance from the median in half widths of that interval.' }),
    runId: uuid.meta({ description: 'The forecast that did not expect it.' }),
    foundBy: uuid.meta({ description: 'The monitor run that saw it first.' }),
    foundAt: instant,
  })
  .meta({ id: 'Anomaly' });
export type Anomaly = z.infer<typeof anomaly>;
export const anomaliesQuery = pageQuery.extend({
  uniqueId: seriesIds.optional(),
  foundBy: uuid.optional().meta({ description: 'Only those that this monitor run flagged.' }),
});
export const anomalyPage = pageOf(anomaly);
