/**
 * The Theta method: half the series' straight line, half an exponential smoothing of the line's mirror image.
 *
 * Sources: Assimakopoulos and Nikolopoulos (2000), in the form M4 used as a benchmark (θ = 2, season by `seasonality.ts`);
 * `optimisedTheta` chooses θ as well (Fiorucci et al. 2016, OTM). Intervals: one-step residuals with the variance of
 * exponential smoothing, σ²(1 + (h − 1)α²) (Hyndman and Billah 2003). A history without negative values is not
 * forecast below 0, as in M4.
 */
import { type LocalMethod, type QuantileFunction } from './forecaster.js';
import { gaussian } from './naive.js';
import { deseasonalise, findSeason, reseasonalise } from './seasonality.js';
import { fitSmoothing, goldenSection, type Smoothing } from './smoothing.js';

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

function thetaMethod(chooseTheta: (residualsOf: (theta: number) => number) => number): LocalMethod {
  return ({ values, seasonLength, spread }) => {
    const season = findSeason(values, seasonLength);
    const adjusted = deseasonalise(values, season);
    const line = straightLine(adjusted);
    const at = (t: number): number => line.intercept + line.slope * t;
    const smooth = (theta: number): Smoothing => fitSmoothing(adjusted.map((value, t) => theta * value + (1 - theta) * at(t)));
    // The combination's one-step error is the theta line's own, divided by θ.
    const theta = chooseTheta((candidate) => smooth(candidate).squares / (candidate * candidate));
    const smoothing = smooth(theta);
    const sigma = spread.sigma(smoothing.squares / (theta * theta), smoothing.count, 2);
    const nonNegative = !values.some((value) => value < 0);
    const apart = adjusted.reduce((sum, value, t) => (Number.isNaN(value) ? sum : sum + (value - at(t)) ** 2), 0);
    const core =
      apart < LINE_SHARE * (smoothing.squares / (theta * theta))
        ? onTheLine(at, values.length, spread.sigma(apart, smoothing.count, 2))
        : gaussian(
            (step) => (1 - 1 / theta) * at(values.length + step) + smoothing.level / theta,
            (step) => sigma * Math.sqrt(1 + (smoothing.gap + step) * smoothing.alpha ** 2),
          );
    return (level, step) => {
      const value = reseasonalise(core(level, step), values.length + step, season);
      return nonNegative ? Math.max(0, value) : value;
    };
  };
}

export const theta: LocalMethod = thetaMethod(() => 2);

/** θ between 1 (plain exponential smoothing) and 20 (nearly the line, plus a smoothed remainder), by one-step squared error. */
export const optimisedTheta: LocalMethod = thetaMethod((squaresOf) =>
  Math.exp(goldenSection((log) => squaresOf(Math.exp(log)), 0, Math.log(20), 8)),
);
