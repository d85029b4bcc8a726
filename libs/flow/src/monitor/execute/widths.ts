/**
 * Conformal widths, adjusted online: what came true of a model's forecasts moves, series by series and version by version, how much
 * wider or narrower its next intervals are.
 * Invariants: it learns from the model's own quantiles, not from those that were calibrated already; an outcome is learned once, because a
 * calibration says up to which step it has learned, and nothing up to there counts again; so a second delivery changes nothing.
 */
import type { OnlineConformalState } from '@almanac/forecasting';
import type { DatasetRecord, RipeForecast, StoredSeries } from '@almanac/store';
import type { CalibrateTask, Compute } from '../../compute/index.js';
import { learnedStep } from '../../register/learned.js';
import { mayCalibrate, stateOf, toCalibration } from '../../register/calibration.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readWhole } from '../../runs/wholeSteps.js';

const SHARD = 256;

/** Returns the number of series that learned something. */
export async function learnFromOutcomes(context: RunContext, compute: Compute, dataset: DatasetRecord, model: string): Promise<number> {
  const { store } = context;
  let learned = 0;
  let after: string | null = null;
  do {
    const page = await store.series.list(dataset.id, { limit: SHARD, ...(after === null ? {} : { after }) });
    const ripe = await store.calibrations.ripe(
      model,
      page.items.map(({ id }) => id),
    );
    if (ripe.length > 0)
      learned += await learnShard(context, compute, dataset, ripe, new Map(page.items.map((one) => [one.id, one.uniqueId])));
    after = page.next;
  } while (after !== null);
  return learned;
}

async function learnShard(
  { store, signal }: RunContext,
  compute: Compute,
  dataset: DatasetRecord,
  ripe: readonly RipeForecast[],
  names: ReadonlyMap<number, string>,
): Promise<number> {
  const learned = new Set<number>();
  const ids = [...new Set(ripe.map(({ seriesId }) => names.get(seriesId)!))].sort();
  const actuals = new Map<number, StoredSeries>();
  for await (const { series } of readWhole(store, dataset, { version: dataset.currentVersion, ids, signal }))
    actuals.set(series.seriesId, series);
  for (const [versionId, ofVersion] of Map.groupBy(ripe, ({ modelVersionId }) => modelVersionId)) {
    const version = await store.models.versionById(versionId);
    if (!mayCalibrate(version)) continue;
    // Of what a model had learned already, its errors say nothing about those to come.
    const learnedTo = await learnedStep(store, version, dataset.id);
    // Where the step after the cutoff is covered in part, nothing has been observed yet.
    const observed = ofVersion.filter(({ seriesId, cutoffStep, observedUntil }) => {
      const series = actuals.get(seriesId);
      return series && cutoffStep >= learnedTo && lastStepOf(series) > Math.max(cutoffStep, observedUntil ?? -Infinity);
    });
    const bySeries = [...Map.groupBy(observed, ({ seriesId }) => seriesId)];
    if (bySeries.length === 0) continue;
    const stored = await store.calibrations.latest(
      versionId,
      bySeries.map(([seriesId, [{ observedUntil } = { observedUntil: null }]]) => ({ seriesId, untilStep: observedUntil ?? -1 })),
    );
    const states = new Map(stored.map((one) => [one.seriesId, stateOf(one)]));
    const tasks = bySeries.map(([seriesId, forecasts]) => taskOf(actuals.get(seriesId)!, forecasts, states.get(seriesId) ?? null));
    const next = await compute.run<CalibrateTask>({ task: 'calibrate', series: tasks }, { signal });
    await store.calibrations.save(
      versionId,
      bySeries.map(([seriesId], i) => toCalibration(seriesId, lastStepOf(actuals.get(seriesId)!), next[i]!)),
    );
    for (const [seriesId] of bySeries) learned.add(seriesId);
  }
  return learned.size;
}

function taskOf(
  { firstStep, values }: StoredSeries,
  forecasts: readonly RipeForecast[],
  state: OnlineConformalState | null,
): CalibrateTask['series'][number] {
  // Those of other levels than the newest have to begin anew.
  const { levels } = forecasts.at(-1)!;
  return {
    state,
    levels,
    forecasts: forecasts
      .filter((one) => one.levels.join() === levels.join())
      .map(({ cutoffStep, horizon, quantiles, observedUntil }) => ({
        quantiles,
        outcomes: Float64Array.from({ length: horizon }, (_, h) => {
          const step = cutoffStep + 1 + h;
          return observedUntil !== null && step <= observedUntil ? Number.NaN : (values[step - firstStep] ?? Number.NaN);
        }),
      })),
  };
}

const lastStepOf = ({ firstStep, values }: StoredSeries): number => firstStep + values.length - 1;
