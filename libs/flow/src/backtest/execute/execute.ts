/** The backtest run: each model goes through the same rolling cutoffs, in a process of its own, as many at a time as there are threads. */
import { type BacktestResult, backtestResult } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { Json } from '@almanac/store';
import type { BacktestOutcome, BacktestTask, Compute } from '../../compute/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import type { BacktestPlan } from '../request.js';

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_TOO_SHORT, BACKTEST_EMPTY, INVALID_CONFIG, COMPUTE_DIED */
export async function executeBacktest(context: RunContext, compute: Compute): Promise<Json> {
  const { store, run, signal, report } = context;
  const plan = run.config as unknown as BacktestPlan;
  const dataset = await store.datasets.get(plan.dataset);
  await store.runs.pinVersion(run.id, dataset.id, plan.datasetVersion);
  const panel = await readPanel(store, dataset, { version: plan.datasetVersion, signal });
  const { horizon, windows, stepSize, refitEvery, steps, seed } = plan;
  const outcomes: BacktestOutcome[] = [];
  const waiting = plan.models.map((model, index) => ({ model, index }));
  let finished = 0;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { model, index } = next;
      outcomes[index] = await compute.run<BacktestTask>(
        { task: 'backtest', panel, model, horizon, windows, stepSize, refitEvery, steps, seed },
        {
          signal,
          onProgress: (progress) =>
            void report({ ...progress, fraction: progress.fraction === null ? null : (finished + progress.fraction) / plan.models.length }),
          onEngine: (engine) => void store.runs.setEngine(run.id, engine as unknown as Json).catch(() => undefined),
        },
      );
      finished++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(compute.threads, plan.models.length) }, worker));

  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const [first] = outcomes;
  const reference = outcomes.find(({ model }) => model.score.label === 'seasonalNaive')?.model;
  const result: BacktestResult = {
    horizon,
    windows: first!.cutoffs.map((cutoff) => new Date(grid.timeOf(cutoff)).toISOString()),
    models: outcomes.map(({ model }) => model),
  };
  if (!reference) result.models.push(await seasonalNaive(context, compute, { ...plan, panel }));
  return backtestResult.parse(result) as unknown as Json;
}

/** Always there, with a certificate of its own. */
async function seasonalNaive(
  { signal }: RunContext,
  compute: Compute,
  { horizon, windows, stepSize, seed, panel }: BacktestPlan & Pick<BacktestTask, 'panel'>,
): Promise<BacktestResult['models'][number]> {
  const model = { kind: 'seasonalNaive', label: 'seasonalNaive', config: {} };
  const outcome = await compute.run<BacktestTask>(
    { task: 'backtest', panel, model, horizon, windows, stepSize, refitEvery: 0, seed },
    { signal },
  );
  return outcome.model;
}
