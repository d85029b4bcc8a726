/**
 * The Theta method: half the series' straight line, half an exponential smoothing of the line's mirror image.
 *
 * Sources: Assimakopoulos and Nikolopoulos (2000), in the form M4 used as a benchmark (θ = 2, season by `seasonality.ts`);
 * `optimisedTheta` is the dynamic optimised model of `dynamicTheta.ts`. Intervals: one-step residuals with the variance of
 * exponential smoothing, σ²(1 + (h − 1)α²) (Hyndman and Billah 2003). A history without negative values is not
 * forecast below 0, as in M4.
 */
import { type LocalMethod, type QuantileFunction } from './forecaster.js';
import { dynamicTheta, fitDynamicTheta } from './dynamicTheta.js';
import { gaussian } from './naive.js';
import { deseasonalise, findSeason, reseasonalise, type SeasonalIndex } from './seasonality.js';
import { fitSmoothing } from './smoothing.js';

const THETA = 2;

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

/** Regression's prediction interval about the line: the spread grows with the distance from the middle of the history. */
function onTheLine(at: (t: number) => number, length: number, sigma: number): QuantileFunction {
  const around = (length * (length * length - 1)) / 12;
  return gaussian(
    (step) => at(length + step),
    (step) => sigma * Math.sqrt(1 + 1 / length + (around > 0 ? (length + step - (length - 1) / 2) ** 2 / around : 0)),
  );
}

export const theta: LocalMethod = ({ values, seasonLength, spread }) => {
  const season = findSeason(values, seasonLength);
  const adjusted = deseasonalise(values, season);
  const line = straightLine(adjusted);
  const at = (t: number): number => line.intercept + line.slope * t;
  const smoothing = fitSmoothing(adjusted.map((value, t) => THETA * value + (1 - THETA) * at(t)));
  // The combination's one-step error is the theta line's own, divided by θ.
  const squares = smoothing.squares / THETA ** 2;
  const sigma = spread.sigma(squares, smoothing.count, 2);
  const apart = distance(adjusted, at);
  const core =
    apart < LINE_SHARE * squares
      ? onTheLine(at, values.length, spread.sigma(apart, smoothing.count, 2))
      : gaussian(
          (step) => (1 - 1 / THETA) * at(values.length + step) + smoothing.level / THETA,
          (step) => sigma * Math.sqrt(1 + (smoothing.gap + step) * smoothing.alpha ** 2),
        );
  return inUnits(core, values, season);
};

/** Sum of squares about the line. */
const distance = (values: Float64Array, at: (t: number) => number): number =>
  values.reduce((sum, value, t) => (Number.isNaN(value) ? sum : sum + (value - at(t)) ** 2), 0);

/** With the season put back; not below 0 where the history never was. */
function inUnits(core: QuantileFunction, values: Float64Array, season: SeasonalIndex | null): QuantileFunction {
  const nonNegative = !values.some((value) => value < 0);
  return (level, step) => {
    const value = reseasonalise(core(level, step), values.length + step, season);
    return nonNegative ? Math.max(0, value) : value;
  };
}

/** Fewer observations fit no three parameters: they are forecast by the Theta method as it is. */
const FEWEST = 5;

/**
 * The dynamic optimised Theta method where it can be fitted (`dynamicTheta.ts`), the Theta method where the history is too short for it;
 * the line itself where the history is one.
 */
export const optimisedTheta: LocalMethod = (request) => {
  const { values, seasonLength, spread, horizon } = request;
  const observed = values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
  if (observed < FEWEST) return theta(request);
  const season = findSeason(values, seasonLength);
  const adjusted = deseasonalise(values, season);
  const fit = fitDynamicTheta(adjusted);
  const line = straightLine(adjusted);
  const at = (t: number): number => line.intercept + line.slope * t;
  const apart = distance(adjusted, at);
  const core =
    apart < LINE_SHARE * fit.squares
      ? onTheLine(at, values.length, spread.sigma(apart, observed, 2))
      : dynamicTheta(adjusted, fit, horizon, spread, season ? seasonLength - 1 : 0);
  return inUnits(core, values, season);
};
