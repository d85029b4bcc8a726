/** The training run: reads the pinned version of the dataset, trains and measures in a process of its own, registers. */
import { type TrainResult, trainResult } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, DatasetVersionRecord, Json } from '@almanac/store';
import type { Compute } from '../../compute/index.js';
import { registerVersion } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import type { TrainingPlan } from '../request.js';

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_TOO_SHORT, INVALID_CONFIG, MODEL_OF_OTHER_DATASET, COMPUTE_DIED */
export async function executeTraining(context: RunContext, compute: Compute): Promise<Json> {
  const { store, run, signal, report } = context;
  const plan = run.config as unknown as TrainingPlan;
  report({ phase: 'reading', message: `Reading ${plan.dataset}`, fraction: null });
  const dataset = await store.datasets.get(plan.dataset);
  const version = await store.datasets.version(dataset.id, plan.datasetVersion);
  await store.runs.pinVersion(run.id, dataset.id, version.no);
  const panel = await readPanel(store, dataset, { version: version.no, signal });
  const { kind, horizon, holdout, contextLength, steps, config, seed } = plan;
  const outcome = await compute.run(
    { task: 'train', panel, kind, horizon, holdout, contextLength, steps, config, seed },
    {
      signal,
      onProgress: report,
      onEngine: (engine) =>
        void store.runs.setEngine(run.id, engine as unknown as Json).catch((error: unknown) => context.logger.warn({ error }, 'engine')),
    },
  );
  signal.throwIfAborted();
  report({ phase: 'registering', message: `Registering ${plan.model}`, fraction: null });
  const { checkpoint, score, baselines, wqlRatio } = outcome;
  const registered = await registerVersion(context, {
    model: plan.model,
    datasetId: dataset.id,
    runId: run.id,
    kind,
    horizon,
    config: outcome.config,
    checkpoint,
    score,
    baselines,
    wqlRatio,
    promoteIfFirst: plan.promote,
  });
  const result: TrainResult = {
    model: plan.model,
    version: registered.no,
    holdout: heldOut(dataset, version, holdout, outcome.scoredSeries),
    score,
    baselines,
    wqlRatio,
    beatsSeasonalNaive: wqlRatio !== null && wqlRatio < 1,
    steps: outcome.steps,
    trainSeconds: outcome.trainSeconds,
    parameters: outcome.parameters,
    skippedSeries: outcome.skippedSeries,
  };
  return trainResult.parse(result) as unknown as Json;
}

/** The held-out steps of the series that reach the end of the dataset; shorter ones hold out their own last steps. */
function heldOut(dataset: DatasetRecord, version: DatasetVersionRecord, steps: number, series: number): TrainResult['holdout'] {
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const last = version.lastStep ?? 0;
  const at = (step: number): string => new Date(grid.timeOf(step)).toISOString();
  return { steps, start: at(last - steps + 1), end: at(last), series };
}
