/** Runs: anything that takes longer than a request. Postgres holds the truth about each. */
import { z } from 'zod';
import { modelChoice } from './choice.js';
import { instant, name, pageOf, pageQuery, partialSteps, problem, stepTime, uuid } from './common.js';
import { findings } from './datasets.js';

export const runKind = z.enum([
  'ingest',
  'train',
  'forecast',
  'backtest',
  'search',
  'monitor',
  'learn',
  'predict',
  'part',
  'import',
  'pull',
]);
export type RunKind = z.infer<typeof runKind>;
export const runStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof runStatus>;

export const runProgress = z
  .object({
    phase: z.string().meta({ example: 'training' }),
    message: z.string(),
    fraction: z.number().min(0).max(1).nullable(),
    step: z.number().int().optional(),
    totalSteps: z.number().int().optional(),
    loss: z.number().optional(),
    validation: z.number().optional(),
    stepsPerSecond: z.number().optional(),
    etaSeconds: z.number().optional(),
    rows: z.number().int().optional(),
  })
  .meta({ id: 'RunProgress' });
export type RunProgress = z.infer<typeof runProgress>;

/** The engine a run used: replay forces the same. */
export const engineInfo = z
  .object({
    name: z.string(),
    variant: z.string(),
    threads: z.number().int(),
    why: z.string(),
    rejected: z.array(z.object({ name: z.string(), why: z.string() })),
  })
  .meta({ id: 'Engine' });
export type EngineInfo = z.infer<typeof engineInfo>;

export const run = z
  .object({
    id: uuid,
    kind: runKind,
    status: runStatus,
    dataset: z.string().nullable(),
    model: z.string().nullable(),
    config: z.record(z.string(), z.unknown()),
    progress: runProgress.nullable(),
    result: z.record(z.string(), z.unknown()).nullable().meta({ description: 'By kind: ingestResult, trainResult, forecastResult.' }),
    error: problem.nullable(),
    engine: engineInfo.nullable(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    parentId: uuid.nullable().meta({ description: 'The run that this one is a part of: a shard of series, a window, a member.' }),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof run>;
export const runPage = pageOf(run);
/** Arrays of equal length. */
export const runCurve = z
  .object({
    step: z.array(z.number().int()),
    loss: z.array(z.number().nullable()),
    validation: z.array(z.number().nullable()).meta({ description: 'Null where nothing was validated at the step.' }),
    stepsPerSecond: z.array(z.number().nullable()),
  })
  .meta({ id: 'RunCurve' });
export type RunCurve = z.infer<typeof runCurve>;
export const runsQuery = pageQuery.extend({
  kind: runKind.optional(),
  status: runStatus.optional(),
  dataset: z.string().optional(),
  model: z.string().optional(),
  parentId: uuid.optional().meta({ description: 'The parts of this run; parts are listed nowhere else.' }),
});

export const isFinished = (status: RunStatus): boolean => status === 'succeeded' || status === 'failed' || status === 'cancelled';

export const ingestResult = z.object({
  dataset: name,
  version: z.number().int().nullable(),
  unchanged: z.boolean(),
  seconds: z.number(),
  refusal: z
    .object({ code: z.string(), detail: z.string(), hint: z.string().nullable() })
    .nullable()
    .default(null)
    .meta({ description: 'Of a dry run: why storing the file would be refused; null where it would be stored.' }),
  findings,
});
export type IngestResult = z.infer<typeof ingestResult>;

/** Accuracy of one forecaster on held-out steps; metrics by name, e.g. `wql`, `mase`, `smape`. */
export const score = z
  .object({ kind: z.string(), label: z.string(), metrics: z.record(z.string(), z.number().nullable()) })
  .meta({ id: 'Score' });
export type Score = z.infer<typeof score>;

/** A Diebold-Mariano test over the windows of a gate: is the challenger better by more than chance? */
export const gateTest = z.object({
  against: z.string(),
  /** Chance of the challenger looking so much better if it is not. */
  pValue: z.number(),
  challengerWql: z.number(),
  otherWql: z.number(),
  better: z.boolean(),
});
export const gateVerdict = z
  .object({ windows: z.number().int(), level: z.number(), tests: z.array(gateTest), promoted: z.boolean(), reason: z.string() })
  .meta({ id: 'GateVerdict' });
export type GateVerdict = z.infer<typeof gateVerdict>;

const covariateKind = z.enum(['static', 'past', 'future']);
/** What a training made of the covariates of its dataset. */
export const covariateReport = z
  .object({
    used: z.array(z.object({ name: z.string(), kind: covariateKind })),
    leftOut: z.array(z.object({ name: z.string(), kind: covariateKind, reason: z.string() })).meta({
      description: 'Covariates of the dataset that the model does not read, and why.',
    }),
    masked: z
      .array(z.object({ name: z.string(), kind: covariateKind, series: z.number().int(), examples: z.array(z.string()) }))
      .meta({ description: 'Series that lack a covariate which the others have; they were learned without it.' }),
  })
  .meta({ id: 'CovariateReport' });
export type CovariateReport = z.infer<typeof covariateReport>;

/** Of a run that learns or judges: a part of a step is no value of it. */
export const stepsLeftOut = partialSteps
  .default({ count: 0, items: [] })
  .meta({ description: 'Steps that were left out because events cover them in part; the first 100 by name.' });
export type StepsLeftOut = z.infer<typeof stepsLeftOut>;

export const trainResult = z
  .object({
    model: name,
    version: z.number().int(),
    holdout: z.object({ steps: z.number().int(), start: stepTime, end: stepTime, series: z.number().int() }),
    score,
    baselines: z.array(score),
    baseline: z
      .string()
      .default('')
      .meta({ description: 'Label of the one of `baselines` that did best on the training part: naive, seasonal naive or Theta.' }),
    wqlRatio: z.number().nullable().meta({ description: 'WQL over that of the baseline; under 1 is better.' }),
    beatsBaseline: z.boolean().default(true),
    steps: z.number().int(),
    trainSeconds: z.number(),
    parameters: z.number().int(),
    skippedSeries: z.array(z.object({ uniqueId: z.string(), reason: z.string() })),
    choice: modelChoice.optional().meta({ description: 'Of a kind that is made of others: what it chose, and why.' }),
    covariates: covariateReport.default({ used: [], leftOut: [], masked: [] }),
    partialSteps: stepsLeftOut,
    gate: gateVerdict.optional(),
    forecastRunId: uuid.optional().meta({ description: 'The forecast that was asked for with it.' }),
  })
  .meta({ id: 'TrainResult' });
export type TrainResult = z.infer<typeof trainResult>;

/** A forecast made again from its lineage, beside the stored one. */
export const replayReport = z
  .object({
    of: uuid,
    compared: z.number().int(),
    differing: z
      .array(z.object({ uniqueId: z.string(), largestDifference: z.number() }))
      .meta({ description: 'Series whose quantiles are not the same bits; at most 100.' }),
    largestDifference: z.number(),
    sameEngine: z.boolean().meta({ description: 'Name, variant and threads. Differences are zero on the same engine.' }),
  })
  .meta({ id: 'ReplayReport' });
export type ReplayReport = z.infer<typeof replayReport>;

export const forecastResult = z.object({
  model: name,
  version: z.number().int(),
  series: z.number().int(),
  horizon: z.number().int(),
  seconds: z.number(),
  notes: z
    .array(z.object({ code: z.string(), detail: z.string(), series: z.number().int(), examples: z.array(z.string()) }))
    .default([])
    .meta({ description: 'What must be known of some forecasts, and of how many series it is said.' }),
  replay: replayReport.optional(),
});
export type ForecastResult = z.infer<typeof forecastResult>;
