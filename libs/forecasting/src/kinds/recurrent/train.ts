/**
 * Trains the point-wise network: a fixed number of steps, averaged weights scored on the validation tails, the best kept.
 * All that a run is lies in five arrays and a step, so a stopped run goes on as if it had not been.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { forcedBranch } from '../../attention/align.js';
import { type PointwiseNetwork } from '../../attention/pointwise.js';
import { injectNoise } from '../../cells/rollOut.js';
import { Random } from '../../dataset/random.js';
import { afterForks } from '../../decoders/forking.js';
import { type Checkpoint, type FitOptions } from '../../forecaster.js';
import { Parameters } from '../../training/parameters.js';
import { adamw, oneCycle, startOptimiser } from '../../training/adamw.js';
import { forksOf, taughtAlways, truthProbability, type RecurrentConfig } from './config.js';
import { type PointBatch, type PointReader, type PointSampler, type PointWindow } from './windows.js';

const VALIDATION_BATCH = 64;
const STATE = ['values', 'm', 'v', 'average', 'best'] as const;

export async function trainRecurrent(
  network: PointwiseNetwork,
  reader: PointReader,
  sampler: PointSampler,
  config: RecurrentConfig,
  options: FitOptions,
): Promise<Float32Array> {
  await initEngine();
  const { train } = config;
  const { seed, signal, checkpoint, onProgress } = options;
  const parameters = new Parameters(network.specs);
  parameters.initialise(seed);
  if (options.start) {
    if (config.smoothing) parameters.load(options.start, reader.rowsOf(options.start));
    else parameters.values.set(sized(options.start.weights, parameters.values.length));
  }
  const state = { values: parameters.values, ...startOptimiser(parameters.values), best: parameters.values.slice() };
  let bestLoss = Infinity;
  let first = 0;
  if (options.resume) {
    const { run } = options.resume.manifest.config as { run: { step: number; bestLoss: number | null } };
    const weights = sized(options.resume.weights, STATE.length * state.values.length);
    STATE.forEach((name, k) => state[name].set(weights.subarray(k * state.values.length, (k + 1) * state.values.length)));
    first = run.step;
    bestLoss = run.bestLoss ?? Infinity;
  }
  const saved = (step: number): Checkpoint => {
    const weights = new Float32Array(STATE.length * state.values.length);
    STATE.forEach((name, k) => weights.set(state[name], k * state.values.length));
    const tensors = STATE.map((name, k) => ({ name, shape: [state.values.length], offset: k * state.values.length }));
    // JSON knows no Infinity.
    const run = { step, bestLoss: Number.isFinite(bestLoss) ? bestLoss : null };
    return { manifest: { format: 'almanac-checkpoint', version: 1, kind: 'recurrent', config: { ...config, run }, tensors }, weights };
  };
  const decays = parameters.decayMask();
  const slope = new Float32Array(state.values.length);
  const every = Math.max(1, Math.floor(train.steps / train.validations));
  const started = performance.now();
  for (let step = first; step < train.steps; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) {
      throw new AlmanacError('TRAINING_CANCELLED', `Training was cancelled after ${step} steps.`, {
        hint: 'Start the run again to train the model.',
      });
    }
    const random = new Random(seed, 90, step);
    const forced =
      config.branches.length > 1
        ? forcedBranch(step, train.steps, config.branches.length, random, train.branchDropout, train.dropUntil)
        : undefined;
    const loss = tf.tidy(() => {
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
    adamw(state.values, slope, decays, state, step + 1, {
      ...train,
      learningRate: train.learningRate * oneCycle(step, train.steps, train.warmup),
    });
    const last = step + 1 === train.steps;
    let validation: number | undefined;
    if ((step + 1) % every === 0 || last) {
      validation = validate(network, reader, sampler.validation, parameters, state.average, taughtAlways(config));
      if (validation === undefined || validation < bestLoss) {
        state.best.set(state.average);
        bestLoss = validation ?? Infinity;
      }
    }
    if (onProgress && (validation !== undefined || (step + 1) % 5 === 0 || last)) {
      const stepsPerSecond = (1000 * (step + 1 - first)) / (performance.now() - started);
      onProgress({
        step: step + 1,
        totalSteps: train.steps,
        loss,
        ...(validation === undefined ? {} : { validation, gradientReach: reachOf(network, reader, sampler, parameters, step) }),
        stepsPerSecond,
        etaSeconds: (train.steps - step - 1) / stepsPerSecond,
      });
    }
    if (checkpoint && (step + 1) % checkpoint.everySteps === 0 && !last) await checkpoint.save(saved(step + 1));
  }
  return state.best;
}

/**
 * Free-running, as forecasts are made; of a net that only ever knows the truth, step by step after it. Undefined where there is nothing
 * to validate on.
 */
function validate(
  network: PointwiseNetwork,
  reader: PointReader,
  windows: readonly PointWindow[],
  parameters: Parameters,
  values: Float32Array,
  taught: boolean,
): number | undefined {
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
  return windows.length > 0 ? sum / windows.length : undefined;
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
