/**
 * Naive2, M4's yardstick: the naive forecast of the seasonally adjusted series, with the season put back. OWA is relative
 * to it. Where the series shows no season it is the naive forecast.
 */
import { type LocalMethod } from './forecaster.js';
import { naive } from './naive.js';
import { deseasonalise, findSeason, reseasonalise } from './seasonality.js';

export const naive2: LocalMethod = ({ values, seasonLength, horizon, spread }) => {
  const season = findSeason(values, seasonLength);
  const without = deseasonalise(values, season);
  const adjusted = naive({ values: without, seasonLength, horizon, spread: spread.of(without) });
  return (level, step) => reseasonalise(adjusted(level, step), values.length + step, season);
};
