import { AlmanacError } from '@almanac/series';
import type { SeriesData } from '../forecaster.js';

/** No series has the `needed` steps; names the longest. */
export function tooShort(series: readonly SeriesData[], needed: number): AlmanacError {
  const longest = series.reduce<SeriesData | undefined>(
    (best, one) => (best && best.values.length >= one.values.length ? best : one),
    undefined,
  );
  const found = longest ? `the longest series, ${longest.id}, has ${longest.values.length}` : 'the panel has no series';
  return new AlmanacError('SERIES_TOO_SHORT', `Training needs a series of at least ${needed} steps; ${found}.`, {
    hint: 'Give longer series, or a shorter horizon or context.',
    subject: { ...(longest ? { series: longest.id } : {}), needed },
  });
}
