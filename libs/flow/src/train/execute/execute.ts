/** The training run: reads the pinned version of the dataset, trains and measures in a process of its own, registers. */
import { type TrainResult, trainResult } from '@almanac/contracts';
import type { Panel } from '@almanac/forecasting';
import { plans } from '@almanac/forecasting/plan';
import { Frequency } from '@almanac/series';
import { type Json, type ModelVersionRecord, REFERENCE, type RunRecord, type Store, TRAINED } from '@almanac/store';
import type { Compute, TrainOutcome, TrainTask } from '../../compute/index.js';
import { planned, writeDown } from '../../ask.js';
import { planForecastRun } from '../../forecast/request.js';
import { loadCheckpoint, type Pace, registerVersion } from '../../register/index.js';
import { Ending, type EngineNote, engineNote, type RunContext } from '../../runs/execute/index.js';
import { reportOn } from '../../runs/covariates.js';
import { readPanel } from '../../runs/panel.js';
import { leftOut } from '../../runs/wholeSteps.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { TrainPlan } from '../plan.js';
import { championOf, passGate } from './gate.js';
import { InterruptedTraining } from './interrupted.js';
import { trainMembers } from './members.js';
import { leaveToLarger } from './threads.js';

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_TOO_SHORT, INVALID_CONFIG, MODEL_OF_OTHER_DATASET, COMPUTE_DIED */
export async function executeTraining(context: RunContext<PlannedRun<'train'>>, compute: Compute): Promise<Ending> {
  const { store, run, signal, report } = context;
  const plan = run.config;
  const interrupted = new InterruptedTraining(context, plan.resumes);
  await leaveToLarger(context, interrupted.threads, compute.threads);
  void interrupted.report({ phase: 'reading', message: `Reading ${plan.dataset}`, fraction: null });
  const dataset = await store.datasets.get(plan.dataset);
  const version = await store.datasets.version(dataset.id, plan.datasetVersion);
  await store.runs.pinVersion(run.id, dataset.id, version.no);
  const { kind, horizon, holdout } = plan;
  const started = performance.now();
  const members = plans.of(kind).apart(plan) > 1 ? await trainMembers(context, plan, compute.threads) : undefined;
  const memberSeconds = (performance.now() - started) / 1000;
  const { panel, partial, categories } = await readPanel(store, dataset, { version: version.no, signal });
  const champion = await championOf(context, plan, version);
  const start = plan.startVersionId && (await loadCheckpoint(context.objects, await store.models.versionById(plan.startVersionId)));
  const engine = engineNote(context);
  const outcome = await trainPanel(context, compute, interrupted, engine, { panel, plan, champion, members, ...(start ? { start } : {}) });
  await engine.noted();
  void report({ phase: 'registering', message: `Registering ${plan.model}`, fraction: null });
  const { checkpoint, score, baselines, baseline, wqlRatio, choice, dependence } = outcome;
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
    baseline,
    wqlRatio,
    choice,
    dependence,
    pace: paceOf(context, kind, outcome, members ? memberSeconds : outcome.trainSeconds, plan.device === 'gpu' ? 'gpu' : 'cpu'),
    promoteIfFirst: plan.promote,
  });
  await store.runs.saveSeriesScores(run.id, TRAINED, outcome.series);
  await store.runs.saveSeriesScores(run.id, REFERENCE, outcome.naiveSeries);
  const trained = {
    model: plan.model,
    version: registered.no,
    holdout: heldOut(panel, holdout, outcome.scoredSeries),
    score,
    baselines,
    baseline,
    wqlRatio,
    beatsBaseline: wqlRatio !== null && wqlRatio < 1,
    ...(choice ? { choice } : {}),
    steps: outcome.steps,
    trainSeconds: members ? memberSeconds : outcome.trainSeconds,
    parameters: outcome.parameters,
    skippedSeries: outcome.skippedSeries,
    partialSteps: leftOut(dataset, partial),
    covariates: reportOn(panel.series, categories, kind, outcome.config),
  };
  return new Ending(async (within) => {
    const gate = await passGate(within, plan, registered, { champion, gate: outcome.gate });
    const forecast = plan.forecast ? await forecastThen(context, within, plan.forecast, registered) : undefined;
    const result: TrainResult = { ...trained, ...(gate ? { gate } : {}), ...(forecast ? { forecastRunId: forecast.id } : {}) };
    return { result: trainResult.parse(result) as unknown as Json, runs: forecast ? [forecast] : [] };
  });
}

/** By the champion of this moment, which the gate may just have made. */
async function forecastThen(
  { limits, codeVersion }: Pick<RunContext, 'limits' | 'codeVersion'>,
  within: Store,
  wanted: NonNullable<TrainPlan['forecast']>,
  { model, no }: ModelVersionRecord,
): Promise<RunRecord> {
  const { champion, dataset } = await within.models.get(model);
  const request = { ...wanted, model: `${model}/${champion ?? no}` };
  const refused = { kind: 'forecast' as const, dataset, model, config: request };
  return writeDown(
    { codeVersion },
    within,
    await planned({ store: within, limits }, () => planForecastRun({ store: within }, request), refused),
  );
}

function trainPanel(
  context: Pick<RunContext, 'signal'>,
  compute: Compute,
  interrupted: InterruptedTraining,
  engine: EngineNote,
  { panel, plan, champion, members, start }: { panel: Panel; plan: TrainPlan } & Pick<TrainTask, 'champion' | 'members' | 'start'>,
): Promise<TrainOutcome> {
  const { kind, horizon, holdout, judged, contextLength, steps, config, seed } = plan;
  const { signal } = context;
  // As many as it began with, wherever that was; a worker that has fewer, and is the largest there is, begins anew.
  const threads = interrupted.threads !== undefined && interrupted.threads <= compute.threads ? interrupted.threads : compute.threads;
  return interrupted.resume(threads, (resume) =>
    compute.run<TrainTask>(
      { task: 'train', panel, kind, horizon, holdout, contextLength, steps, config, seed, champion, judged, resume, members, start },
      {
        signal,
        threads,
        onProgress: (progress) => void interrupted.report(progress),
        onState: (state) => interrupted.keep(state),
        onEngine: engine.onEngine,
      },
    ),
  );
}

/** Undefined where there is nothing to learn of how quick the device is. */
function paceOf(
  { run, now }: Pick<RunContext, 'run' | 'now'>,
  kind: string,
  { config, steps }: TrainOutcome,
  seconds: number,
  device: Pace['device'],
): Pace | undefined {
  const plan = plans.of(kind);
  if (steps === 0 || plan.quick || run.startedAt === null) return undefined;
  const work = plan.work(config, { count: 1, observations: 1 }, plans);
  if (work.steps === 0) return undefined;
  return {
    kind,
    operations: work.operations * (steps / work.steps),
    seconds,
    otherSeconds: Math.max(0, (now().getTime() - run.startedAt.getTime()) / 1000 - seconds),
    device,
  };
}

/** The held-out steps of the series that reach the end of the dataset; shorter ones hold out their own last steps. */
function heldOut({ frequency, timeZone, series: all }: Panel, steps: number, series: number): TrainResult['holdout'] {
  const grid = Frequency.parse(frequency, timeZone);
  const last = all.reduce((most, { firstStep, values }) => Math.max(most, firstStep + values.length - 1), -Infinity);
  const at = (step: number): string | number => grid.wire(step);
  return { steps, start: at(last - steps + 1), end: at(last), series };
}
