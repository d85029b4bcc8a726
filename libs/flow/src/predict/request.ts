/** The request side of predictions. What can be known to be wrong is refused before a worker is asked. */
import {
  type ContributionsAnswer,
  type FirstLook,
  fromProblem,
  asSeasonLengths,
  type Prediction,
  PREDICTION_LIMITS,
  type PredictionRequest,
  problem,
  type Run,
  type WhatIf,
  type WhatIfRequest,
} from '@almanac/contracts';
import { isKind, plans } from '@almanac/forecasting/plan';
import { AlmanacError, canMean, Frequency } from '@almanac/series';
import type { DatasetRecord, Json, ModelVersionRecord } from '@almanac/store';
import { ask } from '../ask.js';
import { checkHorizon, checkKindHorizon } from '../forecast/horizon.js';
import { parseReference, resolveModel } from '../register/reference.js';
import { covariatesOf, futureCovariatesOf } from '../register/wire.js';
import { stepAt } from '../query/grid.js';
import { neverObserved } from '../query/selectSeries.js';
import { categoryOf } from '../runs/categories.js';
import type { FlowContext } from '../runs/context.js';
import { defaultHorizon } from '../train/plan.js';
import { type Closing, closuresOf, declaresClosures, hasClosures } from '../ingest/closures.js';
import { oddSteps } from '../ingest/far.js';
import { stepFindings } from '../ingest/findings.js';
import { oddWarnings } from '../ingest/oddWords.js';
import type { OddTimes } from '../ingest/protocol.js';
import type { Range } from '../ingest/range.js';
import { Tally } from '../ingest/tally.js';
import { fillAhead } from './ahead.js';
import { type Cold, gridOfTimes, layAllOnGrid, type NumericRequest, refuseTooMuch, withinRange } from './inline.js';
import type { InlinePlan, LaidSeries, PredictionPlan, PredictPlan, WhatIfPlan } from './plan.js';
import { withReadTimes } from './times.js';
import { withNumbers } from './words.js';

const DEFAULT_LEVEL = [80, 95];
/** Somebody waits for it. */
const PRIORITY = 10;
const KEPT_MS = 3_600_000;
const FORGOTTEN_MS = 60_000;
/** Covariates that a note names. */
const MOST_NAMED = 20;

/** @throws AlmanacError PREDICTION_TOO_LARGE, FREQUENCY_MISMATCH, HORIZON_TOO_LONG, MODEL_NOT_FOUND, and what is wrong with a series */
export async function requestPrediction(context: FlowContext, given: PredictionRequest): Promise<Run> {
  refuseTooMuch(given.series);
  const named = await modelOf(context, given.model);
  const timed = await withReadTimes(given, named?.dataset, context);
  const { request, warnings: words } = withNumbers(timed.request, named && learnedNames(named.version.config));
  const grid = await closedGrid(gridOf(request, named?.dataset), request, named);
  const { series, warnings } = withinRange(request.series, grid, request);
  const said = (laid: readonly LaidSeries[]): string[] => [
    ...[...timed.notes, ...words, ...warnings],
    ...oddWarnings(oddOf(laid, grid, context.now(), request), grid),
    ...findingsOf(laid, grid, named),
  ];
  return predictOn(context, { ...request, series }, { named, grid, warnings: said });
}

interface Placed {
  named: Named | undefined;
  grid: Frequency;
  /** What is said of the series once they are laid out. */
  warnings: (laid: readonly LaidSeries[]) => string[];
}

/** Once the series have their grid. @throws AlmanacError as `requestPrediction` does */
export async function predictOn(context: FlowContext, request: NumericRequest, { named, grid, warnings }: Placed): Promise<Run> {
  if (named && request.seasonLength !== undefined)
    throw new AlmanacError('OPTIONS_CONFLICT', `The model ${named.version.model}/${named.version.no} has learned its own seasons.`, {
      hint: 'Leave seasonLength out, or name a baseline.',
      subject: { model: named.version.model },
    });
  const asked = request.seasonLength === undefined ? undefined : asSeasonLengths(request.seasonLength);
  const horizon = horizonOf(request, grid, named);
  if (named) checkHorizon(named.version, horizon);
  else checkKindHorizon(request.model, horizon);
  const label = named?.version.model ?? request.model;
  const columns = columnsOf(request);
  const values = request.series.length * horizon * (columns.length + 3);
  if (values > PREDICTION_LIMITS.values)
    throw new AlmanacError('PREDICTION_TOO_LARGE', `The answer would have ${values} values; ${PREDICTION_LIMITS.values} are the most.`, {
      hint: 'Ask for fewer steps, levels or series at once.',
      subject: { values },
      status: 413,
    });
  const laid = layAllOnGrid(request.series, grid, horizon, { cold: coldOf(named), model: named?.version.model });
  const filled = laid.map((one) => fillAhead(one, grid, request.covariateFill));
  const plan: InlinePlan = {
    kind: 'inline',
    frequency: grid.code,
    timeZone: grid.timeZone,
    seasonLengths: asked ?? grid.seasonLengths(Math.max(...laid.map(({ values: { length } }) => length))),
    warnings: warnings(laid),
    series: filled.map(({ series }) => series),
    notes: [...filled.flatMap((one) => one.notes), ...unusedNotes(request, named?.version.config)],
    horizon,
    levels: [...new Set(columns.map(({ level }) => level))].sort((a, b) => a - b),
    columns,
    versionId: named?.version.id ?? null,
    members: request.members,
    untrained: named ? null : { kind: request.model, config: configOf(request.model) },
  };
  return startPrediction(context, plan, { model: label, series: laid.length, horizon, frequency: grid.label });
}

/**
 * @throws AlmanacError MODEL_WITHOUT_FUTURE_COVARIATES, COVARIATE_UNKNOWN, SERIES_NOT_FOUND, CHANGE_SHAPE, and what a forecast is refused
 * for
 */
export async function requestWhatIf(context: FlowContext, request: WhatIfRequest): Promise<Run> {
  const { store } = context;
  const version = await resolveModel(context, request.model);
  const dataset = await store.datasets.getById((await store.models.get(version.model)).datasetId);
  const horizon = request.horizon ?? version.horizon;
  checkHorizon(version, horizon);
  const known = futureCovariatesOf(version.config);
  if (known.length === 0)
    throw new AlmanacError(
      'MODEL_WITHOUT_FUTURE_COVARIATES',
      `The model ${version.model}/${version.no} uses no future covariates, so nothing can be changed.`,
      {
        hint: 'Train a model on a dataset with `futureCovariates`.',
        subject: { model: version.model, version: version.no },
      },
    );
  for (const { covariate, values, uniqueIds } of request.changes) {
    if (!known.includes(covariate))
      throw new AlmanacError('COVARIATE_UNKNOWN', `The model ${version.model}/${version.no} has no future covariate "${covariate}".`, {
        hint: `It has ${known.join(', ')}.`,
        subject: { covariate },
      });
    if (values && values.length !== horizon)
      throw new AlmanacError('CHANGE_SHAPE', `${values.length} values of "${covariate}" are given for ${horizon} steps.`, {
        hint: 'Give one value for each step ahead.',
        subject: { covariate, horizon },
      });
    const stray = uniqueIds?.find((id) => !request.uniqueIds.includes(id));
    if (stray !== undefined)
      throw new AlmanacError('CHANGE_SHAPE', `"${covariate}" is changed for "${stray}", which is not forecast.`, {
        hint: 'Name it in the `uniqueIds` of the request as well.',
        subject: { series: stray },
      });
  }
  const { no } = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  for (const uniqueId of request.uniqueIds)
    if ((await store.series.get(dataset.id, uniqueId)).length === 0) throw neverObserved(dataset.name, uniqueId);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const plan: WhatIfPlan = {
    kind: 'whatIf',
    uniqueIds: [...new Set(request.uniqueIds)],
    changes: request.changes,
    versionId: version.id,
    dataset: dataset.name,
    datasetVersion: no,
    horizon,
    levels: request.quantiles,
    cutoffStep: request.cutoff === undefined ? null : stepAt(grid, request.cutoff),
  };
  return startPrediction(context, plan, { model: version.model, series: plan.uniqueIds.length, horizon, dataset: dataset.name });
}

/**
 * The answer of a run that has ended.
 * @throws AlmanacError PREDICTION_EXPIRED, PREDICTION_NOT_READY, NOT_A_PREDICTION, and what the run failed with
 */
export async function readPrediction(
  { store }: Pick<FlowContext, 'store'>,
  runId: string,
): Promise<Prediction | WhatIf | FirstLook | ContributionsAnswer> {
  const { kind, status, error } = await store.runs.get(runId);
  const subject = { run: runId, status };
  if (kind !== 'predict')
    throw new AlmanacError('NOT_A_PREDICTION', `The run ${runId} is no prediction.`, { hint: 'Read its `result`.', subject });
  if (status === 'failed') throw fromProblem(problem.parse(error));
  if (status !== 'succeeded')
    throw new AlmanacError(
      'PREDICTION_NOT_READY',
      status === 'cancelled' ? 'The prediction was cancelled.' : 'The prediction is still being made.',
      {
        hint: `GET /v1/runs/${runId}/events follows it.`,
        subject,
        status: 409,
      },
    );
  return (await store.predictions.answer(runId)) as unknown as Prediction | WhatIf | FirstLook | ContributionsAnswer;
}

/** Once it has been read by whoever waited for it. */
export async function forgetPrediction({ store }: Pick<FlowContext, 'store'>, runId: string): Promise<void> {
  await store.predictions.forget(runId, FORGOTTEN_MS);
}

/** Asks a worker; the plan is kept until it is answered. */
export function startPrediction(context: FlowContext, plan: PredictionPlan, about: PredictPlan): Promise<Run> {
  const { dataset = null, model } = about;
  return ask(
    context,
    { kind: 'predict', dataset, model, config: about },
    { priority: PRIORITY, beside: (within, run) => within.predictions.create(run.id, plan, KEPT_MS) },
  );
}

/** The findings that a file with the same values would have about its steps. */
function findingsOf(series: readonly LaidSeries[], grid: Frequency, named: Named | undefined): string[] {
  const tally = new Tally(0, grid.seasonLengths());
  for (const { id, firstStep, values } of series) {
    const given = Float64Array.from(values, (value) => value ?? Number.NaN);
    const first = given.findIndex((value) => !Number.isNaN(value));
    if (first >= 0) tally.look({ id, channel: 0, firstStep: firstStep + first, values: given.subarray(first) });
  }
  return stepFindings(grid, tally, named?.version.model);
}

/** A model that starts cold goes on from where its dataset ends. */
export function coldOf(named: Named | undefined): Cold | undefined {
  if (!named || !isKind(named.version.kind) || !plans.of(named.version.kind).startsCold) return undefined;
  const { lastStep } = named.dataset;
  return { firstStep: lastStep === null ? undefined : lastStep + 1 };
}

/** Somebody waits: what can be had within seconds, where the kind has such a thing. */
const configOf = (kind: string): Record<string, unknown> => plans.of(kind).untrainedConfig ?? {};

/** Steps ahead: as asked, those of the model, or two of the shortest season. */
export function horizonOf(
  { horizon, seasonLength }: Pick<PredictionRequest, 'horizon' | 'seasonLength'>,
  grid: Frequency,
  named: Named | undefined,
): number {
  const season = seasonLength === undefined ? undefined : asSeasonLengths(seasonLength)[0];
  return horizon ?? named?.version.horizon ?? defaultHorizon(season ?? grid.seasonLengths()[0]);
}

function oddOf(series: readonly LaidSeries[], grid: Frequency, now: Date, range: Range): OddTimes {
  const observed = series.map(({ id, firstStep, values }) => ({
    id,
    steps: values.flatMap((value, t) => (value === null ? [] : [firstStep + t])),
  }));
  return oddSteps(observed, grid, now, range);
}

export interface Named {
  version: ModelVersionRecord;
  dataset: DatasetRecord;
}

/** The version that is meant; undefined for kinds that forecast without training. A name that such a kind and a model have is the kind. */
export async function modelOf(context: FlowContext, model: string): Promise<Named | undefined> {
  if (isKind(model) && plans.of(model).untrained) return undefined;
  parseReference(model);
  const version = await resolveModel(context, model);
  const { datasetId } = await context.store.models.get(version.model);
  return { version, dataset: await context.store.datasets.getById(datasetId) };
}

export function gridOf(
  request: Pick<NumericRequest, 'series' | 'frequency' | 'timeZone'> & Closing,
  dataset: DatasetRecord | undefined,
): Frequency {
  const { series, frequency, timeZone } = request;
  if (!dataset) return gridOfTimes(series, frequency, timeZone ?? 'UTC');
  const own = Frequency.parse(dataset.frequency, dataset.timeZone);
  if (frequency !== 'auto' && !canMean(frequency, own) && !isOpened(frequency, own, request))
    throw new AlmanacError('FREQUENCY_MISMATCH', `The model was trained on ${own.label}, and the series are ${frequency}.`, {
      hint: `Leave frequency out if the series are ${own.label}, too; for others name another model, or a kind that needs no training (model auto).`,
      subject: { model: own.label, series: frequency },
    });
  return timeZone === undefined ? own : Frequency.parse(own.code, timeZone);
}

/** Whether a frequency is that of the grid before the closed days which the request declares are taken off, as an upload says both. */
function isOpened(frequency: string, grid: Frequency, closing: Closing): boolean {
  if (!declaresClosures(closing) || !hasClosures(grid, closing)) return false;
  const said = Frequency.parse(frequency, grid.timeZone);
  return said.isWithinDay && said.closedOn('', [], closing.closedWeekdays).code === grid.unclosed.code;
}

/**
 * The grid without the days that the request says are closed; those of a model are its dataset's.
 * @throws AlmanacError OPTIONS_CONFLICT, COUNTRY_UNKNOWN
 */
async function closedGrid(grid: Frequency, request: Closing, named: Named | undefined): Promise<Frequency> {
  if (!declaresClosures(request) || (named && hasClosures(grid, request))) return grid;
  if (named) throw otherClosures(named, grid);
  const { label, days, weekdays } = (await closuresOf(request))!;
  return grid.closedOn(label, days, weekdays);
}

export function otherClosures({ version }: Named, grid: Frequency): AlmanacError {
  return new AlmanacError('OPTIONS_CONFLICT', `The model ${version.model}/${version.no} has learned the days of ${grid.label}.`, {
    hint: 'Leave closedWeekdays, closedHolidays and closedDates out, or name a baseline.',
    subject: { model: version.model, frequency: grid.label },
  });
}

/** A covariate that is sent and not read must not be taken for one that was. */
function unusedNotes({ series, model }: NumericRequest, config: Json | undefined): Prediction['notes'] {
  const used = covariatesOf(config ?? {});
  // Of a text one value may be new to the model, which is said by itself; it is unused where none of its values is read.
  const isRead = (name: string, among: readonly string[]): boolean =>
    among.some((one) => one === name || categoryOf(one) === (categoryOf(name) ?? name));
  const unused = (['future', 'past', 'static'] as const).flatMap((kind) => {
    const names = series.flatMap((one) => Object.keys(one[`${kind}Covariates`] ?? {}));
    return names.filter((name) => !isRead(name, used[kind])).map((name) => categoryOf(name) ?? name);
  });
  const names = [...new Set(unused)];
  if (names.length === 0) return [];
  const listed = names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ' …' : '');
  return [{ uniqueId: null, code: 'COVARIATES_UNUSED', detail: `${model} does not read ${listed}.` }];
}

function learnedNames(config: Json): string[] {
  const { past, future } = covariatesOf(config);
  return [...past, ...future];
}

/** Suffixes of the model's columns; the median has none. */
function columnsOf({ level, quantiles }: PredictionRequest): { name: string; level: number }[] {
  const point = { name: '', level: 0.5 };
  const exact = (value: number): number => Number(value.toFixed(6));
  if (quantiles) return [point, ...quantiles.map((one) => ({ name: `-q-${exact(100 * one)}`, level: one }))];
  return [
    point,
    ...(level ?? DEFAULT_LEVEL).flatMap((percent) => [
      { name: `-lo-${percent}`, level: exact(0.5 - percent / 200) },
      { name: `-hi-${percent}`, level: exact(0.5 + percent / 200) },
    ]),
  ];
}
