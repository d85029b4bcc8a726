/** How good overrides were: model and final beside what was observed since, at the steps that were changed. */
import type { OverrideScores } from '@almanac/contracts';
import type { ForecastRecord, OverrideRecord, Store } from '@almanac/store';
import { finalOf } from './finals.js';
import { gridOf } from './grid.js';

/** Changes that one answer judges. */
const MOST = 10_000;

interface Sums {
  steps: number;
  model: number;
  final: number;
}

/** @throws AlmanacError DATASET_NOT_FOUND, MODEL_NOT_FOUND */
export async function overrideScores({ store }: { store: Store }, dataset: string, model: string | undefined): Promise<OverrideScores> {
  await store.datasets.get(dataset);
  if (model !== undefined) await store.models.get(model);
  const all = await store.overrides.ofDataset(dataset, { model, most: MOST });
  const groups = Map.groupBy(all, ({ runId, seriesId, cutoffStep }) => `${runId} ${seriesId} ${cutoffStep}`);
  const total: Sums = { steps: 0, model: 0, final: 0 };
  const forecasts: OverrideScores['forecasts'] = [];
  for (const overrides of groups.values()) {
    const { runId, uniqueId, cutoffStep } = overrides[0]!;
    const { items } = await store.forecasts.list({ runId, uniqueId, limit: 100 });
    const record = items.find((one) => one.cutoffStep === cutoffStep && one.dataset === dataset);
    if (!record) continue;
    const sums = await sumsOf(store, record, overrides);
    for (const key of ['steps', 'model', 'final'] as const) total[key] += sums[key];
    forecasts.push({
      ...judged(sums),
      ...{ runId, model: record.model, uniqueId, cutoff: gridOf(record).wire(cutoffStep), overrides: overrides.length },
      reasons: [...new Set(overrides.map(({ reason }) => reason))],
      madeBy: [...new Set(overrides.flatMap(({ madeBy }) => madeBy ?? []))],
    });
  }
  return { ...judged(total), verdict: verdictOf(total), forecasts: forecasts.reverse() };
}

async function sumsOf(store: Store, record: ForecastRecord, overrides: readonly OverrideRecord[]): Promise<Sums> {
  const { horizon, cutoffStep, levels, seriesId, quantiles } = record;
  const changed = new Set(
    overrides.flatMap(({ fromStep, toStep }) => Array.from({ length: toStep - fromStep + 1 }, (_, i) => fromStep + i)),
  );
  const { steps, values } = await store.series.readRange(seriesId, { fromStep: cutoffStep + 1, toStep: cutoffStep + horizon });
  const final = finalOf(record, overrides);
  const median = levels.indexOf(0.5) * horizon;
  const sums: Sums = { steps: 0, model: 0, final: 0 };
  Array.from(steps).forEach((step, i) => {
    const at = median + step - cutoffStep - 1;
    const [model, own] = [Math.abs(values[i]! - quantiles[at]!), Math.abs(values[i]! - final[at]!)];
    if (!changed.has(step) || Number.isNaN(model) || Number.isNaN(own)) return;
    sums.steps++;
    sums.model += model;
    sums.final += own;
  });
  return sums;
}

const judged = ({ steps, model, final }: Sums): Pick<OverrideScores, 'steps' | 'modelError' | 'finalError' | 'change'> => ({
  steps,
  modelError: steps > 0 ? model / steps : null,
  finalError: steps > 0 ? final / steps : null,
  change: steps > 0 && model > 0 ? final / model - 1 : null,
});

function verdictOf({ steps, model, final }: Sums): string {
  if (steps === 0) return 'Nothing that was overridden has been observed yet.';
  if (model === 0)
    return final === 0 ? 'Overrides changed nothing: model and final made no error.' : 'The model made no error; overrides made one.';
  const percent = Math.round(1000 * Math.abs(final / model - 1)) / 10;
  if (percent === 0) return 'Overrides made it neither better nor worse.';
  return `Overrides made it ${percent} % ${final > model ? 'worse' : 'better'} (mean absolute error over ${steps} ${steps === 1 ? 'step' : 'steps'}).`;
}
