/**
 * Which synthetic windows a step trains on: how much of a series is known, how far ahead is asked, which season is given as an input.
 *
 * Invariant: the windows of a step depend on seed and step alone, so a resumed run sees the same.
 */
import { CONTEXT, HORIZON_SEGMENTS, SEGMENT } from '../kinds/pretrained/shape.js';
import type { Window } from '../kinds/pretrained/window.js';
import { Draws } from './draws.js';
import { type Seasons, synthesise } from './synthesise.js';

/** Windows of one shape: context segments n, horizon segments m. */
export interface Draft {
  n: number;
  m: number;
  windows: Window[];
}

interface Bucket {
  n: number;
  often: number;
  horizons: readonly number[];
  size: number;
  /** Shortest history. */
  from: number;
  seasons: readonly (readonly [number | 'other', number])[];
}

/** A step's windows are alike in length, so that short ones cost little; seasons come as often as series of that length have them. */
const BUCKETS: readonly Bucket[] = [
  { n: 2, often: 22, horizons: [1], size: 160, from: 3, seasons: [[1, 42], [4, 24], [12, 12], [7, 8], [24, 5], ['other', 9]] }, // prettier-ignore
  { n: 4, often: 20, horizons: [1, 1, 2], size: 128, from: 33, seasons: [[1, 22], [4, 28], [12, 26], [7, 10], [24, 5], [52, 2], ['other', 7]] }, // prettier-ignore
  { n: 8, often: 20, horizons: [1, 2], size: 128, from: 65, seasons: [[1, 15], [4, 13], [12, 38], [7, 12], [24, 10], [52, 4], ['other', 8]] }, // prettier-ignore
  { n: 16, often: 16, horizons: [2, 3], size: 96, from: 129, seasons: [[1, 10], [12, 26], [7, 20], [24, 22], [52, 8], [48, 6], ['other', 8]] }, // prettier-ignore
  { n: 32, often: 22, horizons: [2, 3, 4], size: 80, from: 257, seasons: [[1, 9], [12, 9], [7, 17], [24, 36], [48, 10], [96, 8], [52, 3], ['other', 8]] }, // prettier-ignore
];

const SHAPE_PURPOSE = 11;
const SERIES_PURPOSE = 12;
/** Windows of the longest kind have more history than the encoder reads. */
const LONGEST = 2 * CONTEXT;
/** Series go on being drawn before the window begins, so that windows do not all begin where a series does. */
const MOST_BEFORE = 64;

export function drawWindows(seed: number, step: number): Draft {
  const shape = new Draws(seed, SHAPE_PURPOSE, step);
  const bucket = shape.weighted(BUCKETS.map((one) => [one, one.often] as const));
  const m = Math.min(HORIZON_SEGMENTS, shape.of(bucket.horizons));
  return { n: bucket.n, m, windows: Array.from({ length: bucket.size }, (_, b) => draw(seed, step * 1024 + b, bucket, m)) };
}

function draw(seed: number, stream: number, bucket: Bucket, m: number): Window {
  const draws = new Draws(seed, SERIES_PURPOSE, stream);
  const seasons = seasonsOf(draws, bucket);
  const most = bucket.n * SEGMENT < CONTEXT ? bucket.n * SEGMENT : draws.chance(0.5) ? CONTEXT : LONGEST;
  const known = bucket.n === 2 ? Math.round(draws.spread(bucket.from, most)) : draws.whole(bucket.from, most);
  const before = draws.chance(0.5) ? draws.whole(1, Math.min(MOST_BEFORE, known)) : 0;
  const horizon = m * SEGMENT;
  const series = synthesise(draws, before + known + horizon, seasons);
  const history = series.slice(before, before + known);
  if (draws.chance(0.12)) loseSome(draws, history);
  return { history, ...seasonsGiven(draws, seasons), future: series.subarray(before + known) };
}

function seasonsOf(draws: Draws, bucket: Bucket): Seasons {
  const drawn = draws.weighted(bucket.seasons);
  const season = drawn === 'other' ? Math.round(draws.spread(2, Math.min(200, 6 * bucket.n + 12))) : drawn;
  const second =
    season === 24 || season === 48 || season === 96
      ? draws.chance(0.8)
        ? 7 * season
        : 0
      : season === 7
        ? draws.weighted([[0, 60], [365, 25], [30, 15]] as const) // prettier-ignore
        : draws.chance(0.04)
          ? season * draws.whole(2, 7)
          : 0;
  return { season, second };
}

/** The seasons that the network is given: now and then too few, or one that is not there. */
function seasonsGiven(draws: Draws, { season, second }: Seasons): Seasons {
  const how = draws.next();
  if (how < 0.025) return { season: 1, second: 0 };
  if (how < 0.045) return { season: draws.of([4, 7, 12, 24]), second: 0 };
  if (how < 0.09) return { season, second: 0 };
  return { season, second };
}

/** Single missing values, or a stretch of them; never the whole history. */
function loseSome(draws: Draws, history: Float64Array): void {
  const whole = history.slice();
  if (draws.chance(0.6)) {
    const share = draws.uniform(0.01, 0.4);
    for (let t = 0; t < history.length; t++) if (draws.chance(share)) history[t] = NaN;
  }
  if (draws.chance(0.5)) {
    const width = draws.whole(1, Math.max(1, history.length >> 2));
    const from = draws.whole(0, history.length - width);
    history.fill(NaN, from, from + width);
  }
  if (history.every(Number.isNaN)) history.set(whole);
}
