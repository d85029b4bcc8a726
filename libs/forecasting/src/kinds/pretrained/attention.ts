/**
 * The attention of a forecast, as maps over the context's segments. A candidate of the past counts for the segment that holds the value it
 * points at; seasons from before the context, and the methods that are continued, are a branch of their own in the gate.
 */
import { CANDIDATES, LAGS, SEASON_LAGS, SEGMENT } from './shape.js';
import type { Values } from './run.js';
import type { Window } from './window.js';

/** What the network adds of its own, values of past seasons, methods continued. */
export const BRANCHES = ['contextual', 'temporal', 'methods'] as const;

/** @returns maps [horizon, n] whose rows sum to 1, and gate [horizon, branches] */
export function attentionOf(
  { batch, contextual, temporal, gate: opened }: Values,
  b: number,
  { history, season, second }: Window,
  horizon: number,
): { maps: Record<string, Float32Array>; gate: Float32Array } {
  const { n, m, size } = batch;
  const byContent = new Float32Array(horizon * n);
  const byPhase = new Float32Array(horizon * n);
  const gate = new Float32Array(horizon * BRANCHES.length);
  for (let h = 0; h < horizon; h++) {
    const segment = Math.floor(h / SEGMENT);
    const row = (segment * size + b) * SEGMENT + (h % SEGMENT);
    for (let j = 0; j < n; j++) byContent[h * n + j] = contextual![(b * m + segment) * n + j]!;
    let pointed = 0;
    let copied = 0;
    for (let k = 0; k < LAGS; k++) {
      const weight = temporal![row * CANDIDATES + k]!;
      copied += weight;
      const [period, turn] = k < SEASON_LAGS ? [season, k] : [second, k - SEASON_LAGS];
      // Steps before the end of the history.
      const before = period > 0 ? period - (h % period) + turn * period : Infinity;
      if (before > history.length) continue;
      const column = n - Math.ceil(before / SEGMENT);
      if (column < 0) continue;
      byPhase[h * n + column]! += weight;
      pointed += weight;
    }
    for (let j = 0; j < n; j++) byPhase[h * n + j] = pointed > 0 ? byPhase[h * n + j]! / pointed : byContent[h * n + j]!;
    const open = opened![row]!;
    gate.set([1 - open, open * copied, open * (1 - copied)], h * BRANCHES.length);
  }
  return { maps: { contextual: byContent, temporal: byPhase }, gate };
}
