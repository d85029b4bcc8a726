/**
 * The wire of the Python SDK `nixtla` (0.9), so that its users come with one variable, `NIXTLA_BASE_URL`. Names are the SDK's.
 * All series lie in one flat array, one after the other, step by step; ids stay with the client.
 */
import { z } from 'zod';
import { percentLevel } from './forecasts.js';

const numbers = z.array(z.number().nullable());
const features = z.array(z.array(z.union([z.number(), z.string(), z.boolean()]).nullable()));
const count = z.number().int().positive().max(100_000);
/** The SDK turns quantiles into levels, and the median into the level 0. */
const level = z.union([z.literal(0), percentLevel]);

const series = z.object({
  y: numbers.min(1).meta({ description: 'The values of all series, one series after the other.' }),
  sizes: z.array(count).min(1).meta({ description: 'Values of each series.' }),
  start_datetime: z.array(z.string()).nullish().meta({ description: 'Time of the first value of each series.' }),
  X: features.nullish().meta({ description: 'A row for each covariate with a value for each of `y`: those of `X_future` first.' }),
  X_future: features.nullish().meta({ description: 'A row for each covariate that is known ahead, with `h` values for each series.' }),
  categorical_exog: z.array(z.number().int()).nullish(),
});

/** What every method of the SDK sends. */
const sent = {
  series,
  model: z.string().meta({ description: 'As in `POST /v1/forecast`; every `timegpt-…` means `auto`.', example: 'timegpt-2.1' }),
  freq: z.string().meta({ description: 'A word of pandas or polars; `MS` for whole numbers.', example: 'D' }),
  clean_ex_first: z.boolean().nullish(),
  finetune_steps: z.number().int().nullish(),
  finetune_depth: z.number().int().nullish(),
  finetune_loss: z.string().nullish(),
  finetuned_model_id: z.string().nullish(),
  feature_contributions: z.boolean().nullish(),
  feature_contributions_type: z.string().nullish(),
  multivariate: z.boolean().nullish(),
  model_parameters: z
    .object({
      covariates: z
        .array(z.string())
        .optional()
        .meta({ description: 'Names of the rows of `X`, in their order, for a trained model that reads covariates.' }),
    })
    .nullish(),
  job_options: z.object({ timeout_seconds: count.optional() }).nullish(),
};
const levels = z.array(level).max(20).nullish();

export const nixtlaForecastRequest = z
  .object({ ...sent, h: count.meta({ description: 'Steps ahead.' }), level: levels })
  .meta({ id: 'NixtlaForecastRequest' });
export type NixtlaForecastRequest = z.output<typeof nixtlaForecastRequest>;

export const nixtlaCrossValidationRequest = z
  .object({
    ...sent,
    h: count,
    level: levels,
    n_windows: count,
    step_size: count,
    hist_exog: z.array(z.number().int()).nullish(),
    refit: z.boolean().nullish(),
    full_history: z.boolean().nullish().meta({ description: 'All of the history that can be forecast; windows are ours to choose.' }),
  })
  .meta({ id: 'NixtlaCrossValidationRequest' });
export type NixtlaCrossValidationRequest = z.output<typeof nixtlaCrossValidationRequest>;

export const nixtlaAnomalyRequest = z.object({ ...sent, level: percentLevel.nullish() }).meta({ id: 'NixtlaAnomalyRequest' });
export type NixtlaAnomalyRequest = z.output<typeof nixtlaAnomalyRequest>;

/** Flat arrays in the order of the request. */
const answered = {
  mean: numbers.meta({ description: 'The median of the forecast, which is its point forecast.' }),
  intervals: z.record(z.string(), numbers).nullable().meta({ description: '`lo-90`, `hi-90`, …' }),
  weights_x: z.null(),
  feature_contributions: z.null(),
  warnings: z.array(z.string()).meta({ description: 'As in `POST /v1/forecast`; the SDK does not show them.' }),
};
export const nixtlaForecast = z.object(answered).meta({ id: 'NixtlaForecast' });
export type NixtlaForecast = z.infer<typeof nixtlaForecast>;

export const nixtlaCrossValidation = z
  .object({
    ...answered,
    sizes: z.array(z.number().int()).meta({ description: 'Forecast steps of each series.' }),
    idxs: z.array(z.number().int()).meta({ description: 'The place in `y` of each forecast step.' }),
  })
  .meta({ id: 'NixtlaCrossValidation' });
export type NixtlaCrossValidation = z.infer<typeof nixtlaCrossValidation>;

export const nixtlaAnomalies = z.object({ ...nixtlaCrossValidation.shape, anomaly: z.array(z.boolean()) }).meta({ id: 'NixtlaAnomalies' });
export type NixtlaAnomalies = z.infer<typeof nixtlaAnomalies>;

export const nixtlaJobAccepted = z.object({ job_id: z.string() });
const job = { status: z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled']), error: z.string().nullable() };
export type NixtlaJobState = z.infer<z.ZodObject<typeof job>>;
export const nixtlaForecastJob = z.object({ ...job, result: nixtlaForecast.nullable() });
export const nixtlaCrossValidationJob = z.object({ ...job, result: nixtlaCrossValidation.nullable() });
/** Ids of the runs that the job is made of, with a dot between them. */
export const byNixtlaJob = z.object({
  jobId: z
    .string()
    .regex(/^[0-9a-f-]{36}(\.[0-9a-f-]{36}){0,23}$/, 'must be the id of a job')
    .meta({ example: '7f0c2f0e-9f2c-4c43-8d3c-0f1b0a4c3a52' }),
});

export const nixtlaModels = z.object({ models: z.array(z.object({ name: z.string() })) });
export const nixtlaModelQuery = z.object({ model: z.string().optional(), freq: z.string().optional() });
export const nixtlaModelParams = z.object({
  detail: z.object({
    input_size: z.number().int().meta({ description: 'Values of a history that the SDK sends without covariates.' }),
    horizon: z.number().int(),
  }),
});
export const nixtlaKeyState = z.object({ detail: z.string() });
