/**
 * Weights for the members of an ensemble, chosen on windows that no member learned from (stacking, Breiman 1996): no weight is
 * negative and they add up to 1, so a weighted mean of ordered quantiles is ordered. Members that err alike share a weight,
 * and one that only adds error gets none.
 */
import { cutPanel, lastStep } from '../../backtest/cut.js';
import type { Metric } from '../../facts.js';
import type { Forecaster, Panel } from '../../forecaster.js';
import { anchorIndex } from '../../levels.js';
import { deviationOf } from '../../scalers/windowScale.js';
import { letOthers } from '../../turns.js';

export interface StackingSettings {
  horizon: number;
  /** Steps at the end of every series that the members learned nothing from but when to stop. */
  tail: number;
  levels: readonly number[];
  metric: Metric;
}

const MOST_WINDOWS = 256;
const ITERATIONS = 300;
/** Of the exponentiated gradient; the loss is relative to its value at equal weights. */
const RATE = 0.5;
/**
 * Share of the weight that stays equally spread: the held-out steps are one stretch of time, and members that do well in it are partly
 * lucky.
 */
const EQUAL = 0.25;

/** The members' forecasts of all windows and what came, each in the unit of its series. */
interface Held {
  /** Per member [windows, levels, horizon]. */
  forecasts: Float32Array[];
  /** [windows, horizon]; NaN where missing. */
  actual: Float32Array;
}

/** @returns one weight per member; equal ones where there is nothing to choose by */
export async function stackedWeights(
  members: readonly Forecaster[],
  panel: Panel,
  settings: StackingSettings,
  signal?: AbortSignal,
): Promise<number[]> {
  const equal = members.map(() => 1 / members.length);
  const { horizon, tail, levels, metric } = settings;
  const cutoffs = Math.min(tail - horizon + 1, Math.ceil(MOST_WINDOWS / panel.series.length));
  if (members.length < 2 || cutoffs < 1) return equal;
  const held = await forecastTail(members, panel, settings, cutoffs, signal);
  const gradient = metric === 'mse' ? squaredGradient(held, horizon, levels) : pinballGradient(held, horizon, levels);
  let weights = equal;
  const start = gradient(equal).loss || 1;
  for (let i = 0; i < ITERATIONS; i++) {
    signal?.throwIfAborted();
    const { slopes } = gradient(weights);
    const least = Math.min(...slopes);
    const raised = weights.map((weight, m) => weight * Math.exp((-RATE * (slopes[m]! - least)) / start));
    const total = raised.reduce((sum, weight) => sum + weight, 0);
    weights = raised.map((weight) => weight / total);
    if (i % 10 === 0) await letOthers();
  }
  return weights.map((weight) => (1 - EQUAL) * weight + EQUAL / members.length);
}

async function forecastTail(
  members: readonly Forecaster[],
  panel: Panel,
  { horizon, tail, levels }: StackingSettings,
  cutoffs: number,
  signal: AbortSignal | undefined,
): Promise<Held> {
  const S = panel.series.length;
  const [Q, N] = [levels.length, cutoffs * S];
  const forecasts = members.map(() => new Float32Array(N * Q * horizon));
  const actual = new Float32Array(N * horizon);
  const scales = panel.series.map(({ values }) => 1 / (deviationOf(values) || 1));
  for (let k = 0; k < cutoffs; k++) {
    const back = cutoffs === 1 ? horizon : Math.round(horizon + ((tail - horizon) * k) / (cutoffs - 1));
    const known = cutPanel(panel, (series) => lastStep(series) - back, horizon);
    const numbers = new Map(known.series.map(({ id }, i) => [id, i]));
    for (const [m, member] of members.entries()) {
      const all = await member.predict(known, { horizon, levels, ...(signal ? { signal } : {}) });
      panel.series.forEach(({ id }, s) => {
        const { quantiles } = all[numbers.get(id) ?? -1] ?? { quantiles: new Float64Array(Q * horizon).fill(NaN) };
        const at = (k * S + s) * Q * horizon;
        for (let i = 0; i < Q * horizon; i++) forecasts[m]![at + i] = quantiles[i]! * scales[s]!;
      });
    }
    panel.series.forEach(({ values }, s) => {
      for (let t = 0; t < horizon; t++) actual[(k * S + s) * horizon + t] = (values[values.length - back + t] ?? NaN) * scales[s]!;
    });
  }
  return { forecasts, actual };
}

type Gradient = (weights: readonly number[]) => { loss: number; slopes: number[] };

/** Of the squared error of the median. It is a form in the weights: the products of the members' errors say it all. */
function squaredGradient({ forecasts, actual }: Held, horizon: number, levels: readonly number[]): Gradient {
  const Q = levels.length;
  const median = anchorIndex(levels);
  const M = forecasts.length;
  const products = Array.from({ length: M }, () => new Float64Array(M));
  let count = 0;
  for (let i = 0; i < actual.length; i++) {
    const at = (Math.floor(i / horizon) * Q + median) * horizon + (i % horizon);
    const errors = forecasts.map((values) => values[at]! - actual[i]!);
    if (errors.some(Number.isNaN)) continue;
    count++;
    for (let m = 0; m < M; m++) for (let n = 0; n < M; n++) products[m]![n]! += errors[m]! * errors[n]!;
  }
  return (weights) => {
    const slopes = products.map((row) => (2 * row.reduce((sum, value, n) => sum + value * weights[n]!, 0)) / (count || 1));
    return { loss: slopes.reduce((sum, slope, m) => sum + slope * weights[m]!, 0) / 2, slopes };
  };
}

function pinballGradient({ forecasts, actual }: Held, horizon: number, levels: readonly number[]): Gradient {
  const Q = levels.length;
  return (weights) => {
    const slopes = new Float64Array(forecasts.length);
    let [loss, count] = [0, 0];
    for (let i = 0; i < actual.length; i++) {
      const y = actual[i]!;
      const at = Math.floor(i / horizon) * Q * horizon + (i % horizon);
      for (let q = 0; q < Q; q++) {
        const place = at + q * horizon;
        let value = 0;
        for (let m = 0; m < forecasts.length; m++) value += weights[m]! * forecasts[m]![place]!;
        if (Number.isNaN(value - y)) continue;
        const slope = value > y ? 1 - levels[q]! : -levels[q]!;
        loss += slope * (value - y);
        count++;
        for (let m = 0; m < forecasts.length; m++) slopes[m]! += slope * forecasts[m]![place]!;
      }
    }
    // Less the outcome, which is the same for all.
    return { loss: loss / (count || 1), slopes: Array.from(slopes, (slope) => slope / (count || 1)) };
  };
}
