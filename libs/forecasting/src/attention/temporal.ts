/**
 * Temporal alignment: which lags matter, whatever was observed there? No value enters. A score for each lag (Cinar et al.
 * 2017), cosines that peak at whole periods, and a slope that prefers the recent past:
 *
 *   e_ij = b[ℓ] + Σ_p a_p (cos(2πℓ/p) − 1) − ρℓ/L,  ℓ = L + i − j
 */
import * as tf from '@tensorflow/tfjs-core';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';

export interface TemporalShape {
  contextLength: number;
  horizon: number;
  /** Candidate periods, in steps. */
  periods: readonly number[];
  /** a_p at the start: .1 where the periods are guesses, more where they are known. */
  periodStrength?: number;
}

/** Strengths a_p and ρ are softplus of what is learned; ρ starts at .1. */
export function temporalSpecs(name: string, { contextLength, horizon, periods, periodStrength = 0.1 }: TemporalShape): ParameterSpec[] {
  const inverse = (strength: number): number => Math.log(Math.expm1(strength));
  const values = (part: string, size: number, value: number): ParameterSpec => ({
    name: `${name}.${part}`,
    shape: [size],
    init: { kind: 'values', of: () => value },
    decay: false,
  });
  return [
    values('lag', contextLength + horizon - 1, 0),
    values('period', Math.max(1, periods.length), inverse(periodStrength)),
    values('recency', 1, inverse(0.1)),
  ];
}

/** @returns scores [H,L], the same for every series */
export function temporalScores(p: Tensors, name: string, { contextLength: L, horizon: H, periods }: TemporalShape): tf.Tensor2D {
  const lags = Array.from({ length: H * L }, (_, at) => L + Math.floor(at / L) - (at % L));
  // Entry k of the table is lag k + 1; row i reads lags L + i down to i + 1.
  const turned = tf.reverse(p[`${name}.lag`] as tf.Tensor1D, 0);
  let scores = tf.stack(Array.from({ length: H }, (_, i) => tf.slice(turned, [H - 1 - i], [L]))) as tf.Tensor2D;
  const slope = tf.tensor2d(
    lags.map((lag) => lag / L),
    [H, L],
  );
  scores = tf.sub(scores, tf.mul(slope, tf.softplus(p[`${name}.recency`]!)));
  const strengths = tf.softplus(p[`${name}.period`]!);
  periods.forEach((period, k) => {
    const wave = tf.tensor2d(
      lags.map((lag) => Math.cos((2 * Math.PI * lag) / period) - 1),
      [H, L],
    );
    scores = tf.add(scores, tf.mul(wave, tf.slice(strengths, [k], [1])));
  });
  // Without periods their one weight stays in the sum at 0, so that it has a gradient.
  return periods.length > 0 ? scores : tf.add(scores, tf.mul(strengths, 0));
}
