/**
 * Is a covariate the target in disguise? One that equals it, or what it was or will be some steps away, up to a factor and an offset,
 * tells a model the answer: backtests are splendid, and when it is forecast the covariate is not there.
 * A past covariate is suspect where it runs ahead of the target; a future one also where it runs less than a horizon behind.
 * Loads no TensorFlow.js.
 */
import type { SeriesData } from '../forecaster.js';

export interface SuspectCovariate {
  name: string;
  kind: 'past' | 'future';
  /** The covariate at a step is the target so many steps later. */
  shift: number;
  /** Of those looked at, and some of them by name. */
  series: number;
  of: number;
  examples: string[];
}

/** 1 − r² of what counts as equal: rounding is allowed. */
const EQUAL = 1e-6;
const FEWEST = 30;
const LATEST = 1_000;
const FURTHEST = 96;
const MOST_SERIES = 60;
const MOST_NAMED = 5;

/** Series are sampled evenly, the latest steps of each are looked at. */
export function suspectCovariates(series: readonly SeriesData[], horizon: number): SuspectCovariate[] {
  const reach = Math.min(horizon, FURTHEST);
  const found = new Map<string, SuspectCovariate>();
  const step = Math.max(1, series.length / MOST_SERIES);
  const sample = Array.from({ length: Math.min(series.length, MOST_SERIES) }, (_, i) => series[Math.floor(i * step)]!);
  for (const { id, values, pastCovariates = {}, futureCovariates = {} } of sample) {
    for (const [kind, channels, from] of [
      ['past', pastCovariates, 1],
      ['future', futureCovariates, 1 - reach],
    ] as const) {
      for (const [name, covariate] of Object.entries(channels)) {
        const shift = shiftOf(values, covariate, from, reach);
        if (shift === undefined) continue;
        const key = `${kind} ${name} ${shift}`;
        const one = found.get(key) ?? { name, kind, shift, series: 0, of: sample.length, examples: [] };
        one.series++;
        if (one.examples.length < MOST_NAMED) one.examples.push(id);
        found.set(key, one);
      }
    }
  }
  return [...found.values()];
}

/** The shift nearest to 0 at which both are equal. */
function shiftOf(target: Float64Array, covariate: Float64Array, from: number, to: number): number | undefined {
  const shifts = Array.from({ length: to - from + 1 }, (_, i) => from + i).sort((a, b) => Math.abs(a) - Math.abs(b));
  return shifts.find((shift) => areEqual(target, covariate, shift));
}

function areEqual(target: Float64Array, covariate: Float64Array, shift: number): boolean {
  const first = Math.max(0, -shift, target.length - LATEST - shift);
  const end = Math.min(covariate.length, target.length - shift);
  let [n, meanX, meanY, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (let t = first; t < end; t++) {
    const [x, y] = [covariate[t]!, target[t + shift]!];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    n++;
    const [dx, dy] = [x - meanX, y - meanY];
    meanX += dx / n;
    meanY += dy / n;
    xx += dx * (x - meanX);
    yy += dy * (y - meanY);
    xy += dx * (y - meanY);
    // Two that are unlike need not be read to their ends.
    if (n === FEWEST && !(xx > 0 && yy > 0 && xy * xy > 0.5 * xx * yy)) return false;
  }
  return n >= FEWEST && xx > 0 && yy > 0 && 1 - (xy * xy) / (xx * yy) < EQUAL;
}
