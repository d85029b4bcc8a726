/** How often a net in training is fed the truth in place of its own forecasts (scheduled sampling, Bengio et al. 2015). */

/** P(truth) at a training step: k / (k + e^(step / k)), which falls from nearly 1 to 0 around step k·ln k. */
export function inverseSigmoidSchedule(step: number, k: number): number {
  return k / (k + Math.exp(step / k));
}

/** P(truth) at a training step: 1 at the start, 0 from `until` (a share of all steps) on. */
export function linearSchedule(step: number, steps: number, until = 0.7): number {
  return Math.max(0, 1 - step / Math.max(1, until * steps));
}
