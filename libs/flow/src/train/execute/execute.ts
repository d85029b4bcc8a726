/** The training run: reads the pinned version of the dataset, trains and measures in a process of its own, registers. */
import { type TrainResult, trainResult } from '@almanac/contracts';
import type { Panel } from '@almanac/forecasting';
import { type SegmentConfig, stepOperations } from '@almanac/forecasting/plan';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, DatasetVersionRecord, Json } from '@almanac/store';
import type { Compute, TrainOutcome, TrainTask } from '../../compute/index.js';
import { membersOf } from '../../compute/wishes.js';
import { type Pace, registerVersion } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import type { TrainingPlan } from '../request.js';
import { championOf, passGate } from './gate.js';
import { InterruptedTraining } from './interrupted.js';
import { trainMembers } from './members.js';

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_TOO_SHORT, INVALID_CONFIG, MODEL_OF_OTHER_DATASET, COMPUTE_DIED */
export async function executeTraining(context: RunContext, compute: Compute): Promise<Json> {
  const { store, run, signal, report } = context;
  const plan = run.config as unknown as TrainingPlan;
  const interrupted = new InterruptedTraining(context);
  void interrupted.report({ phase: 'reading', message: `Reading ${plan.dataset}`, fraction: null });
  const dataset = await store.datasets.get(plan.dataset);
  const version = await store.datasets.version(dataset.id, plan.datasetVersion);
  await store.runs.pinVersion(run.id, dataset.id, version.no);
  const { kind, horizon, holdout } = plan;
  const started = performance.now();
  const members = membersOf(plan) > 1 ? await trainMembers(context, plan, compute.threads) : undefined;
  const memberSeconds = (performance.now() - started) / 1000;
  const panel = await readPanel(store, dataset, { version: version.no, signal });
  const champion = await championOf(context, plan, version);
  const outcome = await trainPanel(context, compute, interrupted, { panel, plan, champion, members });
  void report({ phase: 'registering', message: `Registering ${plan.model}`, fraction: null });
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
    pace: paceOf(context, outcome, members ? memberSeconds : outcome.trainSeconds, plan.device === 'gpu' ? 'gpu' : 'cpu'),
    promoteIfFirst: plan.promote,
  });
  const gate = await passGate(context, plan, registered, outcome.gate);
  const result: TrainResult = {
    model: plan.model,
    version: registered.no,
    holdout: heldOut(dataset, version, holdout, outcome.scoredSeries),
    score,
    baselines,
    wqlRatio,
    beatsSeasonalNaive: wqlRatio !== null && wqlRatio < 1,
    steps: outcome.steps,
    trainSeconds: members ? memberSeconds : outcome.trainSeconds,
    parameters: outcome.parameters,
    skippedSeries: outcome.skippedSeries,
    ...(gate ? { gate } : {}),
  };
  return trainResult.parse(result) as unknown as Json;
}

function trainPanel(
  context: RunContext,
  compute: Compute,
  interrupted: InterruptedTraining,
  { panel, plan, champion, members }: { panel: Panel; plan: TrainingPlan } & Pick<TrainTask, 'champion' | 'members'>,
): Promise<TrainOutcome> {
  const { kind, horizon, holdout, contextLength, steps, config, seed } = plan;
  const { store, run, signal, logger } = context;
  return interrupted.resume((resume) =>
    compute.run<TrainTask>(
      { task: 'train', panel, kind, horizon, holdout, contextLength, steps, config, seed, champion, resume, members },
      {
        signal,
        onProgress: (progress) => void interrupted.report(progress),
        onState: (state) => interrupted.keep(state),
        onEngine: (engine) =>
          void store.runs
            .setEngine(run.id, engine as unknown as Json)
            .catch((error: unknown) => logger.warn({ error }, 'the engine could not be noted')),
      },
    ),
  );
}

function paceOf({ run }: RunContext, { config, steps }: TrainOutcome, seconds: number, device: Pace['device']): Pace | undefined {
  const { members } = config as { members?: { config: Json }[] };
  const configs = (members ? members.map((member) => member.config) : [config]).filter((one) => 'segmentLength' in one);
  if (steps === 0 || configs.length === 0 || run.startedAt === null) return undefined;
  const operations = configs.reduce((sum, one) => sum + stepOperations(one as SegmentConfig), 0) * (steps / configs.length);
  return { operations, seconds, otherSeconds: Math.max(0, (Date.now() - run.startedAt.getTime()) / 1000 - seconds), device };
}

/** The held-out steps of the series that reach the end of the dataset; shorter ones hold out their own last steps. */
function heldOut(dataset: DatasetRecord, version: DatasetVersionRecord, steps: number, series: number): TrainResult['holdout'] {
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const last = version.lastStep ?? 0;
  const at = (step: number): string => new Date(grid.timeOf(step)).toISOString();
  return { steps, start: at(last - steps + 1), end: at(last), series };
}
