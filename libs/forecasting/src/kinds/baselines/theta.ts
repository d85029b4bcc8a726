/**
 * The Theta method: half the series' straight line, half an exponential smoothing of the line's mirror image.
 *
 * Sources: Assimakopoulos and Nikolopoulos (2000), in the form M4 used as a benchmark (θ = 2, season by `seasonality.ts`);
 * `optimisedTheta` is the dynamic optimised model of `dynamicTheta.ts`. Intervals of both are those of the dynamic model with their
 * parameters, since the line of a whole history knows its end; after a few values, one-step residuals with the variance of exponential
 * smoothing, σ²(1 + (h − 1)α²) (Hyndman and Billah 2003). A history without negative values is not forecast below 0, as in M4.
 */
import { type LocalMethod, type LocalRequest, type QuantileFunction } from './forecaster.js';
import { type DynamicTheta, dynamicThetaOf, fitDynamicTheta, spreadsOf } from './dynamicTheta.js';
import { gaussian } from './naive.js';
import type { Spread } from './spread.js';
import { deseasonalise, findSeason, reseasonalise, type SeasonalIndex } from './seasonality.js';
import { fitSmoothing } from './smoothing.js';

const THETA = 2;
/** Fewer observations tell no errors of forecasts, nor fit three parameters. */
const FEWEST = 5;
const LEAST_ALPHA = 0.01;

interface Line {
  intercept: number;
  slope: number;
}

/** Least squares of the observed values on their position. */
export function straightLine(values: Float64Array): Line {
  let count = 0;
  let meanT = 0;
  let meanY = 0;
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t]!)) continue;
    count++;
    meanT += (t - meanT) / count;
    meanY += (values[t]! - meanY) / count;
  }
  let cross = 0;
  let square = 0;
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t]!)) continue;
    cross += (t - meanT) * (values[t]! - meanY);
    square += (t - meanT) ** 2;
  }
  const slope = square > 0 ? cross / square : 0;
  return { intercept: meanY - slope * meanT, slope };
}

/**
 * A history so much nearer to its line than to the method's own one-step forecasts is that line. The method halves a trend, because
 * trends fade; one that never did is not halved.
 */
const LINE_SHARE = 0.01;

/**
 * The line that a history is, or the even growth (a line of its logarithms) where it is nearer to that; null where it is neither.
 * @param values with a season taken out
 * @param squares of the errors of a method without it
 * @param straight false where the method knows straight lines itself
 */
export function lineInstead(values: Float64Array, squares: number, spread: Spread, straight = true): QuantileFunction | null {
  const at = lineOf(values);
  const apart = distance(values, at);
  const count = observedOf(values);
  if (!values.some((value) => value <= 0)) {
    const logs = values.map(Math.log);
    const growth = lineOf(logs);
    const grown = distance(values, (t) => Math.exp(growth(t)));
    if (count >= FEWEST && grown < LINE_SHARE * squares && grown < apart) {
      const sigma = spread.of(logs).sigma(distance(logs, growth), count, 2);
      const core = onTheLine(growth, values.length, sigma);
      return (level, step) => Math.exp(core(level, step));
    }
  }
  return straight && apart < LINE_SHARE * squares ? onTheLine(at, values.length, spread.sigma(apart, count, 2)) : null;
}

function lineOf(values: Float64Array): (t: number) => number {
  const { intercept, slope } = straightLine(values);
  return (t) => intercept + slope * t;
}

/** Sum of squares about a line. */
const distance = (values: Float64Array, at: (t: number) => number): number =>
  values.reduce((sum, value, t) => (Number.isNaN(value) ? sum : sum + (value - at(t)) ** 2), 0);

/** Regression's prediction interval about the line: the spread grows with the distance from the middle of the history. */
function onTheLine(at: (t: number) => number, length: number, sigma: number): QuantileFunction {
  const around = (length * (length * length - 1)) / 12;
  return gaussian(
    (step) => at(length + step),
    (step) => sigma * Math.sqrt(1 + 1 / length + (around > 0 ? (length + step - (length - 1) / 2) ** 2 / around : 0)),
  );
}

export const theta: LocalMethod = (request) => {
  const { values, seasonLength, spread } = request;
  const season = findSeason(values, seasonLength);
  const adjusted = deseasonalise(values, season);
  const line = straightLine(adjusted);
  const at = (t: number): number => line.intercept + line.slope * t;
  const smoothing = fitSmoothing(adjusted.map((value, t) => THETA * value + (1 - THETA) * at(t)));
  const point = (step: number): number => (1 - 1 / THETA) * at(values.length + step) + smoothing.level / THETA;
  if (observedOf(values) >= FEWEST)
    return around(request, season, adjusted, dynamicThetaOf(adjusted, THETA, Math.max(LEAST_ALPHA, smoothing.alpha)), point);
  // The combination's one-step error is the theta line's own, divided by θ.
  const squares = smoothing.squares / THETA ** 2;
  const sigma = spread.sigma(squares, smoothing.count, 2);
  const core =
    lineInstead(adjusted, squares, spread) ??
    gaussian(point, (step) => sigma * Math.sqrt(1 + (smoothing.gap + step) * smoothing.alpha ** 2));
  return inUnits(core, values, season);
};

/** With the season put back; not below 0 where the history never was. */
export function inUnits(core: QuantileFunction, values: Float64Array, season: SeasonalIndex | null): QuantileFunction {
  const nonNegative = !values.some((value) => value < 0);
  return (level, step) => {
    const value = reseasonalise(core(level, step), values.length + step, season);
    return nonNegative ? Math.max(0, value) : value;
  };
}

/**
 * The dynamic optimised Theta method where it can be fitted (`dynamicTheta.ts`), the Theta method where the history is too short for it;
 * the line itself where the history is one.
 */
export const optimisedTheta: LocalMethod = (request) => {
  const { values, seasonLength } = request;
  if (observedOf(values) < FEWEST) return theta(request);
  const season = findSeason(values, seasonLength);
  const adjusted = deseasonalise(values, season);
  const fit = fitDynamicTheta(adjusted);
  return around(request, season, adjusted, fit, (step) => fit.at(values.length, step + 1));
};

/** A point and the widths of a dynamic model; the line itself where the history is one. */
function around(
  { values, horizon, spread }: LocalRequest,
  season: SeasonalIndex | null,
  adjusted: Float64Array,
  fit: DynamicTheta,
  point: (step: number) => number,
): QuantileFunction {
  const line = lineInstead(adjusted, fit.squares, spread);
  if (line) return inUnits(line, values, season);
  const sigmas = spreadsOf(adjusted, fit, horizon, spread, season ? season.index.length - 1 : 0);
  return inUnits(
    gaussian(point, (step) => sigmas[step]!),
    values,
    season,
  );
}

const observedOf = (values: Float64Array): number => values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
