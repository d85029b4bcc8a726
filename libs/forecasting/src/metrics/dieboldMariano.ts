/**
 * The Diebold-Mariano test: are the losses of two forecasters different by more than chance? It gates promotions.
 *
 * Diebold and Mariano (1995) with the small-sample correction and the Student t reference of Harvey, Leybourne and
 * Newbold (1997). Losses are in time order; a pair with a missing loss is left out.
 */
import { AlmanacError } from '@almanac/series';
import { studentTUpperTail } from './studentT.js';

export interface DieboldMariano {
  /** Negative where `lossesA` are the smaller. */
  statistic: number;
  /** Chance of a difference at least so large, either way, if neither is better. */
  pValue: number;
  /** Chance of A looking at least so much better, if it is not. Small: A is better. */
  pValueABetter: number;
  meanDifference: number;
  count: number;
}

/**
 * @param horizon steps ahead of the forecasts; errors of h-step forecasts correlate up to lag h − 1
 * @throws DM_TOO_FEW fewer pairs than twice the horizon, or than 4
 */
export function dieboldMariano(lossesA: ArrayLike<number>, lossesB: ArrayLike<number>, horizon = 1): DieboldMariano {
  const differences: number[] = [];
  for (let t = 0; t < Math.min(lossesA.length, lossesB.length); t++) {
    const difference = lossesA[t]! - lossesB[t]!;
    if (!Number.isNaN(difference)) differences.push(difference);
  }
  const count = differences.length;
  if (count < Math.max(4, 2 * horizon)) {
    throw new AlmanacError('DM_TOO_FEW', `${count} pairs of losses are too few for a Diebold-Mariano test at horizon ${horizon}.`, {
      hint: `Compare over at least ${Math.max(4, 2 * horizon)} backtest windows.`,
      subject: { count, horizon },
    });
  }
  const mean = differences.reduce((sum, d) => sum + d, 0) / count;
  const autocovariance = (lag: number): number => {
    let sum = 0;
    for (let t = lag; t < count; t++) sum += (differences[t]! - mean) * (differences[t - lag]! - mean);
    return sum / count;
  };
  const own = autocovariance(0);
  let variance = own;
  for (let lag = 1; lag < horizon; lag++) variance += 2 * autocovariance(lag);
  // The truncated sum can turn negative; the lag-0 term alone is then the usual way out (R's dm.test does so too).
  const usedHorizon = variance > 0 ? horizon : 1;
  if (variance <= 0) variance = own;
  if (variance === 0) {
    const sign = Math.sign(mean);
    const certain = sign === 0 ? 1 : 0;
    return {
      statistic: sign === 0 ? 0 : sign * Infinity,
      pValue: certain,
      pValueABetter: sign === 0 ? 0.5 : sign < 0 ? 0 : 1,
      meanDifference: mean,
      count,
    };
  }
  const correction = (count + 1 - 2 * usedHorizon + (usedHorizon * (usedHorizon - 1)) / count) / count;
  const statistic = (mean / Math.sqrt(variance / count)) * Math.sqrt(correction);
  return {
    statistic,
    pValue: Math.min(1, 2 * studentTUpperTail(Math.abs(statistic), count - 1)),
    pValueABetter: studentTUpperTail(-statistic, count - 1),
    meanDifference: mean,
    count,
  };
}
