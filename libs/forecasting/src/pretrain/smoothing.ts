/**
 * Series from the state space models behind exponential smoothing (Hyndman et al. 2008): level, damped trend and season that learn from
 * the same error. Most business series that are monthly or slower look like one.
 */
import type { Draws } from './draws.js';
import { shapeOf } from './seasons.js';

/** Adds to `out`; about 1 stands for the size of the level when the result is exponentiated later. */
export function addSmoothing(draws: Draws, out: Float64Array, season: number): void {
  const T = out.length;
  const yearly = season === 1;
  const noise = draws.spread(0.008, yearly ? 0.25 : 0.35);
  // Prices, rates and the like are random walks; what has no season is mostly a year's sum, which keeps what it gained and
  // grows at one rate: on real yearly series a random walk with the drift of the whole history is hard to beat.
  const alpha = draws.chance(yearly ? 0.6 : 0.15) ? draws.uniform(0.9, 1) : draws.uniform(0.02, 0.95);
  const trending = draws.chance(yearly ? 0.88 : 0.75);
  const beta = trending && draws.chance(yearly ? 0.35 : 0.5) ? alpha * draws.spread(0.003, 0.3) : 0;
  const damping = draws.chance(yearly ? 0.2 : 0.38) ? draws.uniform(0.8, 0.98) : 1;
  const seasonal = season > 1 && draws.chance(0.85);
  const gamma = seasonal && draws.chance(0.6) ? (1 - alpha) * draws.spread(0.005, 0.3) : 0;
  const shape = seasonal ? shapeOf(draws, season) : new Float64Array(1);
  const amplitude = draws.spread(0.03, 1);
  for (let i = 0; i < shape.length; i++) shape[i]! *= amplitude;
  const heavy = draws.chance(0.12);
  // Total growth rather than growth a step: short series grow as visibly as long ones.
  let slope = trending
    ? ((draws.chance(yearly ? 0.82 : 0.75) ? 1 : -1) * draws.exponential() * draws.of([0.3, 1, 2])) / Math.max(T, 24)
    : 0;
  if (damping < 1) slope *= draws.uniform(1, 6);
  // Growth goes on as it was for long, and then it does not: at any time, the horizon included.
  const breaks = trending && draws.chance(yearly ? 0.15 : 0.25) ? draws.spread(0.3, 2) / T : 0;
  let level = 0;
  for (let t = 0, i = draws.whole(0, shape.length - 1); t < T; t++, i = i + 1 >= shape.length ? 0 : i + 1) {
    if (breaks > 0 && draws.chance(breaks)) slope = (2 * draws.normal() * draws.of([0.3, 1])) / Math.max(T, 24);
    const error = noise * (heavy ? draws.heavy() : draws.normal());
    level += damping * slope;
    slope *= damping;
    out[t]! += level + shape[i]! + error;
    level += alpha * error;
    slope += beta * error;
    if (seasonal) shape[i]! += gamma * error;
  }
}
