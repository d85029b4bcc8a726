/** Backtests: how good would past forecasts have been? Several models over the same rolling cutoffs. */
import { z } from 'zod';
import { device, name, pageOf, pageQuery, stepTime, versionNumber } from './common.js';
import { DEFAULT_KIND } from './models.js';
import { score, stepsLeftOut } from './runs.js';

export const backtestModel = z.object({
  kind: z.string(),
  label: z.string().min(1).max(100).optional().meta({ description: 'Unique in the backtest; the kind unless given.' }),
  config: z.record(z.string(), z.unknown()).default({}),
});

export const backtestRequest = z
  .object({
    dataset: name,
    datasetVersion: versionNumber.optional(),
    models: z
      .array(backtestModel)
      .min(1)
      .max(20)
      .default([{ kind: DEFAULT_KIND, config: {} }])
      .meta({ description: 'Seasonal naive is always added.' }),
    horizon: z.number().int().positive().max(10_000).optional(),
    windows: z.number().int().positive().max(200).default(3).meta({ description: 'Number of cutoffs.' }),
    stepSize: z.number().int().positive().optional().meta({ description: 'Steps between cutoffs; the horizon unless given.' }),
    refitEvery: z
      .number()
      .int()
      .nonnegative()
      .default(1)
      .meta({ description: 'Fit again after so many windows; 0: once, at the first cutoff.' }),
    steps: z.number().int().positive().max(1_000_000).optional().meta({ description: 'Optimiser steps of each fit.' }),
    seed: z.number().int().nonnegative().default(1),
    device: device.default('auto').meta({ description: '`auto` takes a GPU where a worker offers one; `gpu` insists on it.' }),
  })
  .meta({ id: 'BacktestRequest' });
export type BacktestRequest = z.infer<typeof backtestRequest>;
export type BacktestRequestInput = z.input<typeof backtestRequest>;

/** A covariate that is the target in disguise: it equals it, or what it was or will be some steps away, up to a factor and an offset. */
export const suspectCovariate = z.object({
  name: z.string(),
  kind: z.enum(['past', 'future']),
  shift: z.number().int().meta({ description: 'The covariate at a step is the target so many steps later; 0 is the target itself.' }),
  series: z.number().int(),
  of: z.number().int().meta({ description: 'Series that were looked at.' }),
  examples: z.array(z.string()),
});
export type SuspectCovariate = z.infer<typeof suspectCovariate>;

/** Proof, as data, that forecasts read nothing after their cutoff; see the guide for how to check it. */
export const leakageCertificate = z
  .object({
    format: z.literal('almanac-leakage-certificate'),
    version: z.literal(1),
    model: z.string(),
    horizon: z.number().int(),
    levels: z.array(z.number()),
    seed: z.number().int(),
    panel: z.string(),
    checks: z.array(
      z.object({
        cutoff: z.number().int(),
        alteration: z.string(),
        altered: z.number().int(),
        expected: z.string(),
        got: z.string(),
        same: z.boolean(),
      }),
    ),
    passed: z.boolean(),
    sample: z
      .object({
        series: z.number().int(),
        of: z.number().int(),
        cutoffs: z.number().int(),
        ofCutoffs: z.number().int(),
        finds: z.number().meta({
          description: 'A leak that shows in this share of the series is found with 95 % chance; 0: all series were looked at.',
        }),
      })
      .nullable()
      .default(null)
      .meta({ description: 'What was looked at; null in older certificates, of eight series and the last cutoff.' }),
    suspects: z
      .array(suspectCovariate)
      .default([])
      .meta({ description: 'Of the data, whatever the model makes of them: backtests with such a covariate flatter.' }),
  })
  .meta({ id: 'LeakageCertificate' });

const sumCoverage = z.object({
  sums: z.number().int(),
  coverage50: z.number().nullable(),
  coverage80: z.number().nullable(),
  coverage95: z.number().nullable(),
});
/** How often intervals of sums held what came, as stored forecasts are summed. */
export const totalsCoverage = z
  .object({
    windows: z
      .number()
      .int()
      .meta({ description: 'Cutoffs that counted: those with others before them to measure dependence on, where there are any.' }),
    series: z
      .number()
      .int()
      .meta({ description: 'Series that counted: fewer than there are where drawing paths of all would take too long.' }),
    paths: z.number().int(),
    basis: z.enum(['measured', 'assumed']).meta({ description: 'Whether dependence was measured on earlier windows.' }),
    overHorizon: sumCoverage.meta({ description: 'Sums of a series over the horizon, where all its steps were observed.' }),
    overSeries: sumCoverage.meta({ description: 'Sums of all series at a step.' }),
    overBoth: sumCoverage.meta({ description: 'Sums of all series over the horizon, one for each window.' }),
  })
  .meta({ id: 'TotalsCoverage' });
export type TotalsCoverage = z.infer<typeof totalsCoverage>;

export const backtestResult = z
  .object({
    horizon: z.number().int(),
    windows: z.array(stepTime).meta({ description: 'The cutoffs, oldest first.' }),
    models: z.array(
      z.object({
        score,
        windows: z.array(score.shape.metrics),
        perHorizon: z.array(z.number().nullable()).meta({ description: 'WQL of each step ahead.' }),
        wqlRatio: z.number().nullable(),
        beatsSeasonalNaive: z.boolean(),
        totals: totalsCoverage.nullable().default(null).meta({ description: 'Coverage of intervals of sums; null in older backtests.' }),
        certificate: leakageCertificate,
      }),
    ),
    partialSteps: stepsLeftOut,
  })
  .meta({ id: 'BacktestResult' });
export type BacktestResult = z.infer<typeof backtestResult>;

export const backtestSeriesQuery = pageQuery.extend({
  label: z.string().meta({ description: 'Of the forecaster in the backtest.' }),
  search: z.string().optional().meta({ description: 'Part of the id, any case.' }),
});
/** How good the forecasts of one series were, over all windows. */
export const backtestSeries = z
  .object({
    uniqueId: z.string(),
    observations: z.number().int().meta({ description: 'Steps that were scored.' }),
    wql: z.number().nullable(),
    naiveWql: z.number().nullable().meta({ description: 'Seasonal naive on the same steps.' }),
    mase: z.number().nullable(),
    mae: z.number().nullable(),
    coverage80: z.number().nullable(),
    why: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: 'Of a training whose kind chooses by series: what it chose for this one, and why.' }),
  })
  .meta({ id: 'BacktestSeries' });
export type BacktestSeries = z.infer<typeof backtestSeries>;
export const backtestSeriesPage = pageOf(backtestSeries);
