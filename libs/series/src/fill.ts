/**
 * What all the values of a series say of single ones: what a gap would have held, and which values are unlike the rest.
 * Both rest on `decompose`. What the parts leave over hangs together from step to step (an autoregression of order one), so a gap is
 * bridged from both its ends: near them the uncertainty is small, in the middle of a long gap it is that of the rest itself.
 *
 * Invariants: nothing that was observed is changed; where values were never negative, or always whole, what fills a gap is so too.
 */
import { type Decomposition, decompose, type DecomposeOptions } from './decompose.js';

export interface FilledGap {
  /** Index into the values. */
  index: number;
  /** By level, ascending. */
  quantiles: number[];
}

export interface Unusual {
  index: number;
  value: number;
  /** What the parts say. */
  expected: number;
  /** Distance in usual deviations of its phase of the season; negative below. */
  score: number;
}

/** Fewer observations tell nothing about a gap but their level. */
const FEWEST = 8;
/** Cycles in which a phase must have been seen to have a deviation of its own. */
const FEWEST_OF_PHASE = 8;
/** A phase deviates this share of the whole at least: that of one which looked alike by luck. */
const LEAST_SHARE = 0.3;
/** Of a normal distribution, one standard deviation is so many median absolute ones. */
const NORMAL = 1.4826;
/** Beyond this the rest is no usual one, and is left out of what is usual. */
const USUAL = 6;

/** @param levels ascending, in (0, 1) @returns nothing where too little was observed */
export function fillGaps(values: Float64Array, options: DecomposeOptions, levels: readonly number[]): FilledGap[] {
  const known = indicesOf(values);
  if (known.length < FEWEST || known.length === values.length) return [];
  const parts = decompose(values, options);
  const { deviation, correlation, standard } = usual(parts, options);
  const [lowest, whole] = [known.some((t) => values[t]! < 0) ? -Infinity : 0, known.every((t) => Number.isInteger(values[t]!))];
  const shape = levels.map((level) => quantile(standard, level));
  const filled: FilledGap[] = [];
  for (let k = 1; k < known.length; k++) {
    const [a, b] = [known[k - 1]!, known[k]!];
    for (let t = a + 1; t < b; t++) {
      const [i, n] = [t - a, b - a];
      const far = 1 - correlation ** (2 * n);
      const [left, right] = [1 - correlation ** (2 * i), 1 - correlation ** (2 * (n - i))];
      const z = (end: number): number => Math.max(-USUAL, Math.min(USUAL, parts.rest[end]! / deviation(end)));
      const mean =
        far > 0 ? (correlation ** i * right * z(a) + correlation ** (n - i) * left * z(b)) / far : z(a) + ((z(b) - z(a)) * i) / n;
      const spread = far > 0 ? Math.sqrt((left * right) / far) : 0;
      const center = parts.trend[t]! + parts.seasons.reduce((sum, one) => sum + one.values[t]!, 0) + (parts.holidays?.[t] ?? 0);
      const quantiles = shape.map((score) => Math.max(lowest, center + deviation(t) * (mean + spread * score)));
      filled.push({ index: t, quantiles: whole ? quantiles.map(Math.round) : quantiles });
    }
  }
  return filled;
}

/** @param threshold deviations beyond which a value is unusual */
export function unusualValues(values: Float64Array, options: DecomposeOptions, threshold: number): Unusual[] {
  const known = indicesOf(values);
  if (known.length < FEWEST) return [];
  const parts = decompose(values, options);
  const { deviation } = usual(parts, options);
  return known.flatMap((index) => {
    const score = parts.rest[index]! / deviation(index);
    return Math.abs(score) > threshold ? [{ index, value: values[index]!, expected: values[index]! - parts.rest[index]!, score }] : [];
  });
}

const indicesOf = (values: Float64Array): number[] => Array.from(values, (_, t) => t).filter((t) => !Number.isNaN(values[t]!));

interface Usual {
  /** Of the rest at a step. */
  deviation: (t: number) => number;
  /** Of neighbouring rests, 0 to below 1. */
  correlation: number;
  /** Rests in deviations, ascending. */
  standard: number[];
}

function usual({ rest, trend, seasons }: Decomposition, { seasonLengths = [] }: DecomposeOptions): Usual {
  const known = indicesOf(rest);
  const size = known.reduce((most, t) => Math.max(most, Math.abs(trend[t]!)), 0);
  // What a series that repeats exactly leaves over is rounding.
  const floor = Math.max(1e-9 * size, Number.MIN_VALUE);
  // Patterns that were fitted took some of the noise with them.
  const fitted = seasons.reduce((sum, { length }) => sum + length, 0);
  const loss = Math.sqrt(known.length / Math.max(known.length / 2, known.length - fitted));
  const overall = Math.max(floor, loss * NORMAL * medianOf(known.map((t) => Math.abs(rest[t]!))));
  const length = seasonLengths[0] ?? 1;
  const phases = Array.from({ length }, (): number[] => []);
  for (const t of known) phases[t % length]!.push(Math.abs(rest[t]!));
  const own = phases.map((sizes) =>
    sizes.length < FEWEST_OF_PHASE ? overall : Math.max(LEAST_SHARE * overall, loss * NORMAL * medianOf(sizes)),
  );
  const deviation = (t: number): number => own[t % length]!;
  const z = (t: number): number => rest[t]! / deviation(t);
  const plain = known.filter((t) => Math.abs(z(t)) < USUAL);
  let [products, squares, pairs] = [0, 0, 0];
  for (const t of plain) {
    if (t === 0 || Number.isNaN(rest[t - 1]!) || Math.abs(z(t - 1)) >= USUAL) continue;
    products += z(t) * z(t - 1);
    squares += (z(t) ** 2 + z(t - 1) ** 2) / 2;
    pairs++;
  }
  const correlation = pairs >= FEWEST && squares > 0 ? Math.max(0, Math.min(0.99, products / squares)) : 0;
  return { deviation, correlation, standard: plain.map(z).sort((a, b) => a - b) };
}

function medianOf(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function quantile(sorted: readonly number[], level: number): number {
  const place = level * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  return below + (place % 1) * ((sorted[Math.ceil(place)] ?? below) - below);
}
