/**
 * Which windows a fine-tuning trains on and which it validates on: uniform over (series, origin), and no training window reaches into the
 * last steps of the series that give them to validation.
 *
 * Invariant: the draw of a step depends on the seed and the step alone, so a resumed run draws the same windows.
 */
import { Random } from '../../dataset/random.js';
import type { SeriesData } from '../../panel.js';
import { type FineTuning, seasonsOf, SHORTEST } from './config.js';
import { LOOK_BACK } from './shape.js';
import type { Window } from './window.js';

const SAMPLE_PURPOSE = 1;
const CHOICE_PURPOSE = 2;
const MOST_VALIDATION_WINDOWS = 256;

interface Range {
  values: Float64Array;
  /** Origins first … first + count − 1. */
  first: number;
  count: number;
}

/** What is known before an origin, without the missing values that it begins with. */
export function historyOf(values: Float64Array, origin: number): Float64Array {
  let from = Math.max(0, origin - LOOK_BACK);
  while (from < origin && Number.isNaN(values[from]!)) from++;
  return values.subarray(from, origin);
}

export class FineTuningSampler {
  readonly validation: Window[];
  /** Number of (series, origin) pairs. */
  readonly total: number;
  private readonly ranges: Range[];
  private readonly ends: number[];
  private readonly seasons: { season: number; second: number };

  constructor(
    series: readonly SeriesData[],
    seasonLengths: readonly number[],
    private readonly horizon: number,
    train: FineTuning,
    private readonly seed: number,
  ) {
    this.seasons = seasonsOf(seasonLengths);
    const tails = this.tailsOf(series, train);
    this.validation = [...tails].flatMap(([{ values }, tail]) => {
      const [first, last] = [values.length - tail, values.length - horizon];
      const count = Math.min(Math.ceil(MOST_VALIDATION_WINDOWS / tails.size), last - first + 1);
      return Array.from({ length: count }, (_, i) =>
        this.window(values, count === 1 ? last : Math.round(first + ((last - first) * i) / (count - 1))),
      );
    });
    this.ranges = series.map((one) => this.rangeOf(one, tails.get(one) ?? 0)).filter(({ count }) => count > 0);
    let total = 0;
    this.ends = this.ranges.map(({ count }) => (total += count));
    this.total = total;
  }

  /** The windows of one step. */
  sample(step: number, size: number): Window[] {
    const random = new Random(this.seed, SAMPLE_PURPOSE, step);
    return Array.from({ length: size }, () => {
      const index = random.below(this.total);
      const at = this.ends.findIndex((end) => end > index);
      const { values, first, count } = this.ranges[at]!;
      return this.window(values, first + index - (this.ends[at]! - count));
    });
  }

  private window(values: Float64Array, origin: number): Window {
    return { history: historyOf(values, origin), ...this.seasons, future: values.subarray(origin, origin + this.horizon) };
  }

  private rangeOf({ values }: SeriesData, tail: number): Range {
    const last = values.length - tail - this.horizon;
    // A season of history where there is more than that to choose from.
    const first = Math.max(SHORTEST, Math.min(2 * this.seasons.season, last - this.horizon));
    return { values, first, count: Math.max(0, last - first + 1) };
  }

  private tailsOf(series: readonly SeriesData[], { validationTail: tail, validationSeries }: FineTuning): Map<SeriesData, number> {
    if (tail < this.horizon || validationSeries < 1) return new Map();
    const able = series.filter((one) => this.rangeOf(one, tail).count > 0);
    const random = new Random(this.seed, CHOICE_PURPOSE);
    for (let i = able.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [able[i], able[j]] = [able[j]!, able[i]!];
    }
    return new Map(able.slice(0, validationSeries).map((one) => [one, tail]));
  }
}
