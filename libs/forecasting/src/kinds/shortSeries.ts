/**
 * How wide the intervals of a model that learns from many series are at least, after a history of a few values. Such a model takes the
 * scale of a series from what little it has seen of it, which may be small by luck, and knows the few values of a small panel by heart:
 * either way its intervals are too narrow. What is unknown is borrowed: the spread is that of the series' own differences and of three
 * more that are as large, relative to the size of the series, as those of the other series.
 *
 * It is a least width, that of white noise with such differences (σ/√2, the narrowest that they may mean); where the model's is wider,
 * it stays. From 13 observations on it counts for less, from 24 on for nothing. Where neither the series nor another one tells anything,
 * the bounds are unknown, and never invented.
 */
import { keepTo, neverNegative } from '../dataset/target.js';
import { intermittentOf } from '../dataset/intermittent.js';
import type { Panel, PredictOptions, SeriesData, SeriesForecast } from '../forecaster.js';
import { anchorIndex } from '../levels.js';
import { normalQuantile } from '../normal.js';
import { SPREAD_BORROWED, SPREAD_UNKNOWN } from '../notes.js';
import { LONG_CONSTANT, plain, RESOLUTION } from './baselines/spread.js';

/** Observations up to which the whole of the least width counts, and from which on nothing of it does. */
const WHOLE = 12;
const NONE = 24;
/** A look-back of as many steps shows whether a series is short. */
export const SHORT_LOOK_BACK = NONE + 1;
/** Differences that are borrowed. */
const BORROWED = 3;
/** The differences of a short series may be those of its season, which the model knows from others: no more than so many times theirs. */
const MOST = 2;

/**
 * How far the values of a panel lie apart from one step, or one season, to the next, whichever is less, relative to their size: the
 * median over its series, and NaN where none is long enough to tell.
 */
export function noiseOf({ series, seasonLengths }: Pick<Panel, 'series' | 'seasonLengths'>): number {
  const all: number[] = [];
  for (const { values } of series) {
    const { squares, count, size } = plain(values);
    if (count < LONG_CONSTANT || !(size > 0)) continue;
    const least = Math.min(squares / count, ...seasonLengths.map((length) => meanSquare(values, length)));
    if (least > 0) all.push(Math.sqrt(least) / size);
  }
  all.sort((a, b) => a - b);
  return all.length > 0 ? all[all.length >> 1]! : Number.NaN;
}

/** As JSON has it: null where no series tells it, absent where nobody asked. */
export const savedNoise = (noise: number | undefined): { noise?: number | null } =>
  noise === undefined ? {} : { noise: Number.isNaN(noise) ? null : noise };
export const readNoise = (noise: number | null | undefined): number | undefined => (noise === null ? Number.NaN : noise);

/** Of the differences over a season; infinite where the series does not show it twice. */
function meanSquare(values: Float64Array, length: number): number {
  if (values.length < 2 * length) return Infinity;
  let [sum, count] = [0, 0];
  for (let t = length; t < values.length; t++) {
    const apart = values[t]! - values[t - length]!;
    if (Number.isNaN(apart)) continue;
    sum += apart ** 2;
    count++;
  }
  return count >= LONG_CONSTANT ? sum / count : Infinity;
}

/**
 * Forecasts with at least the width that the shortness of their histories asks for.
 *
 * @param forecasts of the series of `panel`, in their order
 * @param noise what `noiseOf` said of the panel that the model learned from; undefined for models from before anybody asked
 */
export function widened(
  panel: Panel,
  forecasts: SeriesForecast[],
  options: Pick<PredictOptions, 'levels' | 'horizon' | 'targets'>,
  noise: number | undefined,
): SeriesForecast[] {
  if (noise === undefined) return forecasts;
  return forecasts.map((forecast, i) => {
    const sigma = leastSigma(panel.series[i]!, noise);
    return sigma === 0 ? forecast : atLeast(forecast, panel.series[i]!, sigma, options);
  });
}

/** Whether the model's own width stands: most series of most panels, which are seen by their first few values. */
function isLong(values: Float64Array): boolean {
  let observed = 0;
  for (let t = 0; t < values.length; t++) if (!Number.isNaN(values[t]) && ++observed >= NONE) return true;
  return false;
}

/** Of every step; 0 where the model's own width stands, NaN where nothing tells it. */
function leastSigma({ values }: SeriesData, noise: number): number {
  if (isLong(values)) return 0;
  const { squares, count, size } = plain(values);
  const observed = size > 0 ? count + 1 : 0;
  if (observed === 0 || intermittentOf(values, [])) return 0;
  const share = Math.min(1, (NONE - observed) / (NONE - WHOLE)) / Math.SQRT2;
  if (squares === 0 && observed >= LONG_CONSTANT) return share * RESOLUTION * size;
  if (Number.isNaN(noise)) return squares > 0 ? share * Math.sqrt(squares / count) : Number.NaN;
  const borrowed = (noise * size) ** 2;
  const own = Math.min(squares, count * MOST ** 2 * borrowed);
  return share * Math.sqrt((own + BORROWED * borrowed) / (count + BORROWED));
}

function atLeast(
  forecast: SeriesForecast,
  series: SeriesData,
  sigma: number,
  { levels, horizon, targets }: Pick<PredictOptions, 'levels' | 'horizon' | 'targets'>,
): SeriesForecast {
  const target = targets?.get(forecast.id);
  const z = levels.map(normalQuantile);
  const { notes = [] } = forecast;
  const quantiles = forecast.quantiles.slice();
  if (Number.isNaN(sigma)) {
    z.forEach((score, q) => score !== 0 && quantiles.fill(Number.NaN, q * horizon, (q + 1) * horizon));
    return { ...forecast, quantiles, notes: [...notes, SPREAD_UNKNOWN] };
  }
  const anchor = anchorIndex(levels);
  const own = quantiles.slice();
  let wider = false;
  for (let t = 0; t < horizon; t++) {
    const center = own[anchor * horizon + t]! - z[anchor]! * sigma;
    for (const [q, score] of z.entries()) {
      if (q === anchor) continue;
      const bound = center + score * sigma;
      const value = own[q * horizon + t]!;
      if (score > z[anchor]! ? !(bound > value) : !(bound < value)) continue;
      quantiles[q * horizon + t] = bound;
      wider = true;
    }
  }
  if (!wider) return forecast;
  // Where the model never went below 0, its wider intervals do not either.
  if (neverNegative([series]) && !own.some((value) => value < 0))
    for (let i = 0; i < quantiles.length; i++) quantiles[i] = Math.max(0, quantiles[i]!);
  keepTo(target, quantiles, levels);
  if (quantiles.every((value, i) => value === own[i])) return forecast;
  return {
    ...forecast,
    quantiles,
    ...(forecast.paths ? { paths: keepTo(target, spread(forecast.paths, own, quantiles, horizon, anchor)) } : {}),
    notes: [...notes, SPREAD_BORROWED],
  };
}

/** Paths around the median as much wider as the outermost quantiles of their step. */
function spread(paths: Float64Array, own: Float64Array, wider: Float64Array, horizon: number, anchor: number): Float64Array {
  const last = own.length - horizon;
  return paths.map((value, i) => {
    const t = i % horizon;
    const before = own[last + t]! - own[t]!;
    const center = own[anchor * horizon + t]!;
    return before > 0 ? center + ((value - center) * (wider[last + t]! - wider[t]!)) / before : value;
  });
}
