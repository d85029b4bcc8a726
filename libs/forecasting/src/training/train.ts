/**
 * The training loop: a fixed number of steps over sampled windows, averaged weights scored on the validation windows, the
 * best of them kept. Everything random is a function of (seed, step).
 */
import { AlmanacError } from '@almanac/series';
import type { SegmentConfig } from '../config.js';
import { WindowSampler } from '../dataset/sampler.js';
import { WindowReader } from '../dataset/windows.js';
import { minimumLength } from '../config.js';
import type { FitOptions, SeriesData } from '../forecaster.js';
import { LossWeights } from '../model/loss.js';
import { parameterSpecs } from '../model/network.js';
import { Parameters } from '../model/parameters.js';
import { adamw, oneCycle, startOptimiser } from './adamw.js';
import { evaluate, gradient, type Evaluator } from './gradient.js';

const CALIBRATION_WINDOWS = 512;
const REPORT_EVERY = 5;

/** @returns the weights that validation chose; the last averaged ones where there is no validation window */
export async function train(series: readonly SeriesData[], config: SegmentConfig, options: FitOptions): Promise<Parameters> {
  const { seed, onProgress, signal } = options;
  const { steps, batch, validations } = config.train;
  const sampler = new WindowSampler(series, config, seed);
  if (sampler.total === 0) throw tooShort(series, config);
  const reader = new WindowReader(config);
  const parameters = new Parameters(parameterSpecs(config, reader.sizes));
  parameters.initialise(seed);
  const weights = new LossWeights(config, reader.sizes);
  const calibration = sampler.sample(-1, CALIBRATION_WINDOWS);
  weights.calibrate(calibration, reader.read(calibration));

  const evaluator: Evaluator = { config, sizes: reader.sizes, reader, weights, parameters };
  const optimiser = startOptimiser(parameters.values);
  const decays = parameters.decayMask();
  const slope = new Float32Array(parameters.values.length);
  const every = Math.max(1, Math.floor(steps / validations));
  let best = { loss: Infinity, values: optimiser.average };
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    if (signal?.aborted) throw cancelled(step);
    const loss = gradient(evaluator, sampler.sample(step, batch), { seed, step }, slope);
    const learningRate = config.train.learningRate * oneCycle(step, steps, config.train.warmup);
    adamw(parameters.values, slope, decays, optimiser, step + 1, { ...config.train, learningRate });
    const last = step + 1 === steps;
    let validation: number | undefined;
    if (sampler.validation.length > 0 && ((step + 1) % every === 0 || last)) {
      validation = evaluate(evaluator, sampler.validation, optimiser.average);
      if (validation < best.loss) best = { loss: validation, values: optimiser.average.slice() };
    }
    if (onProgress && (validation !== undefined || (step + 1) % REPORT_EVERY === 0 || last)) {
      const stepsPerSecond = (1000 * (step + 1)) / (performance.now() - started);
      onProgress({
        step: step + 1,
        totalSteps: steps,
        loss,
        ...(validation === undefined ? {} : { validation }),
        stepsPerSecond,
        etaSeconds: (steps - step - 1) / stepsPerSecond,
      });
    }
    // Lets timers, aborts and messages through.
    await new Promise((resolve) => setImmediate(resolve));
  }
  parameters.values.set(best.values);
  return parameters;
}

function cancelled(step: number): AlmanacError {
  return new AlmanacError('TRAINING_CANCELLED', `Training was cancelled after ${step} steps.`, {
    hint: 'Start the run again to train the model.',
  });
}

function tooShort(series: readonly SeriesData[], config: SegmentConfig): AlmanacError {
  const longest = series.reduce<SeriesData | undefined>(
    (best, one) => (best && best.values.length >= one.values.length ? best : one),
    undefined,
  );
  const needed = minimumLength(config);
  const found = longest ? `the longest series, ${longest.id}, has ${longest.values.length}` : 'the panel has no series';
  return new AlmanacError('SERIES_TOO_SHORT', `Training needs a series of at least ${needed} steps; ${found}.`, {
    hint: 'Give longer series, or a shorter horizon or context.',
    subject: { ...(longest ? { series: longest.id } : {}), needed },
  });
}
