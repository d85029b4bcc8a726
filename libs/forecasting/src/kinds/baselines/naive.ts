/**
 * Naive, seasonal naive and drift, with the Gaussian intervals that follow from their one-step residuals.
 *
 * Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5 (table 5.2).
 * A residual over a gap of g steps carries g steps' variance and is counted as such. Where no residual exists (one
 * observation), the spread is unknown and every quantile equals the point.
 */
import { type LocalMethod, type LocalRequest, type QuantileFunction } from './forecaster.js';
import { normalQuantile } from '../../normal.js';

/** Quantiles of independent normals with the given centre and spread at each horizon step. */
export function gaussian(point: (step: number) => number, spread: (step: number) => number): QuantileFunction {
  return (level, step) => {
    const sigma = spread(step);
    return sigma > 0 ? point(step) + normalQuantile(level) * sigma : point(step);
  };
}

/** Root of the mean of `sum / count`, less `used` degrees of freedom; 0 where nothing is left. */
export function sigmaOf(sumOfSquares: number, count: number, used = 0): number {
  return count > used ? Math.sqrt(sumOfSquares / (count - used)) : 0;
}

/** Positions of the observed values. */
function observed(values: Float64Array): number[] {
  const positions: number[] = [];
  for (let t = 0; t < values.length; t++) if (!Number.isNaN(values[t]!)) positions.push(t);
  return positions;
}

/** The last observed value, for every step; σ√h. */
export const naive: LocalMethod = ({ values }) => {
  const positions = observed(values);
  const last = positions.at(-1)!;
  let squares = 0;
  for (let i = 1; i < positions.length; i++) {
    const gap = positions[i]! - positions[i - 1]!;
    squares += (values[positions[i]!]! - values[positions[i - 1]!]!) ** 2 / gap;
  }
  const sigma = sigmaOf(squares, positions.length - 1);
  return gaussian(
    () => values[last]!,
    (step) => sigma * Math.sqrt(values.length + step - last),
  );
};

/**
 * The last observed value of the same phase of the season; σ√k, k seasons after it. A phase never observed takes the last
 * observed value of any phase.
 */
export const seasonalNaive: LocalMethod = (request) => {
  const { values, seasonLength } = request;
  if (seasonLength <= 1) return naive(request);
  const lastOfPhase = new Int32Array(seasonLength).fill(-1);
  let last = 0;
  let squares = 0;
  let count = 0;
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t]!)) continue;
    const before = lastOfPhase[t % seasonLength]!;
    if (before >= 0) {
      squares += (values[t]! - values[before]!) ** 2 / ((t - before) / seasonLength);
      count++;
    }
    lastOfPhase[t % seasonLength] = t;
    last = t;
  }
  const sigma = sigmaOf(squares, count);
  const source = (step: number): number => {
    const same = lastOfPhase[(values.length + step) % seasonLength]!;
    return same >= 0 ? same : last;
  };
  return gaussian(
    (step) => values[source(step)]!,
    (step) => sigma * Math.sqrt(Math.ceil((values.length + step - source(step)) / seasonLength)),
  );
};

/** The line through the first and the last observation; σ√(h(1 + h/(T − 1))). */
export const drift: LocalMethod = (request: LocalRequest) => {
  const { values } = request;
  const positions = observed(values);
  const first = positions[0]!;
  const last = positions.at(-1)!;
  if (last === first) return naive(request);
  const span = last - first;
  const slope = (values[last]! - values[first]!) / span;
  let squares = 0;
  for (let i = 1; i < positions.length; i++) {
    const gap = positions[i]! - positions[i - 1]!;
    squares += (values[positions[i]!]! - values[positions[i - 1]!]! - slope * gap) ** 2 / gap;
  }
  const sigma = sigmaOf(squares, positions.length - 1, 1);
  return gaussian(
    (step) => values[last]! + slope * (values.length + step - last),
    (step) => {
      const ahead = values.length + step - last;
      return sigma * Math.sqrt(ahead * (1 + ahead / span));
    },
  );
};
