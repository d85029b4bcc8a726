/**
 * Do the inputs still look like what the champion learned from? The population stability index compares, over the deciles of
 * the training period, what share of the newest values falls into each; once of the values, each series in its own units, and
 * once of their differences to a season before, which see a change of shape that leaves the level alone.
 * Under .1 is usual, above .25 a drift (the customary bounds); what so few newest values give by chance is added to the bound.
 */
import type { InputDrift } from '@almanac/contracts';

export interface Observed {
  firstStep: number;
  values: Float64Array;
}

const BINS = 10;
const DRIFT = 0.25;
/** Seasons of the training period to compare with: the latest, as the world was when it was learned. */
const REMEMBERED = 8;
const FEWEST = 40;

/**
 * @param until last step that the champion learned
 * @param season steps that the newest values span, so that every hour and weekday is among them as often as before
 * @returns null where there is too little to compare
 */
export function inputDrift(series: readonly Observed[], until: number, season: number): Omit<InputDrift, 'version'> | null {
  const values = { reference: [] as number[], newest: [] as number[] };
  const differences = { reference: [] as number[], newest: [] as number[] };
  for (const { firstStep, values: own } of series) {
    const learned = until - firstStep + 1;
    // Two days of a weekly rhythm differ from all of it without any drift.
    if (own.length - learned < season) continue;
    const from = Math.max(0, learned - REMEMBERED * season);
    const newest = Math.max(learned, own.length - season);
    const { mean, deviation } = spreadOf(own.subarray(from, Math.max(from, learned)));
    if (!(deviation > 0)) continue;
    for (let t = from; t < own.length; t++) {
      const side = t < learned ? 'reference' : t >= newest ? 'newest' : undefined;
      if (!side) continue;
      const value = (own[t]! - mean) / deviation;
      const difference = t >= season ? (own[t]! - own[t - season]!) / deviation : Number.NaN;
      if (!Number.isNaN(value)) values[side].push(value);
      if (!Number.isNaN(difference)) differences[side].push(difference);
    }
  }
  if (values.newest.length < FEWEST || values.reference.length < FEWEST) return null;
  const found = { values: stability(values), differences: differences.newest.length < FEWEST ? null : stability(differences) };
  const bound = DRIFT + (2 * (BINS - 1)) / values.newest.length;
  return { ...found, bound, drift: Math.max(found.values, found.differences ?? 0) > bound };
}

function stability({ reference, newest }: { reference: number[]; newest: number[] }): number {
  reference.sort((a, b) => a - b);
  const edges = Array.from({ length: BINS - 1 }, (_, i) => reference[Math.floor(((i + 1) * reference.length) / BINS)]!);
  const sharesOf = (all: readonly number[]): number[] => {
    const counts = new Array<number>(BINS).fill(0.5); // an empty bin is not impossible
    for (const value of all) counts[edges.filter((edge) => value > edge).length]!++;
    return counts.map((count) => count / (all.length + 0.5 * BINS));
  };
  const [before, after] = [sharesOf(reference), sharesOf(newest)];
  return before.reduce((sum, share, bin) => sum + (after[bin]! - share) * Math.log(after[bin]! / share), 0);
}

function spreadOf(values: Float64Array): { mean: number; deviation: number } {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return { mean, deviation: Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length) };
}
