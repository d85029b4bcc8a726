/**
 * How the errors of a model hang together: over the steps of one forecast, and over the series of one step. Quantiles say how far off
 * each value may be; whether misses come together decides how far off their sum is.
 *
 * The errors are taken as normal scores (the score whose quantile came true), as a Gaussian copula has them. A score is a share that
 * all series have in common and one of its own; either has the same correlation over time,
 * `constant + (1 − constant) · persistence^lag`: what stays for the whole forecast (a level that is wrong) and what fades.
 *
 * Source: the copula of Pinson et al. (2009), From probabilistic forecasts to statistical scenarios; one common factor as in Vasicek.
 */
import type { Panel, SeriesForecast } from '../forecaster.js';
import { normalQuantile } from '../normal.js';

export interface Dependence {
  /** 0 … 1: of neighbouring steps, what fades. */
  persistence: number;
  /** 0 … 1: share that stays over the whole forecast. */
  constant: number;
  /** 0 … 1: correlation of different series at the same step. */
  common: number;
}

/** Where nothing was measured: errors fade within a few steps, and series miss on their own. */
export const UNMEASURED: Dependence = { persistence: 0.5, constant: 0.1, common: 0 };

/** Scores beyond this are not distinguished. */
const FARTHEST = 3;
/** Observed pairs that count as much as what is assumed without any. */
const PRIOR_PAIRS = 20;
const LAGS = 200;

/** The score whose quantile is the value: straight lines over the normal scale between levels, and beyond the outermost two. */
export function scoreOf(value: number, quantiles: ArrayLike<number>, z: readonly number[]): number {
  const n = z.length;
  let low = 0;
  while (low < n && quantiles[low]! < value) low++;
  let high = low;
  while (high < n && quantiles[high]! <= value) high++;
  // On a flat piece any of its scores fits: its middle.
  if (high > low) return (z[low]! + z[high - 1]!) / 2;
  const at = Math.min(n - 1, Math.max(1, low));
  const [from, to] = [quantiles[at - 1]!, quantiles[at]!];
  const score = to > from ? z[at - 1]! + ((value - from) / (to - from)) * (z[at]! - z[at - 1]!) : low === 0 ? -FARTHEST : FARTHEST;
  return Math.min(FARTHEST, Math.max(-FARTHEST, score));
}

/**
 * Measured on forecasts of steps that were not learned from. With few of them what is measured is drawn towards `UNMEASURED`.
 *
 * @param panel what came
 * @param levels of the quantiles, ascending
 */
export function dependenceOf(panel: Panel, forecasts: readonly SeriesForecast[], levels: readonly number[]): Dependence {
  const z = levels.map(normalQuantile);
  const byId = new Map(panel.series.map((series) => [series.id, series]));
  const rows: { at: string; scores: Float64Array }[] = [];
  for (const { id, cutoff, quantiles } of forecasts) {
    const series = byId.get(id);
    const horizon = quantiles.length / levels.length;
    if (!series || !quantiles.every(Number.isFinite)) continue;
    const scores = new Float64Array(horizon).fill(Number.NaN);
    const own = new Float64Array(levels.length);
    for (let h = 0; h < horizon; h++) {
      const value = series.values[cutoff + 1 + h - series.firstStep] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      levels.forEach((_, q) => (own[q] = quantiles[q * horizon + h]!));
      scores[h] = scoreOf(value, own, z);
    }
    rows.push({ at: String(cutoff), scores });
  }
  return { ...overSteps(rows.map(({ scores }) => scores)), common: overSeries(rows) };
}

/** Least squares over a grid: the correlations by lag, each weighed by its pairs. */
function overSteps(rows: readonly Float64Array[]): Pick<Dependence, 'persistence' | 'constant'> {
  let square = 0;
  let count = 0;
  for (const scores of rows)
    for (const score of scores)
      if (!Number.isNaN(score)) {
        square += score * score;
        count++;
      }
  if (count === 0 || square === 0) return UNMEASURED;
  const variance = square / count;
  const longest = Math.min(LAGS, Math.max(...rows.map(({ length }) => length)) - 1);
  const lags: { lag: number; correlation: number; pairs: number }[] = [];
  for (let lag = 1; lag <= longest; lag++) {
    let sum = 0;
    let pairs = 0;
    for (const scores of rows)
      for (let t = lag; t < scores.length; t++) {
        const product = scores[t]! * scores[t - lag]!;
        if (Number.isNaN(product)) continue;
        sum += product;
        pairs++;
      }
    if (pairs > 0) lags.push({ lag, correlation: Math.min(1, Math.max(-1, sum / pairs / variance)), pairs });
  }
  let best = { persistence: UNMEASURED.persistence, constant: UNMEASURED.constant, loss: Infinity };
  for (let constant = 0; constant <= 0.951; constant += 0.05)
    for (let persistence = 0; persistence <= 0.981; persistence += 0.02) {
      // What is assumed counts as some pairs more.
      let loss = 0;
      for (const { lag, correlation, pairs } of lags) {
        const expected = constant + (1 - constant) * persistence ** lag;
        const assumed = UNMEASURED.constant + (1 - UNMEASURED.constant) * UNMEASURED.persistence ** lag;
        loss += pairs * (correlation - expected) ** 2 + (PRIOR_PAIRS / lags.length) * (assumed - expected) ** 2;
      }
      if (loss < best.loss) best = { persistence, constant, loss };
    }
  return { persistence: best.persistence, constant: best.constant };
}

/** From how much the mean over the series of a step varies beyond what it would if they missed on their own. */
function overSeries(rows: readonly { at: string; scores: Float64Array }[]): number {
  const groups = new Map<string, { sum: number; square: number; count: number }>();
  for (const { at, scores } of rows)
    scores.forEach((score, h) => {
      if (Number.isNaN(score)) return;
      const key = `${at} ${h}`;
      const group = groups.get(key) ?? { sum: 0, square: 0, count: 0 };
      group.sum += score;
      group.square += score * score;
      group.count++;
      groups.set(key, group);
    });
  let [products, pairs, square, count] = [0, 0, 0, 0];
  for (const group of groups.values()) {
    products += group.sum ** 2 - group.square; // twice the sum over pairs
    pairs += group.count * (group.count - 1);
    square += group.square;
    count += group.count;
  }
  if (pairs === 0 || square === 0) return UNMEASURED.common;
  const steps = [...groups.values()].filter((group) => group.count > 1).length;
  const measured = Math.max(0, products / pairs / (square / count));
  return Math.min(0.95, (steps * measured + PRIOR_PAIRS * UNMEASURED.common) / (steps + PRIOR_PAIRS));
}
