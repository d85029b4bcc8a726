/**
 * Which windows a run trains on and which it validates on. Training windows are uniform over (series, origin); a few series
 * (all of them in a small panel) give their last steps to validation, and no training window reaches into those.
 *
 * Invariant: the draw of a step depends on the seed and the step alone, so a resumed run draws the same windows.
 */
import { minimumContext, type SegmentConfig } from './config.js';
import type { SeriesData } from '../../forecaster.js';
import { Random } from '../../dataset/random.js';
import type { Window } from './windows.js';

interface Range {
  series: SeriesData;
  /** Origins first … first + count − 1. */
  first: number;
  count: number;
}

const SAMPLE_PURPOSE = 1;
const CHOICE_PURPOSE = 2;
/** Share of the training windows whose series is treated as a stranger, so that strangers can be forecast. */
const STRANGERS = 0.1;

export class WindowSampler {
  readonly validation: Window[];
  /** Number of (series, origin) pairs. */
  readonly total: number;
  private readonly ranges: Range[];
  private readonly ends: number[];

  constructor(
    series: readonly SeriesData[],
    config: SegmentConfig,
    private readonly seed: number,
  ) {
    const tails = validationTails(series, config, seed);
    this.validation = [...tails].flatMap(([one, tail]) =>
      validationWindows(one, tail, config, Math.ceil(MAX_VALIDATION_WINDOWS / tails.size)),
    );
    this.ranges = series.map((one) => trainingRange(one, tails.get(one) ?? 0, config)).filter((range) => range.count > 0);
    let total = 0;
    this.ends = this.ranges.map((range) => (total += range.count));
    this.total = total;
  }

  /** The windows of one step. */
  sample(step: number, size: number): Window[] {
    const random = new Random(this.seed, SAMPLE_PURPOSE, step);
    return Array.from({ length: size }, () => ({ ...this.window(random.below(this.total)), stranger: random.next() < STRANGERS }));
  }

  private window(index: number): Window {
    let low = 0;
    let high = this.ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! > index) high = middle;
      else low = middle + 1;
    }
    const { series, first, count } = this.ranges[low]!;
    return { series, origin: first + index - (this.ends[low]! - count) };
  }
}

const MAX_VALIDATION_WINDOWS = 256;

/** Origins whose whole horizon lies before the tail; contexts are full where the series is long enough, padded where not. */
function trainingRange(series: SeriesData, tail: number, config: SegmentConfig): Range {
  const last = series.values.length - tail - config.horizon;
  const shortest = minimumContext(config);
  // A series with at least a horizon's worth of full windows needs no padded ones.
  const first = last - config.contextLength >= config.horizon ? config.contextLength : shortest;
  return { series, first, count: Math.max(0, last - first + 1) };
}

/** Steps at the end of each series that only choose when to stop: those of all series, or of as many as the settings say. */
export function validationTails(series: readonly SeriesData[], config: SegmentConfig, seed: number): Map<SeriesData, number> {
  const { validationTail: tail, validationSeries } = config.train;
  if (tail < config.horizon || validationSeries < 1) return new Map();
  // A tail must leave the series enough windows to train on.
  const able = series.filter((one) => trainingRange(one, tail, config).count >= tail);
  const random = new Random(seed, CHOICE_PURPOSE);
  for (let i = able.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [able[i], able[j]] = [able[j]!, able[i]!];
  }
  return new Map(able.slice(0, validationSeries).map((one) => [one, tail]));
}

function validationWindows(series: SeriesData, tail: number, { horizon }: SegmentConfig, most: number): Window[] {
  const first = series.values.length - tail;
  const last = series.values.length - horizon;
  const windows = Math.min(most, last - first + 1);
  return Array.from({ length: windows }, (_, i) => ({
    series,
    origin: windows === 1 ? last : Math.round(first + ((last - first) * i) / (windows - 1)),
  }));
}
