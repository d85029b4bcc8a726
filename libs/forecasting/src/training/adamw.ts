/**
 * AdamW (Loshchilov & Hutter 2019) with a clipped gradient norm and a running average of the weights, over flat buffers.
 * All of its state is three arrays and the step, so a checkpoint of a run is complete with them.
 */
export interface OptimiserState {
  /** First moments. */
  m: Float32Array;
  /** Second moments. */
  v: Float32Array;
  /** Averaged weights. */
  average: Float32Array;
}

export interface StepSettings {
  learningRate: number;
  weightDecay: number;
  /** Largest gradient norm. */
  clip: number;
  /** Decay of the average. */
  ema: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export function startOptimiser(values: Float32Array): OptimiserState {
  return { m: new Float32Array(values.length), v: new Float32Array(values.length), average: values.slice() };
}

export function gradientNorm(gradient: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  return Math.sqrt(squares);
}

/**
 * One update in place.
 *
 * @param step counts from 1; bias corrections and the warm-up of the average depend on it
 */
export function adamw(
  values: Float32Array,
  gradient: Float32Array,
  decays: Uint8Array,
  { m, v, average }: OptimiserState,
  step: number,
  settings: StepSettings,
  norm: number = gradientNorm(gradient),
): void {
  const shrink = norm > settings.clip ? settings.clip / norm : 1;
  const rate = settings.learningRate / (1 - BETA1 ** step);
  const correction = 1 / Math.sqrt(1 - BETA2 ** step);
  const decay = settings.learningRate * settings.weightDecay;
  const ema = Math.min(settings.ema, (1 + step) / (10 + step));
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * shrink;
    const first = (m[i] = BETA1 * m[i]! + (1 - BETA1) * g);
    const second = (v[i] = BETA2 * v[i]! + (1 - BETA2) * g * g);
    const value = values[i]! * (1 - decay * decays[i]!) - (rate * first) / (Math.sqrt(second) * correction + EPSILON);
    values[i] = value;
    average[i] = average[i]! + (1 - ema) * (value - average[i]!);
  }
}

/** Linear warm-up to 1, then a cosine to 1/100; `step` counts from 0. */
export function oneCycle(step: number, steps: number, warmup: number): number {
  const rising = Math.max(1, Math.round(steps * warmup));
  if (step < rising) return (step + 1) / rising;
  return 0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * (step - rising)) / Math.max(1, steps - rising)));
}
