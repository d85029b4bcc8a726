/**
 * Naive, seasonal naive and drift, with the Gaussian intervals that follow from their one-step residuals.
 *
 * Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5 (table 5.2).
 * A residual over a gap of g steps carries g steps' variance and is counted as such. Where residuals say nothing, `spread.ts` does.
 */
import { type LocalMethod, type LocalRequest, type QuantileFunction } from './forecaster.js';
import { normalQuantile } from '../../normal.js';

/** Quantiles of normals with the given centre and spread at each horizon step; where the spread is NaN only the centre is known. */
export function gaussian(point: (step: number) => number, spread: (step: number) => number): QuantileFunction {
  return (level, step) => {
    const sigma = spread(step);
    return sigma === 0 || level === 0.5 ? point(step) : point(step) + normalQuantile(level) * sigma;
  };
}

/** Positions of the observed values. */
function observed(values: Float64Array): number[] {
  const positions: number[] = [];
  for (let t = 0; t < values.length; t++) if (!Number.isNaN(values[t]!)) positions.push(t);
  return positions;
}

/** The last observed value, for every step; σ√h. */
export const naive: LocalMethod = ({ values, spread }) => {
  const last = observed(values).at(-1)!;
  const sigma = spread.naive;
  return gaussian(
    () => values[last]!,
    (step) => sigma * Math.sqrt(values.length + step - last),
  );
};

/**
 * The last observed value of the same phase of the season; σ√k, k seasons after it. A phase never observed takes the last
 * observed value of any phase, and the width of the naive method where that is less.
 */
export const seasonalNaive: LocalMethod = (request) => {
  const { values, seasonLength, spread } = request;
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
  const sigma = spread.seasonal(squares, count);
  const same = (step: number): number => lastOfPhase[(values.length + step) % seasonLength]!;
  return gaussian(
    (step) => values[same(step) >= 0 ? same(step) : last]!,
    (step) => {
      const at = values.length + step;
      if (same(step) >= 0) return sigma * Math.sqrt(Math.ceil((at - same(step)) / seasonLength));
      return Math.min(sigma * Math.sqrt(Math.ceil((at - last) / seasonLength)), spread.naive * Math.sqrt(at - last));
    },
  );
};

/** The line through the first and the last observation; σ√(h(1 + h/(T − 1))). */
export const drift: LocalMethod = (request: LocalRequest) => {
  const { values, spread } = request;
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
  const sigma = spread.sigma(squares, positions.length - 1, 1);
  return gaussian(
    (step) => values[last]! + slope * (values.length + step - last),
    (step) => {
      const ahead = values.length + step - last;
      return sigma * Math.sqrt(ahead * (1 + ahead / span));
    },
  );
};
