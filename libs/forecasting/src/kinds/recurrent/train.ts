/**
 * Trains the point-wise network: what one step is, and how averaged weights are scored; the loop is that of every network.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { forcedBranch } from '../../attention/align.js';
import { injectNoise } from '../../cells/rollOut.js';
import { Random } from '../../dataset/random.js';
import { afterForks } from '../../decoders/forking.js';
import { type FitOptions } from '../../forecaster.js';
import { runTraining } from '../../training/loop.js';
import { Parameters } from '../../training/parameters.js';
import { TrainingState } from '../../training/state.js';
import { adamw, oneCycle, startOptimiser } from '../../training/adamw.js';
import { forksOf, taughtAlways, truthProbability, type RecurrentConfig } from './config.js';
import { type PointBatch, type PointReader, type PointSampler, type PointWindow } from './windows.js';
import type { PointwiseNetwork } from '../../attention/shapes.js';

const VALIDATION_BATCH = 64;
/** Of the states that this kind of training saves. */
const STATE = 'recurrent-run';

/** @returns the weights that validation chose */
export async function trainRecurrent(
  network: PointwiseNetwork,
  reader: PointReader,
  sampler: PointSampler,
  config: RecurrentConfig,
  options: FitOptions,
): Promise<Float32Array> {
  await initEngine();
  const { train } = config;
  const { seed, threads = 1, start, resume } = options;
  const parameters = new Parameters(network.specs);
  const optimiser = { values: parameters.values, ...startOptimiser(parameters.values) };
  const state = new TrainingState(optimiser, { kind: STATE, seed, threads, config });
  if (resume) state.restore(resume);
  else {
    parameters.initialise(seed);
    if (start && config.smoothing) parameters.load(start, reader.rowsOf(start));
    else if (start) parameters.values.set(sized(start.weights, parameters.values.length));
    state.start();
  }
  const decays = parameters.decayMask();
  const slope = new Float32Array(parameters.values.length);
  const { validation } = sampler;
  await runTraining(
    {
      ...train,
      step(step) {
        const loss = differentiate({ network, reader, sampler, config, parameters }, seed, step, slope);
        const learningRate = train.learningRate * oneCycle(step, train.steps, train.warmup);
        adamw(optimiser.values, slope, decays, optimiser, step + 1, { ...train, learningRate });
        return loss;
      },
      validate:
        validation.length > 0 ? (average) => validate(network, reader, validation, parameters, average, taughtAlways(config)) : undefined,
      describe: (step) => ({ gradientReach: reachOf(network, reader, sampler, parameters, step) }),
    },
    state,
    options,
  );
  return state.best;
}

interface Trainee {
  network: PointwiseNetwork;
  reader: PointReader;
  sampler: PointSampler;
  config: RecurrentConfig;
  parameters: Parameters;
}

/** The loss of a step; its gradient goes into `slope`. */
function differentiate({ network, reader, sampler, config, parameters }: Trainee, seed: number, step: number, slope: Float32Array): number {
  const { train } = config;
  const random = new Random(seed, 90, step);
  const forced =
    config.branches.length > 1
      ? forcedBranch(step, train.steps, config.branches.length, random, train.branchDropout, train.dropUntil)
      : undefined;
  return tf.tidy(() => {
    const batch = reader.read(sampler.draw(step));
    const x = tf.mul(injectNoise(batch.x, train.noise, random), batch.mask) as tf.Tensor2D;
    const taught = config.decoder === 'recursive' ? injectNoise(batch.truth, train.noise, random) : batch.truth;
    const feed = config.decoder === 'recursive' ? { truthProbability: truthProbability(train, step) } : {};
    const forks = config.decoder === 'forking' ? forksOf(config) : undefined;
    const after = (past: tf.Tensor2D, future: tf.Tensor2D): tf.Tensor2D =>
      forks ? afterForks(tf.concat([past, future], 1), forks, config.horizon) : future;
    const [target, weight] = [after(batch.x, batch.truth), after(batch.mask, batch.weight)];
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const inputs = { ...batch, x, truth: taught, known: batch.weight };
      const { raw } = network.run(parameters.named(tensors), inputs, { forced, random, ...feed, ...(forks ? { forks } : {}) });
      return network.head.loss(raw, target, weight, sizesOf(batch));
    })(parameters.tensors());
    parameters.gather(grads, slope);
    return value.dataSync()[0]!;
  });
}

/** Free-running, as forecasts are made; of a net that only ever knows the truth, step by step after it. */
function validate(
  network: PointwiseNetwork,
  reader: PointReader,
  windows: readonly PointWindow[],
  parameters: Parameters,
  values: Float32Array,
  taught: boolean,
): number {
  let sum = 0;
  for (let from = 0; from < windows.length; from += VALIDATION_BATCH) {
    const part = windows.slice(from, from + VALIDATION_BATCH);
    sum += tf.tidy(() => {
      const batch = reader.read(part);
      const { truth, weight, ...inputs } = batch;
      const { raw } = network.run(parameters.named(parameters.tensors(values)), taught ? { ...inputs, truth, known: weight } : inputs);
      return network.head.loss(raw, truth, weight, sizesOf(batch)).dataSync()[0]! * part.length;
    });
  }
  return sum / windows.length;
}

/** Of the weights in training, over the windows of the step. */
function reachOf(network: PointwiseNetwork, reader: PointReader, sampler: PointSampler, parameters: Parameters, step: number): number {
  let reach = 0;
  tf.tidy(() => {
    reach = network.reach(parameters.named(parameters.tensors()), reader.read(sampler.draw(step)), new Random(0, 93, step));
  });
  return reach;
}

function sizesOf({ scales }: PointBatch): Float64Array {
  return Float64Array.from(scales, ({ scale }) => scale);
}

function sized(weights: Float32Array, size: number): Float32Array {
  if (weights.length === size) return weights;
  throw new AlmanacError('CHECKPOINT_BROKEN', `The weights hold ${weights.length} numbers where the network has ${size}.`, {
    hint: 'The checkpoint was made with other settings; load it with the configuration in its manifest.',
  });
}
