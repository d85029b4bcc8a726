/**
 * History and forecast on one axis (of seconds, or of plain integers), as uPlot wants them: [x, y, median, then hi and lo of each band].
 * `null` is a gap that must show; `undefined` only says that another line has a point there. The fan opens at the last
 * observation that the forecast used.
 */
import type { Forecast, Observations } from '@almanac/contracts';
import { axisPlace } from '../app/format';

export const BANDS = [
  { share: 95, lo: 0.025, hi: 0.975 },
  { share: 80, lo: 0.1, hi: 0.9 },
  { share: 50, lo: 0.25, hi: 0.75 },
] as const;

/** What of a forecast is drawn: one that is stored, or a first look that is not. */
export type Drawn = Pick<Forecast, 'cutoff' | 'ds' | 'levels' | 'quantiles'>;

type Column = (number | null | undefined)[];
export type ChartData = [number[], ...Column[]];

/** Values of a quantile level over the horizon, null where it is not known; undefined where the forecast has no such level. */
export function atLevel(forecast: Drawn, level: number): (number | null)[] | undefined {
  const index = forecast.levels.findIndex((candidate) => Math.abs(candidate - level) < 1e-9);
  return index < 0 ? undefined : forecast.quantiles[index];
}

export function chartData(history: Observations | undefined, forecast: Drawn | undefined): ChartData {
  const past = (history?.ds ?? []).map(axisPlace);
  const values = history?.y ?? [];
  const ahead = forecast ? forecast.ds.map(axisPlace) : [];
  const cutoff = forecast ? axisPlace(forecast.cutoff) : undefined;
  const lines = forecast ? [0.5, ...BANDS.flatMap((band) => [band.hi, band.lo])].map((level) => atLevel(forecast, level)) : [];

  const x: number[] = [];
  const y: Column = [];
  const columns: Column[] = Array.from({ length: 1 + 2 * BANDS.length }, () => []);
  let i = 0;
  let j = 0;
  while (i < past.length || j < ahead.length) {
    const at = Math.min(past[i] ?? Infinity, ahead[j] ?? Infinity);
    x.push(at);
    const value = past[i] === at ? (values[i++] ?? null) : undefined;
    y.push(value);
    const step = ahead[j] === at ? j++ : -1;
    columns.forEach((column, index) => column.push(step >= 0 ? lines[index]?.[step] : at === cutoff ? value : undefined));
  }
  return [x, y, ...columns];
}

/** Where in [from, to] a value stands alone between gaps or ends: no line reaches it. */
export function isolated(column: Readonly<ArrayLike<number | null | undefined>>, from: number, to: number): number[] {
  const endsAt = (index: number, by: 1 | -1): boolean => {
    for (index += by; column[index] === undefined && index >= 0 && index < column.length; index += by);
    return (column[index] ?? null) === null;
  };
  const alone: number[] = [];
  for (let i = from; i <= to; i++) if ((column[i] ?? null) !== null && endsAt(i, -1) && endsAt(i, 1)) alone.push(i);
  return alone;
}

export interface Hindsight {
  steps: number;
  meanAbsoluteError: number;
  /** Share of what came that lay inside the 80 % band; null without that band. */
  inside80: number | null;
}

/** How the forecast fared against what came after its cutoff; null while nothing has. */
export function hindsight(history: Observations | undefined, forecast: Drawn | undefined): Hindsight | null {
  if (!history || !forecast || history.downsampled) return null;
  const came = new Map(history.ds.map((ds, index) => [axisPlace(ds), history.y[index]]));
  const median = atLevel(forecast, 0.5);
  const lo = atLevel(forecast, 0.1);
  const hi = atLevel(forecast, 0.9);
  let steps = 0;
  let error = 0;
  let inside = 0;
  forecast.ds.forEach((ds, index) => {
    const value = came.get(axisPlace(ds));
    if (value === null || value === undefined || !median) return;
    steps += 1;
    error += Math.abs(value - (median[index] ?? 0));
    if (lo && hi && value >= (lo[index] ?? Infinity) && value <= (hi[index] ?? -Infinity)) inside += 1;
  });
  const bounded = lo && hi && ![...lo, ...hi].includes(null);
  return steps === 0 ? null : { steps, meanAbsoluteError: error / steps, inside80: bounded ? inside / steps : null };
}

/** A down-sampled history with a part of it in full. */
export function withDetail(history: Observations, detail: Observations | undefined): Observations {
  const [from, to] = [detail?.ds[0], detail?.ds.at(-1)].map((ds) => (ds === undefined ? Number.NaN : axisPlace(ds)));
  if (!detail || from === undefined || to === undefined || Number.isNaN(from)) return history;
  const at = history.ds.map(axisPlace);
  const before = at.findIndex((one) => one >= from);
  const after = at.findLastIndex((one) => one <= to) + 1;
  const head = before < 0 ? history.ds.length : before;
  return {
    ...history,
    ds: [...history.ds.slice(0, head), ...detail.ds, ...history.ds.slice(Math.max(head, after))],
    y: [...history.y.slice(0, head), ...detail.y, ...history.y.slice(Math.max(head, after))],
  };
}
