/**
 * Fine-tuning: a few hundred small steps from the shipped weights (or those of a model that was fine-tuned before) on windows of a panel,
 * ended by validation. The weights that are kept are never worse on the validation windows than those it began with.
 *
 * One thread computes, whatever a run may use: a step takes milliseconds.
 */
import { initEngine, SharedOptimiser } from '@almanac/kernels';
import { tooShort } from '../../dataset/tooShort.js';
import type { FitOptions } from '../../forecaster.js';
import type { SeriesData } from '../../panel.js';
import { oneCycle } from '../../training/adamw.js';
import { runTraining } from '../../training/loop.js';
import { Parameters } from '../../training/parameters.js';
import { TrainingState } from '../../training/state.js';
import { type FineTuning, SHORTEST } from './config.js';
import { evaluate, gradient } from './gradient.js';
import { groupsOf } from './run.js';
import { FineTuningSampler } from './sampler.js';
import { SEGMENT } from './shape.js';
import { parameterSpecs } from './specs.js';
import type { Window } from './window.js';
import { type Batch, WindowReader } from './windows.js';

/** Of the states that this kind of training saves. */
const STATE = 'pretrained-fine-tuning';
const SETTINGS = { weightDecay: 1e-3, clip: 1, ema: 0.98 };
const WARMUP = 0.1;

export interface Tuned {
  weights: Float32Array;
  /** Windows that training never saw the targets of. */
  validation: readonly Window[];
}

/** @param from the weights to begin with @throws SERIES_TOO_SHORT, TRAINING_CANCELLED */
export async function fineTune(
  series: readonly SeriesData[],
  seasonLengths: readonly number[],
  horizon: number,
  train: FineTuning,
  from: Float32Array,
  options: FitOptions,
): Promise<Tuned> {
  await initEngine();
  const { seed, resume } = options;
  const sampler = new FineTuningSampler(series, seasonLengths, horizon, train, seed);
  if (sampler.total === 0) throw tooShort(series, SHORTEST + horizon);
  const optimiser = new SharedOptimiser(SharedOptimiser.allocate(from.length, 1), 0);
  const parameters = new Parameters(parameterSpecs(), optimiser.values);
  optimiser.decay.set(parameters.decayMask());
  const state = new TrainingState(optimiser, { kind: STATE, seed, threads: 1, config: { horizon, seasonLengths, ...train } });
  const reader = new WindowReader();
  const m = Math.ceil(horizon / SEGMENT);
  const read = (windows: readonly Window[]): { batch: Batch; share: number }[] =>
    groupsOf(windows).map(({ n, places }) => ({
      batch: reader.read(
        places.map((place) => windows[place]!),
        n,
        m,
      ),
      share: places.length / windows.length,
    }));
  const validation = read(sampler.validation);
  const score = (values: Float32Array): number =>
    validation.reduce((sum, { batch, share }) => sum + share * evaluate(parameters, batch, values), 0);
  if (resume) state.restore(resume);
  else {
    optimiser.values.set(from);
    state.start();
    if (validation.length > 0) state.scored(score(from));
  }
  const part = new Float32Array(from.length);
  await runTraining(
    {
      ...train,
      step(step) {
        optimiser.gradient.fill(0);
        let loss = 0;
        for (const { batch, share } of read(sampler.sample(step, train.batch))) {
          loss += share * gradient(parameters, batch, part);
          for (let i = 0; i < part.length; i++) optimiser.gradient[i]! += share * part[i]!;
        }
        optimiser.reduce();
        optimiser.update({ ...SETTINGS, learningRate: train.learningRate * oneCycle(step, train.steps, WARMUP), step: step + 1 });
        return loss;
      },
      validate: validation.length > 0 ? score : undefined,
    },
    state,
    options,
  );
  return { weights: state.best.slice(), validation: sampler.validation };
}
