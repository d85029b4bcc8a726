/**
 * Forecasts of the past over what came: the median and the 80 % band of each, drawn behind the lines of the chart, with a
 * tick on the axis where its cutoff was. Times as on the axis.
 */
import type { Forecast } from '@almanac/contracts';
import type uPlot from 'uplot';
import { axisPlace } from '../app/format';
import { atLevel } from './forecastData';

export interface PastForecast {
  runId: string;
  cutoff: number;
  x: readonly number[];
  median: readonly number[];
  lo: readonly number[] | undefined;
  hi: readonly number[] | undefined;
}

/** Oldest cutoff first, one for each cutoff: the newest that was made there. Without a median there is nothing to draw. */
export function pastForecasts(newestFirst: readonly Forecast[], except: string | undefined): PastForecast[] {
  const byCutoff = new Map<number, PastForecast>();
  for (const forecast of newestFirst) {
    const cutoff = axisPlace(forecast.cutoff);
    const known = (level: number): number[] | undefined => {
      const values = atLevel(forecast, level)?.filter((value) => value !== null);
      return values?.length === forecast.ds.length ? values : undefined;
    };
    const median = known(0.5);
    if (!median || forecast.runId === except || byCutoff.has(cutoff)) continue;
    const x = forecast.ds.map(axisPlace);
    byCutoff.set(cutoff, { runId: forecast.runId, cutoff, x, median, lo: known(0.1), hi: known(0.9) });
  }
  return [...byCutoff.values()].sort((a, b) => a.cutoff - b.cutoff);
}

/** What was last forecast for a moment before it came: of the newest cutoff that reaches it. */
export function forecastAt(past: readonly PastForecast[], at: number): { forecast: PastForecast; step: number } | undefined {
  for (let i = past.length - 1; i >= 0; i--) {
    const forecast = past[i];
    const step = forecast ? forecast.x.indexOf(at) : -1;
    if (forecast && step >= 0) return { forecast, step };
  }
  return undefined;
}

export function drawPast(plot: uPlot, past: readonly PastForecast[], line: string, band: string): void {
  const { ctx: pen, bbox } = plot;
  const { min, max } = plot.scales['x'] as { min: number; max: number };
  const left = (at: number): number => plot.valToPos(at, 'x', true);
  const top = (value: number): number => plot.valToPos(value, 'y', true);
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  pen.lineWidth = 1.3 * devicePixelRatio;
  pen.strokeStyle = line;
  pen.fillStyle = band;
  const trace = (x: readonly number[], values: readonly number[]): void =>
    x.forEach((at, step) => pen.lineTo(left(at), top(values[step] ?? Number.NaN)));
  for (const { cutoff, x, median, lo, hi } of past) {
    if ((x.at(-1) ?? cutoff) < min || cutoff > max) continue;
    if (lo && hi) {
      pen.beginPath();
      trace(x, lo);
      trace(x.toReversed(), hi.toReversed());
      pen.fill();
    }
    pen.beginPath();
    trace(x, median);
    pen.stroke();
    const tick = Math.round(left(cutoff));
    pen.fillRect(tick, bbox.top + bbox.height - 9 * devicePixelRatio, 2 * devicePixelRatio, 9 * devicePixelRatio);
  }
  pen.restore();
}
