/**
 * Series as models read them.
 *
 * Invariant: a missing observation is NaN and is never filled by inventing a value.
 */
/** One series on the integer grid of its dataset. */
export interface SeriesData {
  /** The user's key, `unique_id` in files. */
  id: string;
  /** Grid step of `values[0]`. */
  firstStep: number;
  /** Target, one value per step; NaN where nothing was observed. */
  values: Float64Array;
  /** Numbers known for the whole series. */
  staticCovariates?: Record<string, number>;
  /** Known up to the cutoff; aligned with `values`. */
  pastCovariates?: Record<string, Float64Array>;
  /** Known through the horizon; start at `firstStep` and reach at least `horizon` steps beyond `values`. */
  futureCovariates?: Record<string, Float64Array>;
}

/** Series that share a grid. */
export interface Panel {
  /** Frequency code: `15min`, `h`, `D`, `W-MON`, `MS`, `QS`, `YS`, `ME`, `QE`, `YE` or `1` for plain integers. */
  frequency: string;
  /** IANA zone of the calendar. */
  timeZone: string;
  /** Steps per season, shortest first, e.g. [24, 168]. Empty when there is none. */
  seasonLengths: readonly number[];
  series: readonly SeriesData[];
  /** Days ahead count as ordinary ones: to ask what holidays contribute. */
  holidaysIgnored?: boolean;
}

/** The panel as a forecast sees it that depends on the last `steps` of each history only. Values are shared, not copied. */
export function lastSteps(panel: Panel, steps: number | undefined): Panel {
  if (steps === undefined || panel.series.every(({ values }) => values.length <= steps)) return panel;
  return { ...panel, series: panel.series.map((series) => withoutFirst(series, series.values.length - steps)) };
}

function withoutFirst(series: SeriesData, steps: number): SeriesData {
  if (steps <= 0) return series;
  const each = (channels: Record<string, Float64Array>): Record<string, Float64Array> =>
    Object.fromEntries(Object.entries(channels).map(([name, values]) => [name, values.subarray(steps)]));
  const { firstStep, values, pastCovariates, futureCovariates } = series;
  return {
    ...series,
    firstStep: firstStep + steps,
    values: values.subarray(steps),
    ...(pastCovariates ? { pastCovariates: each(pastCovariates) } : {}),
    ...(futureCovariates ? { futureCovariates: each(futureCovariates) } : {}),
  };
}
