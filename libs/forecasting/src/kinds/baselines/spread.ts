/**
 * How far a method's next value may lie from its point, also where its own errors say nothing: after one or two values, or where it
 * meets every value of the history exactly. A width of 0 would claim a certainty that nobody has.
 *
 * What a method lacks it borrows: from the naive method, whose errors are the plain differences of the series; where there are none,
 * from the other series of the panel, whose differences relative to their size are carried over. An exact fit of n errors is n
 * observations of a spread that is smaller than the borrowed one: σ/√(n + 1), one borrowed error among n of 0. A series that has been
 * constant for long has the spread of what its last digits may hide, a thousandth of its size, as the networks' scale has it.
 * Where nothing can be borrowed the spread is NaN: unknown, and never invented.
 */

export interface Spread {
  /** σ of one step from `squares`, the sum of `count` squared errors of which `used` were spent on parameters. */
  sigma(squares: number, count: number, used?: number): number;
  /** σ over one season, where the method compares the same phase of two. */
  seasonal(squares: number, count: number): number;
  /** Of one step ahead, without a method. */
  readonly naive: number;
  /** Something of it is not the method's own. */
  readonly borrowed: boolean;
  /** The same for the series once it has been adjusted. */
  of(adjusted: Float64Array): Spread;
}

/** Equal values from this many on are constant by nature. */
export const LONG_CONSTANT = 8;
export const RESOLUTION = 1e-3;
/** So few errors may be small by luck: borrowed ones make up the number. */
const FEW = 3;
/** Errors below this share of the values are rounding. */
const EXACT = 1e-9;

export interface Plain {
  squares: number;
  count: number;
  size: number;
  deviation: number;
}

/** Differences over a gap of g steps carry g steps' variance. */
export function plain(values: Float64Array): Plain {
  let [last, squares, count, sum, total, observed, largest] = [-1, 0, 0, 0, 0, 0, 0];
  for (let t = 0; t < values.length; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    if (last >= 0) {
      squares += (value - values[last]!) ** 2 / (t - last);
      count++;
    }
    last = t;
    observed++;
    sum += value;
    total += Math.abs(value);
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = sum / observed;
  let around = 0;
  for (const value of values) if (!Number.isNaN(value)) around += (value - mean) ** 2;
  // What rounding leaves of equal values is no difference.
  const noise = count * (EXACT * largest) ** 2;
  return {
    squares: squares > noise ? squares : 0,
    count,
    size: observed > 0 ? total / observed : 0,
    deviation: Math.sqrt(around / observed),
  };
}

/** The median over the series of their one-step spread relative to their size; NaN where no series has one. */
export function relativeSpread(series: readonly { values: Float64Array }[]): number {
  const all: number[] = [];
  for (const { values } of series) {
    const { squares, count, size } = plain(values);
    if (count >= LONG_CONSTANT && squares > 0 && size > 0) all.push(Math.sqrt(squares / count) / size);
  }
  all.sort((a, b) => a - b);
  return all.length > 0 ? all[all.length >> 1]! : Number.NaN;
}

/** @param values history from its first observation on */
export function spreadOf(values: Float64Array, seasonLength: number, ofPanel: number, state = { borrowed: false }): Spread {
  const { squares: differences, count: pairs, size, deviation } = plain(values);
  const prior = (): number => {
    if (differences > 0) return Math.sqrt(differences / pairs);
    if (pairs + 1 >= LONG_CONSTANT) return RESOLUTION * size;
    return size > 0 ? ofPanel * size : Number.NaN;
  };
  const exact = (squares: number, count: number): boolean => squares <= count * (EXACT * size) ** 2;
  const instead = (borrow: number, count: number): number => {
    state.borrowed = true;
    return borrow / Math.sqrt(count + 1);
  };
  return {
    get borrowed() {
      return state.borrowed;
    },
    get naive() {
      return this.sigma(differences, pairs);
    },
    of: (adjusted) => spreadOf(adjusted, seasonLength, ofPanel, state),
    sigma(squares, count, used = 0) {
      const left = Math.max(0, count - used);
      if (count === 0 || exact(squares, count)) return instead(prior(), count);
      if (used === 0 || left >= FEW) return Math.sqrt(squares / left);
      state.borrowed = true;
      return Math.sqrt((squares + (FEW - left) * prior() ** 2) / FEW);
    },
    seasonal(squares, count) {
      if (count > 0 && !exact(squares, count)) return Math.sqrt(squares / count);
      // The values of a season apart: no farther than the naive method drifts, nor than two values drawn at random.
      const random = deviation > EXACT * size ? Math.SQRT2 * deviation : Infinity;
      return instead(Math.min(prior() * Math.sqrt(seasonLength), random), count);
    },
  };
}
