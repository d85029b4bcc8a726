/**
 * A panel as it was at a cutoff. Everything that scores a model on the past goes through here.
 *
 * Invariants: nothing after the cutoff can be reached from the result, not even through a shared buffer; future covariates
 * are known through the horizon and no further; a series that ends before the cutoff is missing (NaN) from there on.
 */
import { AlmanacError } from '@almanac/series';
import { type Panel, type SeriesData } from '../forecaster.js';

/** The step up to which a series is known. One number for a shared calendar, or one for each series. */
export type Cutoff = number | ((series: SeriesData) => number);

/** Grid step of the last value. */
export function lastStep(series: SeriesData): number {
  return series.firstStep + series.values.length - 1;
}

/** Series that begin after the cutoff are left out. @throws BACKTEST_EMPTY none begins before it */
export function cutPanel(panel: Panel, cutoff: Cutoff, horizon: number): Panel {
  const series = panel.series.flatMap((one) => {
    const at = typeof cutoff === 'number' ? cutoff : cutoff(one);
    return at < one.firstStep ? [] : [cutSeries(one, at, horizon)];
  });
  if (series.length === 0) {
    throw new AlmanacError(
      'BACKTEST_EMPTY',
      `No series has a value at or before the cutoff${typeof cutoff === 'number' ? ` (step ${cutoff})` : ''}.`,
      {
        hint: 'Use fewer windows, a shorter horizon or a smaller stepSize.',
        subject: typeof cutoff === 'number' ? { cutoff } : {},
      },
    );
  }
  return { ...panel, series };
}

function cutSeries(series: SeriesData, cutoff: number, horizon: number): SeriesData {
  const length = cutoff - series.firstStep + 1;
  const upTo = (values: Float64Array, end: number): Float64Array => {
    const kept = new Float64Array(end).fill(Number.NaN);
    kept.set(values.subarray(0, Math.min(end, values.length)));
    return kept;
  };
  const each = (channels: Record<string, Float64Array>, end: number): Record<string, Float64Array> =>
    Object.fromEntries(Object.entries(channels).map(([name, values]) => [name, upTo(values, end)]));
  return {
    id: series.id,
    firstStep: series.firstStep,
    values: upTo(series.values, length),
    ...(series.staticCovariates ? { staticCovariates: { ...series.staticCovariates } } : {}),
    ...(series.pastCovariates ? { pastCovariates: each(series.pastCovariates, length) } : {}),
    ...(series.futureCovariates ? { futureCovariates: each(series.futureCovariates, length + horizon) } : {}),
  };
}
