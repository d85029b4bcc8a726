/**
 * Predictions: forecasts that are answered and not stored. Either the history comes in the body, or a stored series is
 * forecast with other future covariates ("what if").
 */
import { z } from 'zod';
import { modelChoice } from './choice.js';
import { givenTime, name, seasonLength, stepTime, uniqueId, uuid, versionNumber } from './common.js';
import { ingestOptions } from './datasets.js';
import { wait } from './wait.js';
import { covariateFill, forecastNote, modelReference, percentLevel, quantileLevels } from './forecasts.js';

/** What one request may ask for; more belongs into a dataset. */
export const PREDICTION_LIMITS = {
  series: 1000,
  observations: 200_000,
  values: 2_000_000,
  whatIfSeries: 100,
  firstLookSeries: 100,
} as const;

const numbers = z.array(z.number().nullable());
const covariates = z.record(z.string().min(1), z.array(z.union([z.number(), z.boolean(), z.string()]).nullable()));

const history = z.object({
  ds: z
    .array(z.union([z.string(), z.number().int()]))
    .optional()
    .meta({ description: 'When, one for each `y`, in any order; steps left out are gaps. A time without an offset is one of `timeZone`.' }),
  start: z
    .union([z.string(), z.number().int()])
    .optional()
    .meta({ description: 'Instead of `ds`: the time of the first `y`; the others follow step by step.' }),
  y: numbers.meta({
    description:
      'Empty, or null throughout, only for a model that starts cold; `start` is then the first step to forecast, else that after its dataset.',
  }),
  futureCovariates: covariates.optional().meta({
    description:
      'By name: a value for each `y`, then one for each step of the horizon. True and false, or yes and no, are 1 and 0. Text is read value by value, as in an upload.',
  }),
  pastCovariates: covariates.optional().meta({ description: 'By name: a value for each `y`.' }),
  staticCovariates: z
    .record(z.string().min(1), z.union([z.number(), z.string(), z.boolean()]))
    .optional()
    .meta({ description: 'A number; or text, the value of a category.', example: { size: 120, region: 'north' } }),
});
const namedHistory = history.extend({ uniqueId });
type History = z.input<typeof history>;
export type InlineSeries = z.output<typeof namedHistory>;

/** `{ "<unique_id>": { ds, y } }`, or a list of the same with `uniqueId`. */
const inlineSeries = z
  .preprocess(
    (given) =>
      typeof given === 'object' && given !== null && !Array.isArray(given)
        ? Object.entries(given).map(([uniqueId, one]: [string, unknown]) =>
            typeof one === 'object' && one !== null ? { ...one, uniqueId } : one,
          )
        : given,
    z.array(namedHistory).min(1),
  )
  .meta({ description: 'A list; or an object whose keys are the unique ids.' }) as unknown as z.ZodType<
  InlineSeries[],
  z.input<typeof namedHistory>[] | Record<string, History>
>;

const percents = z
  .array(percentLevel)
  .max(20)
  .meta({ description: 'Prediction intervals in percent; columns `<model>-lo-90`, `<model>-hi-90`.', example: [80, 95] });

const { closedWeekdays, closedHolidays, closedDates, from, to } = ingestOptions.shape;
/** What is asked of a forecast, wherever the history comes from. */
const asked = {
  frequency: z.string().default('auto').meta({
    description:
      'As in an upload: `15min`, `h`, `D`, `B`, `W-MON`, `4W-MON`, `MS`, `QS-MAR`, …, `1`; `auto`: from `ds`, or that of the model.',
  }),
  seasonLength: seasonLength.optional(),
  timeZone: z.string().optional().meta({ description: "IANA zone of the calendar; the model's, else UTC." }),
  horizon: z
    .number()
    .int()
    .positive()
    .max(10_000)
    .optional()
    .meta({ description: "Steps ahead; the model's, else two of the shortest season." }),
  level: percents.optional(),
  quantiles: quantileLevels.optional().meta({ description: 'Instead of `level`; columns `<model>-q-10`.' }),
  model: z.string().default('auto').meta({
    description:
      'A version of the registry (`models:/flights@champion`), a kind that needs no training (`pretrained`, `autoEts`, `theta`, …), or `auto`: a mix of such kinds, weighed for each series.',
  }),
  covariateFill: covariateFill.default('none'),
  members: z.boolean().default(false).meta({ description: 'Answer what each member of a mix says, too.' }),
  wait,
  closedWeekdays,
  closedHolidays,
  closedDates,
  from,
  to,
};
const notBoth = ({ level, quantiles }: { level?: unknown; quantiles?: unknown }): boolean => level === undefined || quantiles === undefined;
const NOT_BOTH = 'give `level` or `quantiles`, not both';

export const predictionRequest = z
  .object({ series: inlineSeries, ...asked })
  .refine(notBoth, NOT_BOTH)
  .meta({ id: 'PredictionRequest' });
export type PredictionRequest = z.output<typeof predictionRequest>;
export type PredictionRequestInput = z.input<typeof predictionRequest>;

/** How a file of histories is read: the options of an upload that say what a row means, and not what is stored of it. */
const reading = ingestOptions.pick({
  idColumn: true,
  timeColumn: true,
  valueColumn: true,
  format: true,
  sheet: true,
  layout: true,
  aggregation: true,
  dropLastStep: true,
  dropPartialSteps: true,
  pastCovariates: true,
  futureCovariates: true,
  staticCovariates: true,
  decimalSeparator: true,
  thousandsSeparator: true,
  timeFormat: true,
  timeMarks: true,
  yearPivot: true,
  maxRejectedShare: true,
}).shape;
export const filePredictionRequest = z
  .object({ ...reading, ...asked })
  .refine(notBoth, NOT_BOTH)
  .meta({ id: 'FilePredictionRequest' });
export type FilePredictionRequest = z.output<typeof filePredictionRequest>;
export type FilePredictionRequestInput = z.input<typeof filePredictionRequest>;

export const prediction = z
  .object({
    model: z.string(),
    version: z.number().int().nullable().meta({ description: 'Null for a kind that needs no training.' }),
    frequency: z.string(),
    timeZone: z.string(),
    seasonLengths: z.array(z.number().int()).meta({ description: 'Steps per season, shortest first, as they were taken.' }),
    horizon: z.number().int(),
    columns: z.record(z.string(), z.array(z.union([z.string(), z.number()]).nullable())).meta({
      description:
        'The columns of the export, a value per series and step: unique_id, ds, cutoff, <model>, <model>-lo-90, <model>-hi-90, …',
    }),
    choice: modelChoice
      .extend({ series: z.array(z.object({ uniqueId: z.string(), why: z.string() })) })
      .nullable()
      .meta({ description: 'What `auto` chose, in all and for each series, and why; null where a model was named.' }),
    members: z
      .array(
        z.object({
          uniqueId: z.string(),
          label: z.string(),
          share: z.number().meta({ description: 'Of the mix for this series, 0 to 1.' }),
          median: z.array(z.number().nullable()).meta({ description: 'By step ahead.' }),
        }),
      )
      .default([])
      .meta({ description: 'What each member of a mix says, where that was asked for; of those that take part in the series.' }),
    warnings: z.array(z.string()).default([]).meta({
      description: 'How the times were read where they do not say it by themselves, and what looks wrong with the series.',
    }),
    notes: z
      .array(forecastNote.extend({ uniqueId: z.string().nullable().meta({ description: 'Null: it is said of all.' }) }))
      .default([])
      .meta({
        description: 'What must be known of some forecasts: bounds that are null, widths that are borrowed, covariates that are not read.',
      }),
    seconds: z.number(),
  })
  .meta({ id: 'Prediction' });
export type Prediction = z.infer<typeof prediction>;

export const covariateChange = z
  .object({
    covariate: z.string().min(1),
    uniqueIds: z.array(uniqueId).min(1).optional().meta({ description: 'All of the request unless given.' }),
    values: z.array(z.number()).min(1).optional().meta({ description: 'One for each step ahead.' }),
    set: z.number().optional().meta({ description: 'The same for each step ahead.' }),
    multiply: z.number().optional(),
    add: z.number().optional(),
  })
  .refine(
    ({ values, set, multiply, add }) => [values, set, multiply, add].filter((one) => one !== undefined).length === 1,
    'give one of `values`, `set`, `multiply` and `add`',
  );
export type CovariateChange = z.infer<typeof covariateChange>;

export const whatIfRequest = z
  .object({
    model: modelReference,
    uniqueIds: z.array(uniqueId).min(1).max(PREDICTION_LIMITS.whatIfSeries),
    changes: z.array(covariateChange).min(1).max(100).meta({ description: 'Made one after the other.' }),
    horizon: z.number().int().positive().max(10_000).optional(),
    datasetVersion: versionNumber.optional(),
    cutoff: givenTime.optional(),
    quantiles: quantileLevels.default([0.025, 0.1, 0.5, 0.9, 0.975]),
    wait,
  })
  .meta({ id: 'WhatIfRequest' });
export type WhatIfRequest = z.output<typeof whatIfRequest>;
export type WhatIfRequestInput = z.input<typeof whatIfRequest>;

const rows = z.array(z.array(z.number().nullable()));
export const whatIf = z
  .object({
    model: name,
    version: z.number().int(),
    dataset: name,
    datasetVersion: z.number().int(),
    horizon: z.number().int(),
    levels: z.array(z.number()),
    items: z.array(
      z.object({
        uniqueId: z.string(),
        cutoff: stepTime,
        ds: z.array(stepTime),
        covariates: z.array(z.object({ name: z.string(), baseline: numbers, changed: numbers })),
        baseline: rows.meta({
          description: 'Quantiles with the covariates as they are stored: one array over the horizon for each level.',
        }),
        changed: rows,
      }),
    ),
    seconds: z.number(),
  })
  .meta({ id: 'WhatIf' });
export type WhatIf = z.infer<typeof whatIf>;

export const firstLookRequest = z
  .object({
    uniqueIds: z
      .array(uniqueId)
      .min(1)
      .max(PREDICTION_LIMITS.firstLookSeries)
      .optional()
      .meta({ description: 'Which series; the first 20 by id unless given.' }),
    horizon: z
      .number()
      .int()
      .positive()
      .max(10_000)
      .optional()
      .meta({ description: 'Steps ahead; two of the shortest season unless given.' }),
    datasetVersion: versionNumber.optional(),
    quantiles: quantileLevels.default([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]),
    model: z.string().optional().meta({ description: 'A kind that needs no training; the pretrained network unless given.' }),
    wait,
  })
  .meta({ id: 'FirstLookRequest' });
export type FirstLookRequest = z.output<typeof firstLookRequest>;
export type FirstLookRequestInput = z.input<typeof firstLookRequest>;

export const firstLook = z
  .object({
    model: z.string().meta({ description: 'The kind that forecast.' }),
    dataset: name,
    datasetVersion: z.number().int(),
    horizon: z.number().int(),
    levels: z.array(z.number()),
    firstLook: z.array(
      z.object({
        uniqueId: z.string(),
        cutoff: stepTime,
        ds: z.array(stepTime),
        quantiles: rows.meta({ description: 'One array over the horizon for each level.' }),
        notes: z.array(forecastNote),
      }),
    ),
    seriesCount: z.number().int().meta({ description: 'Series that the dataset has; those that were not asked for are not here.' }),
    seconds: z.number(),
  })
  .meta({ id: 'FirstLook' });
export type FirstLook = z.infer<typeof firstLook>;

export const byPrediction = z.object({ runId: uuid });
