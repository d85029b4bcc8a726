/**
 * The training loop: steps over sampled windows, averaged weights scored on the validation windows, the best of them kept; it
 * ends after a fixed number of steps, or earlier when validation has long stopped improving. Everything random is a function of
 * (seed, step), so a run that is stopped and resumed ends with the same weights as one that never was.
 */
import { initEngine, SharedOptimiser, startReplicas } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import { minimumLength, type SegmentConfig } from '../kinds/segment/config.js';
import { tooShort } from '../dataset/tooShort.js';
import type { KnownSeries, Window, WindowReader } from '../kinds/segment/windows.js';
import type { Checkpoint, FitOptions, SeriesData } from '../forecaster.js';
import { parameterSpecs } from '../kinds/segment/specs.js';
import { Parameters } from './parameters.js';
import { evaluate } from '../kinds/segment/gradient.js';
import { Rank, type RankSetup } from '../kinds/segment/rank.js';
import { TrainingState, type RunIdentity } from './state.js';

const REPORT_EVERY = 5;

export interface Trained {
  /** The weights that validation chose; the last averaged ones where there is no validation window. */
  parameters: Parameters;
  /** Windows that training never saw the targets of. */
  validation: readonly Window[];
}

export async function train(
  series: readonly SeriesData[],
  reader: WindowReader,
  config: SegmentConfig,
  options: FitOptions,
): Promise<Trained> {
  const { seed, threads = 1, signal } = options;
  const { name } = await initEngine();
  // TensorFlow has threads of its own.
  const ranks = name === 'wasm' ? threads : 1;
  const parameters = new Parameters(parameterSpecs(config, reader.sizes, reader.known.rows));
  const shared = SharedOptimiser.allocate(parameters.values.length, ranks);
  const optimiser = new SharedOptimiser(shared, 0);
  const state = new TrainingState(optimiser);
  const identity: RunIdentity = { seed, threads, config };
  begin(state, optimiser, parameters, identity, reader.known, options);
  const setup: RankSetup = {
    series: ranks > 1 ? series.map(shareValues) : series,
    config,
    seed,
    optimiser: shared,
    firstStep: state.step,
  };
  const replicas = startReplicas({
    script: new URL('../kinds/segment/worker.js', import.meta.url),
    threads: ranks,
    floats: 0,
    data: setup,
  });
  let rank: Rank;
  try {
    rank = new Rank(setup, replicas.group);
    if (rank.sampler.total === 0) throw tooShort(series, minimumLength(config));
    await run(rank, state, identity, options);
  } finally {
    await replicas.end();
  }
  if (signal?.aborted) throw cancelled(state.step);
  parameters.values.set(state.best);
  return { parameters, validation: rank.sampler.validation };
}

async function run(rank: Rank, state: TrainingState, identity: RunIdentity, { onProgress, signal, checkpoint }: FitOptions): Promise<void> {
  const { sampler, evaluator, optimiser } = rank;
  const { steps, validations, patience = Infinity } = evaluator.config.train;
  const every = Math.max(1, Math.floor(steps / validations));
  const firstStep = state.step;
  const started = performance.now();
  for (let step = firstStep; step < steps && state.stale < patience; step++) {
    // Lets timers, aborts and messages through.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) return;
    await rank.step(step);
    state.step = step + 1;
    const last = step + 1 === steps;
    let validation: number | undefined;
    if (sampler.validation.length === 0) {
      if (last) state.best.set(optimiser.average);
    } else if ((step + 1) % every === 0 || last) {
      validation = evaluate(evaluator, sampler.validation, optimiser.average);
      state.stale = validation < state.bestLoss ? 0 : state.stale + 1;
      if (state.stale === 0) {
        state.bestLoss = validation;
        state.best.set(optimiser.average);
      }
    }
    if (onProgress && (validation !== undefined || (step + 1) % REPORT_EVERY === 0 || last)) {
      const stepsPerSecond = (1000 * (step + 1 - firstStep)) / (performance.now() - started);
      const etaSeconds = (steps - step - 1) / stepsPerSecond;
      onProgress({
        step: step + 1,
        totalSteps: steps,
        loss: rank.loss,
        ...(validation === undefined ? {} : { validation }),
        stepsPerSecond,
        etaSeconds,
      });
    }
    if (checkpoint && (step + 1) % checkpoint.everySteps === 0 && !last) await checkpoint.save(state.save(identity));
  }
}

/** Random weights, those of another model, or those of the run that is resumed. */
function begin(
  state: TrainingState,
  optimiser: SharedOptimiser,
  parameters: Parameters,
  identity: RunIdentity,
  known: KnownSeries,
  { seed, resume, start }: FitOptions,
): void {
  optimiser.decay.set(parameters.decayMask());
  if (resume) return state.restore(resume, identity);
  if (start) parameters.load(start, rowsOf(start, known));
  else parameters.initialise(seed);
  for (const array of [optimiser.values, optimiser.average, state.best]) array.set(parameters.values);
}

/** The row of the other model's series tables for each series here: its own, or a stranger's. */
function rowsOf({ manifest }: Checkpoint, known: KnownSeries): number[] {
  const { ids } = manifest.config['learned'] as { ids: readonly string[] };
  const rows = new Map(ids.map((id, i) => [id, i + 1]));
  return [0, ...known.ids.map((id) => rows.get(id) ?? 0)];
}

/** The same series with values that threads share instead of copying. */
function shareValues(series: SeriesData): SeriesData {
  const values = new Float64Array(new SharedArrayBuffer(series.values.byteLength));
  values.set(series.values);
  return { ...series, values };
}

function cancelled(step: number): AlmanacError {
  return new AlmanacError('TRAINING_CANCELLED', `Training was cancelled after ${step} steps.`, {
    hint: 'Start the run again, or resume it from its last checkpoint.',
  });
}
