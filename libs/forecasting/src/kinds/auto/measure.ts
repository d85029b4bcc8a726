/**
 * What members would have forecast at cutoffs inside the histories, beside what came. Members that learn nothing are measured on several
 * cutoffs of a sample of the series; trained ones where training held steps back, and nowhere else.
 */
import { cutPanel, lastStep } from '../../backtest/cut.js';
import type { Forecaster, Panel, SeriesData } from '../../forecaster.js';
import { lastSteps } from '../../panel.js';
import { pinball } from '../../metrics/quantile.js';
import { seasonalScale } from '../../metrics/point.js';
import type { Measured } from './weights.js';
import { type Window, WIDTH_LEVELS } from './widths.js';

/** Enough to tell a median and its spread. */
const LOSS_LEVELS = [0.1, 0.3, 0.5, 0.7, 0.9];
export const MEASURED_LEVELS = [...new Set([...LOSS_LEVELS, ...WIDTH_LEVELS])].sort((a, b) => a - b);
/** Observations that a history must keep before a cutoff, beside a season. */
const LEAST_HISTORY = 4;

export interface Subject {
  forecaster: Forecaster;
  /** Last steps of series that it has not learned from, by their ids; undefined for a member that learns nothing. */
  heldOut: ReadonlyMap<string, number> | undefined;
  takesPart: (series: SeriesData) => boolean;
  /** Last steps of a history that it is given; all where absent. */
  history: number | undefined;
}

export interface MeasureSettings {
  horizon: number;
  cutoffs: number;
  measured: number;
  seasonLength: number;
}

/** Series in the order of the panel: rows name them by their place in it. */
export async function measureMembers(
  members: readonly Subject[],
  panel: Panel,
  settings: MeasureSettings,
  signal?: AbortSignal,
): Promise<{ rows: Measured[]; windows: Window[] }> {
  const { horizon, cutoffs, seasonLength } = settings;
  const rows: Measured[] = [];
  const windows: Window[] = [];
  for (let k = 0; k < cutoffs; k++) {
    const back = horizon + k * Math.max(1, Math.floor(horizon / 2));
    const chosen = chosenSeries(members, panel, back, settings);
    if (chosen.length === 0) continue;
    const losses = chosen.map(() => members.map(() => Number.NaN));
    const given = chosen.map(() => members.map((): Float64Array | undefined => undefined));
    const known = cutPanel({ ...panel, series: chosen.map(({ series }) => series) }, (series) => lastStep(series) - back, horizon);
    for (const [m, { forecaster, heldOut, takesPart, history }] of members.entries()) {
      const fair = known.series.flatMap((series, i) =>
        (heldOut === undefined || (heldOut.get(series.id) ?? 0) >= back) && takesPart(series) ? [{ series, i }] : [],
      );
      if (fair.length === 0) continue;
      const of = lastSteps({ ...known, series: fair.map(({ series }) => series) }, history);
      const forecasts = await forecaster.predict(of, { horizon, levels: MEASURED_LEVELS, ...(signal ? { signal } : {}) });
      forecasts.forEach(({ quantiles }, j) => {
        const { i } = fair[j]!;
        const { values } = chosen[i]!.series;
        given[i]![m] = quantiles;
        losses[i]![m] = loss(quantiles, values.subarray(values.length - back), values, horizon, seasonLength);
      });
    }
    const trained = members.flatMap(({ heldOut, takesPart }) => (heldOut === undefined ? [] : [takesPart]));
    chosen.forEach(({ series, place }, i) => {
      const before = known.series[i]!;
      const { length } = series.values;
      windows.push({
        series: place,
        whole: members.some(({ heldOut }, m) => heldOut !== undefined && given[i]![m] !== undefined) || !trained.some((one) => one(before)),
        quantiles: given[i]!,
        actual: series.values.subarray(length - back, length - back + horizon),
      });
      if (losses[i]!.filter((one) => !Number.isNaN(one)).length > 1) rows.push({ series: place, losses: losses[i]! });
    });
  }
  return { rows, windows };
}

/** Those that are long enough: all that a trained member held back, and others spread evenly over the panel. */
function chosenSeries(
  members: readonly Subject[],
  { series }: Panel,
  back: number,
  { measured, seasonLength }: MeasureSettings,
): { series: SeriesData; place: number }[] {
  const long = series.flatMap((one, place) => (one.values.length - back >= seasonLength + LEAST_HISTORY ? [{ series: one, place }] : []));
  const held = (id: string): boolean => members.some(({ heldOut }) => (heldOut?.get(id) ?? 0) >= back);
  const first = long.filter(({ series: { id } }) => held(id)).slice(0, measured);
  const rest = long.filter(({ series: { id } }) => !held(id));
  const more = Math.min(rest.length, measured - first.length);
  return [...first, ...Array.from({ length: more }, (_, i) => rest[Math.floor(((i + 0.5) * rest.length) / more)]!)].sort(
    (a, b) => a.place - b.place,
  );
}

/** Mean pinball loss over steps and levels, in seasonal naive errors; NaN where nothing came, or nothing was forecast. */
function loss(quantiles: Float64Array, actual: Float64Array, values: Float64Array, horizon: number, seasonLength: number): number {
  const scale = seasonalScale(values, seasonLength);
  if (!(scale > 0)) return Number.NaN;
  let [sum, count] = [0, 0];
  for (let t = 0; t < horizon; t++) {
    if (Number.isNaN(actual[t]!)) continue;
    const at = (level: number): number => quantiles[MEASURED_LEVELS.indexOf(level) * horizon + t]!;
    for (const level of LOSS_LEVELS) sum += pinball(level, actual[t]!, Number.isNaN(at(level)) ? at(0.5) : at(level));
    count += LOSS_LEVELS.length;
  }
  return count > 0 ? sum / (count * scale) : Number.NaN;
}
