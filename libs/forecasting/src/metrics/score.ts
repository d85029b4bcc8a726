/**
 * Scores forecasts against the panel that holds what came after their cutoffs, for all series together, for each series
 * and for each horizon step.
 *
 * Invariants: actuals are read at `cutoff + 1 …`, scales only from values up to the cutoff; sMAPE, MASE and MSIS are
 * averaged per series first and then over series (M4), everything else is pooled over series and steps; the point
 * forecast is the median. A bound that is not known is scored as the point: nothing is gained by leaving it out.
 */
import { AlmanacError } from '@almanac/series';
import { type Panel, type SeriesForecast } from '../forecaster.js';
import { scaled, seasonalScale, smapeTerm } from './point.js';
import { centralIntervals, crpsTerm, decileLoss, decileRows, intervalScore, quantileRow } from './quantile.js';

/** A figure is NaN where the data or the levels do not define it. */
export interface Metrics {
  mase: number;
  /** Percent, 0 to 200. */
  smape: number;
  mae: number;
  rmse: number;
  wql: number;
  crps: number;
  msis: number;
  /** Share inside each central interval, keyed by its percentage: `80`, `95`. */
  coverage: Record<string, number>;
  /** |coverage of the 95 % interval − 0.95|. */
  acd: number;
  /** Observed steps that were scored. */
  observations: number;
}

export interface SeriesMetrics extends Metrics {
  id: string;
  cutoff: number;
}

export interface Scores {
  overall: Metrics;
  /** One per forecast, in the order given. */
  perSeries: SeriesMetrics[];
  /** [horizon]; index 0 is one step ahead. */
  perHorizon: Metrics[];
}

export interface ScoreOptions {
  /** Levels of the forecasts' quantiles. */
  levels: readonly number[];
  /** Season of the MASE and MSIS scale; the panel's first by default, 1 where it has none. */
  seasonLength?: number;
}

/** Sums of one cell (a series, a horizon step, or everything). */
class Tally {
  observations = 0;
  absolute = 0;
  squared = 0;
  smape = 0;
  crps = 0;
  interval = 0;
  wqlLoss = 0;
  wqlSize = 0;
  readonly inside: number[];

  constructor(intervals: number) {
    this.inside = new Array<number>(intervals).fill(0);
  }
}

/**
 * @param panel history and what came after it; only `cutoff + 1 …` of each forecast is read as actuals
 * @throws SCORE_UNKNOWN_SERIES a forecast of a series that the panel does not hold
 */
export function scoreForecasts(panel: Panel, forecasts: readonly SeriesForecast[], options: ScoreOptions): Scores {
  const { levels } = options;
  const seasonLength = options.seasonLength ?? panel.seasonLengths[0] ?? 1;
  const byId = new Map(panel.series.map((series) => [series.id, series]));
  const intervals = centralIntervals(levels);
  const widest = intervals.find((interval) => Math.abs(interval.nominal - 0.95) < 1e-9);
  const all = new Tally(intervals.length);
  const steps: { tally: Tally; mase: Average; msis: Average; smape: Average }[] = [];
  const overall = { mase: new Average(), msis: new Average(), smape: new Average() };
  const perSeries: SeriesMetrics[] = [];

  for (const given of forecasts) {
    const forecast = withPoint(given, levels);
    const series = byId.get(forecast.id);
    if (!series) {
      throw new AlmanacError('SCORE_UNKNOWN_SERIES', `The forecast of series "${forecast.id}" has no actuals to be scored against.`, {
        hint: 'Score against the panel that the forecasts were made from, with the values after the cutoff.',
        subject: { series: forecast.id },
      });
    }
    const start = forecast.cutoff + 1 - series.firstStep;
    const scale = seasonalScale(series.values.subarray(0, Math.max(0, start)), seasonLength);
    const horizon = forecast.quantiles.length / levels.length;
    const point = quantileRow(forecast.quantiles, levels, 0.5);
    const deciles = decileRows(forecast.quantiles, levels);
    const own = new Tally(intervals.length);
    for (let step = 0; step < horizon; step++) {
      const cell = (steps[step] ??= { tally: new Tally(intervals.length), mase: new Average(), msis: new Average(), smape: new Average() });
      const y = series.values[start + step] ?? Number.NaN;
      if (Number.isNaN(y)) continue;
      const at = (level: number): number => forecast.quantiles[level * horizon + step]!;
      const error = y - point[step]!;
      const relative = smapeTerm(y, point[step]!);
      const ranked = crpsTerm(y, forecast.quantiles, levels, step);
      const loss = decileLoss(y, deciles, step);
      const miss = widest ? intervalScore(y, at(widest.lower), at(widest.upper), 0.05) : Number.NaN;
      for (const tally of [own, cell.tally, all]) {
        tally.observations++;
        tally.absolute += Math.abs(error);
        tally.squared += error * error;
        tally.smape += relative;
        tally.crps += ranked;
        tally.interval += miss;
        tally.wqlLoss += loss;
        tally.wqlSize += Math.abs(y);
        intervals.forEach((interval, k) => (tally.inside[k]! += Number(y >= at(interval.lower) && y <= at(interval.upper))));
      }
      cell.smape.add(relative);
      if (scale > 0) {
        cell.mase.add(Math.abs(error) / scale);
        cell.msis.add(miss / scale);
      }
    }
    const count = own.observations;
    const seriesMase = scaled(own.absolute / count, scale);
    const seriesMsis = scaled(own.interval / count, scale);
    perSeries.push({ id: forecast.id, cutoff: forecast.cutoff, ...toMetrics(own, own.smape / count, seriesMase, seriesMsis, intervals) });
    if (count === 0) continue;
    overall.smape.add(own.smape / count);
    // A history that repeats exactly has no scale, so its series cannot take part in the scaled means.
    if (scale > 0) {
      overall.mase.add(seriesMase);
      overall.msis.add(seriesMsis);
    }
  }
  return {
    overall: toMetrics(all, overall.smape.value, overall.mase.value, overall.msis.value, intervals),
    perSeries,
    perHorizon: steps.map((cell) => toMetrics(cell.tally, cell.smape.value, cell.mase.value, cell.msis.value, intervals)),
  };
}

function withPoint(forecast: SeriesForecast, levels: readonly number[]): SeriesForecast {
  if (!forecast.quantiles.some(Number.isNaN)) return forecast;
  const horizon = forecast.quantiles.length / levels.length;
  const point = quantileRow(forecast.quantiles, levels, 0.5);
  return { ...forecast, quantiles: forecast.quantiles.map((value, i) => (Number.isNaN(value) ? point[i % horizon]! : value)) };
}

class Average {
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.sum += value;
    this.count++;
  }

  get value(): number {
    return this.count === 0 ? Number.NaN : this.sum / this.count;
  }
}

function toMetrics(tally: Tally, smape: number, mase: number, msis: number, intervals: ReturnType<typeof centralIntervals>): Metrics {
  const count = tally.observations === 0 ? Number.NaN : tally.observations;
  const coverage = Object.fromEntries(
    intervals.map((interval, k) => [String(Number((interval.nominal * 100).toFixed(6))), tally.inside[k]! / count]),
  );
  return {
    mase,
    smape,
    mae: tally.absolute / count,
    rmse: Math.sqrt(tally.squared / count),
    wql: tally.wqlSize > 0 ? tally.wqlLoss / tally.wqlSize : Number.NaN,
    crps: tally.crps / count,
    msis,
    coverage,
    acd: '95' in coverage ? Math.abs(coverage['95']! - 0.95) : Number.NaN,
    observations: tally.observations,
  };
}
