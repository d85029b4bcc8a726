/**
 * Sampled paths of stored forecasts, and intervals of sums over them. Each value of a path is drawn from the quantiles of its step, and
 * how the values of a path hang together is the dependence of the errors of the model (see `dependence`).
 *
 * Invariants: a path depends on seed, id and number alone, not on which other series or how many paths are asked for; each step of the
 * paths has the distribution that was forecast for it.
 */
import type { Random } from '../dataset/random.js';
import { pathDraws, sampleQuantile } from '../heads/paths.js';
import { normalQuantile } from '../normal.js';
import type { Dependence } from './dependence.js';

/** Quantiles of one series, as they are stored. */
export interface Marginals {
  id: string;
  horizon: number;
  levels: readonly number[];
  /** [levels, horizon], level-major, not decreasing in level. */
  quantiles: Float64Array;
  /** The grid step of the last observation used: what series have in common is that of the same step. */
  cutoff: number;
}

export interface SampleOptions {
  /** Number of paths. */
  count: number;
  seed: number;
}

/** What all series have in common draws its numbers under a name that no series has. */
const COMMON = '\u0000common';
const AGAIN = 1_000_003;

/** Scores of one path: what stays, and what fades from step to step. */
function scores(random: Random, { persistence, constant }: Dependence, steps: number): Float64Array {
  const z = new Float64Array(steps);
  const stays = Math.sqrt(constant) * random.normal();
  const fresh = Math.sqrt(1 - persistence ** 2);
  let fades = random.normal();
  for (let t = 0; t < steps; t++) {
    if (t > 0) fades = persistence * fades + fresh * random.normal();
    z[t] = stays + Math.sqrt(1 - constant) * fades;
  }
  return z;
}

/** Draws paths, a series after the other. */
export class PathSampler {
  private readonly common: Float64Array[] = [];

  /** @param from grid step at which the earliest forecast of all begins; @param steps from there to the end of the last one */
  constructor(
    private readonly dependence: Dependence,
    private readonly options: SampleOptions,
    private readonly from: number,
    steps: number,
  ) {
    for (let k = 0; k < options.count && dependence.common > 0; k++)
      this.common.push(scores(pathDraws(COMMON, options.seed, k), dependence, steps));
  }

  /** @returns [count, horizon], path-major; NaN where the quantiles are not known */
  paths({ id, horizon, levels, quantiles, cutoff }: Marginals): Float64Array {
    const { count, seed } = this.options;
    const { common } = this.dependence;
    const z = levels.map(normalQuantile);
    const result = new Float64Array(count * horizon);
    const whole = quantiles.every((value) => !Number.isFinite(value) || Number.isInteger(value));
    const notNegative = quantiles.every((value) => !(value < 0));
    for (let k = 0; k < count; k++) {
      const own = scores(pathDraws(id, seed + AGAIN, k), this.dependence, horizon);
      for (let t = 0; t < horizon; t++) {
        const shared = common > 0 ? this.common[k]![cutoff + 1 + t - this.from]! : 0;
        const score = Math.sqrt(common) * shared + Math.sqrt(1 - common) * own[t]!;
        let value = valueAt(score, quantiles, z, horizon, t);
        if (whole) value = Math.round(value);
        result[k * horizon + t] = notNegative ? Math.max(0, value) : value;
      }
    }
    return result;
  }
}

/** The quantile of a score: straight lines over the normal scale, which go on beyond the outermost levels. */
function valueAt(score: number, quantiles: Float64Array, z: readonly number[], horizon: number, t: number): number {
  let at = 1;
  while (at < z.length - 1 && z[at]! < score) at++;
  if (z.length === 1) return quantiles[t]!;
  const [low, high] = [quantiles[(at - 1) * horizon + t]!, quantiles[at * horizon + t]!];
  return low + ((score - z[at - 1]!) / (z[at]! - z[at - 1]!)) * (high - low);
}

/** Quantiles of draws, at levels. */
export function quantilesOf(draws: Float64Array, levels: readonly number[]): number[] {
  if (draws.some(Number.isNaN)) return levels.map(() => Number.NaN);
  const sorted = Float64Array.from(draws).sort();
  return levels.map((level) => sampleQuantile(sorted, level));
}
