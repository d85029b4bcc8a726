/** The prediction run: forecasts what was asked in a process of its own, and leaves the answer where it is fetched. */
import type { ContributionsAnswer, CovariateChange, FirstLook, Prediction, WhatIf } from '@almanac/contracts';
import type { Panel, SeriesData, SeriesForecast } from '@almanac/forecasting';
import { AlmanacError, Frequency } from '@almanac/series';
import type { Json, ModelVersionRecord } from '@almanac/store';
import type { ChooseTask, Compute, PredictTask } from '../../compute/index.js';
import { loadCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { unknownCategories, withOtherCategories, withOtherValues } from '../../runs/categories.js';
import { completed, completedTogether, namesUsed, withoutHoles } from '../../runs/covariates.js';
import { withoutUnknownValues } from '../../runs/unknownValues.js';
import { readPanel } from '../../runs/panel.js';
import { readPlan, type PlannedRun } from '../../runs/kinds.js';
import { type InlinePlan, type LaidSeries, predictionPlan, type PredictionPlan, type WhatIfPlan } from '../plan.js';
import { explainForecasts } from './explain.js';
import { lookFirst } from './firstLook.js';
import { finite, rowsOf } from './rows.js';

type Context = RunContext<PlannedRun<'predict'>>;

/** @throws AlmanacError PREDICTION_EXPIRED, CHECKPOINT_BROKEN, COVARIATE_MISSING, COMPUTE_DIED */
export async function executePrediction(context: Context, compute: Compute): Promise<Json> {
  const { store, run } = context;
  const started = performance.now();
  // A worker may have died between the answer and the end of the run.
  const known = run.attempts > 1 ? await store.predictions.answer(run.id).catch(() => null) : null;
  if (known) return summaryOf(known as unknown as Answer);
  const plan = readPlan(predictionPlan, await store.predictions.request(run.id), run.id);
  const answer = await answerTo(context, compute, plan);
  const whole = { ...answer, seconds: (performance.now() - started) / 1000 };
  await store.predictions.finish(run.id, whole);
  return summaryOf(whole);
}

type Answer = Prediction | WhatIf | FirstLook | ContributionsAnswer;
type Unmeasured = Omit<Prediction, 'seconds'> | Omit<WhatIf, 'seconds'> | Omit<FirstLook, 'seconds'> | Omit<ContributionsAnswer, 'seconds'>;

function answerTo(context: Context, compute: Compute, plan: PredictionPlan): Promise<Unmeasured> {
  switch (plan.kind) {
    case 'inline':
      return predictInline(context, compute, plan);
    case 'whatIf':
      return predictWhatIf(context, compute, plan);
    case 'firstLook':
      return lookFirst(context, compute, plan);
    case 'explain':
      return explainForecasts(context, compute, plan);
  }
}

/** What stays of it on the run. */
const summaryOf = (answer: Answer): Json => {
  const { model, horizon, seconds } = answer;
  return { model, version: 'version' in answer ? answer.version : null, horizon, seconds };
};

async function predictInline(context: Context, compute: Compute, plan: InlinePlan): Promise<Omit<Prediction, 'seconds'>> {
  const { frequency, timeZone, seasonLengths, horizon, levels, notes } = plan;
  const grid = Frequency.parse(frequency, timeZone);
  const panel: Panel = { frequency, timeZone, seasonLengths, series: plan.series.map(revived) };
  const { model, version, forecasts, choice } = await forecast(context, compute, plan, panel);
  const at = (level: number): number => levels.indexOf(level);
  // Plain integers are numbers in JSON.
  const shown = (step: number): string | number => (grid.kind === 'integer' ? step : grid.format(step));
  const each = <T>(value: (forecast: SeriesForecast, h: number) => T): T[] =>
    forecasts.flatMap((one) => Array.from({ length: horizon }, (_, h) => value(one, h)));
  return {
    model,
    version,
    frequency: grid.label,
    timeZone,
    seasonLengths,
    horizon,
    columns: {
      unique_id: each(({ id }) => id),
      ds: each(({ cutoff }, h) => shown(cutoff + 1 + h)),
      cutoff: each(({ cutoff }) => shown(cutoff)),
      ...Object.fromEntries(
        plan.columns.map(({ name, level }) => [`${model}${name}`, each(({ quantiles }, h) => finite(quantiles[at(level) * horizon + h]!))]),
      ),
    },
    choice,
    members: forecasts.flatMap(({ id, members = [] }) =>
      members.map(({ label, share, quantiles }) => ({
        uniqueId: id,
        label,
        share,
        median: Array.from({ length: horizon }, (_, h) => finite(quantiles[at(0.5) * horizon + h]!)),
      })),
    ),
    warnings: plan.warnings,
    notes: [...notes, ...forecasts.flatMap((one) => (one.notes ?? []).map((note) => ({ uniqueId: one.id, ...note })))],
  };
}

async function forecast(
  { store, objects, signal }: Context,
  compute: Compute,
  { versionId, untrained, members, horizon, levels }: InlinePlan,
  panel: Panel,
): Promise<{ model: string; version: number | null; forecasts: SeriesForecast[]; choice: Prediction['choice'] }> {
  if (untrained) {
    const { forecasts, choice } = await compute.run<ChooseTask>(
      { task: 'choose', panel, ...untrained, members, horizon, levels },
      { signal },
    );
    const named = choice && { ...choice, series: choice.series.map(({ id, why }) => ({ uniqueId: id, why })) };
    return { model: untrained.kind, version: null, forecasts, choice: named };
  }
  const version = await store.models.versionById(versionId!);
  const names = namesUsed(version.config);
  const known = panel.series.map((one) => withoutUnknownValues(withOtherValues(withOtherCategories(one, names.static), names), names));
  const whole = completedTogether(
    known.map((one) => one.series),
    names,
    horizon,
  );
  const series = whole.map((one) => one.series);
  const forecasts = await predictWith(version, { objects, signal }, compute, { panel: { ...panel, series }, members, horizon, levels });
  forecasts.forEach(
    (one, i) => (one.notes = [...(one.notes ?? []), ...unknownCategories(panel.series[i]!, names), ...known[i]!.notes, ...whole[i]!.notes]),
  );
  return { model: version.model, version: version.no, forecasts, choice: null };
}

async function predictWith(
  version: ModelVersionRecord,
  { objects, signal }: Pick<Context, 'objects' | 'signal'>,
  compute: Compute,
  request: Pick<PredictTask, 'panel' | 'horizon' | 'levels' | 'members'>,
): Promise<SeriesForecast[]> {
  const checkpoint = await loadCheckpoint(objects, version);
  const task: PredictTask = { task: 'predict', checkpointKey: version.id, checkpoint, attention: false, ...request };
  return (await compute.run<PredictTask>(task, { signal })).forecasts;
}

async function predictWhatIf(context: Context, compute: Compute, plan: WhatIfPlan): Promise<Omit<WhatIf, 'seconds'>> {
  const { store, signal } = context;
  const { horizon, levels } = plan;
  const dataset = await store.datasets.get(plan.dataset);
  const version = await store.models.versionById(plan.versionId);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const { panel: read } = await readPanel(store, dataset, {
    version: plan.datasetVersion,
    ids: plan.uniqueIds,
    untilStep: plan.cutoffStep ?? undefined,
    signal,
  });
  const used = namesUsed(version.config);
  const panel = {
    ...read,
    series: read.series.map((one) =>
      completed(withoutUnknownValues(withoutHoles(one, used, horizon, grid, 'none').series, used).series, used, horizon),
    ),
  };
  const changed = { ...panel, series: panel.series.map((one) => withChanges(one, plan.changes, horizon)) };
  const run = (of: Panel): Promise<SeriesForecast[]> => predictWith(version, context, compute, { panel: of, horizon, levels });
  const before = await run(panel);
  const after = await run(changed);
  const names = [...new Set(plan.changes.map(({ covariate }) => covariate))];
  return {
    model: version.model,
    version: version.no,
    dataset: dataset.name,
    datasetVersion: plan.datasetVersion,
    horizon,
    levels,
    items: before.map(({ id, cutoff, quantiles }, i) => ({
      uniqueId: id,
      cutoff: grid.wire(cutoff),
      ds: Array.from({ length: horizon }, (_, h) => grid.wire(cutoff + 1 + h)),
      covariates: names.map((name) => ({
        name,
        baseline: ahead(panel.series[i]!, name, horizon),
        changed: ahead(changed.series[i]!, name, horizon),
      })),
      baseline: rowsOf(quantiles, horizon),
      changed: rowsOf(after[i]!.quantiles, horizon),
    })),
  };
}

/** @throws AlmanacError COVARIATE_MISSING */
function withChanges(series: SeriesData, changes: readonly CovariateChange[], horizon: number): SeriesData {
  const futureCovariates = { ...series.futureCovariates };
  for (const { covariate, uniqueIds, values, set, multiply, add } of changes) {
    if (uniqueIds && !uniqueIds.includes(series.id)) continue;
    const known = futureCovariates[covariate];
    if (!known || known.every(Number.isNaN))
      throw new AlmanacError('COVARIATE_MISSING', `Series ${series.id} has no covariate ${covariate}.`, {
        hint: 'Upload it for every series that is forecast.',
        subject: { series: series.id, covariate },
      });
    const from = series.values.length;
    const changed = new Float64Array(Math.max(known.length, from + horizon)).fill(Number.NaN);
    changed.set(known);
    for (let h = 0; h < horizon; h++) {
      const value = changed[from + h]!;
      changed[from + h] = values?.[h] ?? set ?? (multiply === undefined ? value + add! : value * multiply);
    }
    futureCovariates[covariate] = changed;
  }
  return { ...series, futureCovariates };
}

const ahead = ({ values, futureCovariates }: SeriesData, name: string, horizon: number): (number | null)[] =>
  Array.from({ length: horizon }, (_, h) => finite(futureCovariates?.[name]?.[values.length + h] ?? Number.NaN));

function revived({ values, pastCovariates, futureCovariates, ...series }: LaidSeries): SeriesData {
  const floats = (given: readonly (number | null)[]): Float64Array => Float64Array.from(given, (value) => value ?? Number.NaN);
  const each = (channels: Record<string, (number | null)[]>): Record<string, Float64Array> =>
    Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, floats(channel)]));
  return {
    ...series,
    values: floats(values),
    ...(pastCovariates ? { pastCovariates: each(pastCovariates) } : {}),
    ...(futureCovariates ? { futureCovariates: each(futureCovariates) } : {}),
  };
}
