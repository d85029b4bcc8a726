/**
 * Trains the segment network: each step is shared by the threads of a run (`rank.ts`), the loop is that of every network.
 */
import { initEngine, SharedOptimiser, startReplicas } from '@almanac/kernels';
import { tooShort } from '../../dataset/tooShort.js';
import type { Checkpoint, FitOptions, SeriesData } from '../../forecaster.js';
import { runTraining } from '../../training/loop.js';
import { Parameters } from '../../training/parameters.js';
import { TrainingState } from '../../training/state.js';
import { minimumLength, type SegmentConfig } from './config.js';
import { evaluate } from './gradient.js';
import { Rank, type RankSetup } from './rank.js';
import { parameterSpecs } from './specs.js';
import type { KnownSeries, Window, WindowReader } from './windows.js';

/** Of the states that this kind of training saves. */
const STATE = 'segment-run';

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
  const { seed, threads = 1 } = options;
  const { name } = await initEngine();
  // TensorFlow has threads of its own.
  const ranks = name === 'wasm' ? threads : 1;
  const parameters = new Parameters(parameterSpecs(config, reader.sizes, reader.known.rows));
  const shared = SharedOptimiser.allocate(parameters.values.length, ranks);
  const optimiser = new SharedOptimiser(shared, 0);
  const state = new TrainingState(optimiser, { kind: STATE, seed, threads, config });
  begin(state, optimiser, parameters, reader.known, options);
  const setup: RankSetup = {
    series: ranks > 1 ? series.map(shareValues) : series,
    config,
    seed,
    optimiser: shared,
    firstStep: state.step,
  };
  const replicas = startReplicas({
    script: new URL('./worker.js', import.meta.url),
    threads: ranks,
    floats: 0,
    data: setup,
  });
  let rank: Rank;
  try {
    rank = new Rank(setup, replicas.group);
    if (rank.sampler.total === 0) throw tooShort(series, minimumLength(config));
    const { sampler, evaluator } = rank;
    const validates = sampler.validation.length > 0;
    await runTraining(
      {
        ...config.train,
        async step(step) {
          await rank.step(step);
          return rank.loss;
        },
        validate: validates ? (average) => evaluate(evaluator, sampler.validation, average) : undefined,
      },
      state,
      options,
    );
  } finally {
    await replicas.end();
  }
  parameters.values.set(state.best);
  return { parameters, validation: rank.sampler.validation };
}

/** Random weights, those of another model, or those of the run that is resumed. */
function begin(
  state: TrainingState,
  optimiser: SharedOptimiser,
  parameters: Parameters,
  known: KnownSeries,
  { seed, resume, start }: FitOptions,
): void {
  optimiser.decay.set(parameters.decayMask());
  if (resume) return state.restore(resume);
  if (start) parameters.load(start, rowsOf(start, known));
  else parameters.initialise(seed);
  optimiser.values.set(parameters.values);
  state.start();
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
