/** What an `auto` model says of its choice: facts of each series, and why a member counts or does not. Plain words, for people. */
import { intermittentOf } from '../../dataset/intermittent.js';
import type { SeriesData } from '../../forecaster.js';
import { deseasonalise, findSeason } from '../baselines/seasonality.js';
import { straightLine } from '../baselines/theta.js';

export interface SeriesFacts {
  observations: number;
  /** Those that its history shows, of those that its grid implies. */
  seasonLengths: number[];
  trend: 'rising' | 'falling' | 'none';
  /** It is mostly 0. */
  intermittent: boolean;
}

/** Share of the variance that a straight line must take away to be called a trend. */
const TREND = 0.5;

export function factsOf({ values }: Pick<SeriesData, 'values'>, seasonLengths: readonly number[]): SeriesFacts {
  const first = values.findIndex((value) => !Number.isNaN(value));
  const history = first < 0 ? new Float64Array(0) : values.subarray(first);
  const found = seasonLengths.filter((length) => history.length > 0 && findSeason(history, length) !== null);
  return {
    observations: history.reduce((count, value) => count + Number(!Number.isNaN(value)), 0),
    seasonLengths: found,
    trend: trendOf(found.length > 0 ? deseasonalise(history, findSeason(history, found[0]!)) : history),
    intermittent: history.length > 0 && intermittentOf(history, seasonLengths) !== undefined,
  };
}

function trendOf(values: Float64Array): SeriesFacts['trend'] {
  const { intercept, slope } = straightLine(values);
  let [mean, count] = [0, 0];
  for (const value of values) if (!Number.isNaN(value)) mean += (value - mean) / ++count;
  let [around, left] = [0, 0];
  values.forEach((value, t) => {
    if (Number.isNaN(value)) return;
    around += (value - mean) ** 2;
    left += (value - intercept - slope * t) ** 2;
  });
  if (count < 4 || !(around > 0) || 1 - left / around < TREND) return 'none';
  return slope > 0 ? 'rising' : 'falling';
}

export function sayFacts({ observations, seasonLengths, trend, intermittent }: SeriesFacts): string {
  const parts = [`${observations} observation${observations === 1 ? '' : 's'}`];
  if (intermittent) parts.push('mostly 0');
  parts.push(seasonLengths.length > 0 ? `a season of ${seasonLengths.join(' and of ')} steps` : 'no season found');
  if (trend !== 'none') parts.push(`${trend} trend`);
  return parts.join(', ');
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** `segment 43 %, autoEts 29 %, …`, the largest first. */
export function sayMix(labels: readonly string[], shares: readonly number[]): string {
  return labels
    .map((label, m) => ({ label, share: shares[m]! }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .map(({ label, share }) => `${label} ${percent(share)}`)
    .join(', ');
}
