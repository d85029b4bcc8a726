/** Interval widths that are learned from outcomes: one step of learning, and what becomes of a forecast. */
import { levelWeights, OnlineConformal, type OnlineConformalState } from '@almanac/forecasting';
import type { CalibrateTask } from './tasks.js';

/** One state for each series; those whose forecasts have the same levels learn together what is wrong with all of them. */
export function learnWidths(series: CalibrateTask['series']): OnlineConformalState[] {
  const streams = series.map(({ state, levels, forecasts }) => {
    const horizon = Math.max(...forecasts.map(({ quantiles }) => quantiles.length / levels.length));
    const known = state && sameLevels(state.settings.levels, levels);
    const conformal = known ? OnlineConformal.load(reaching(state, horizon)) : new OnlineConformal({ levels, horizon });
    return { conformal, levels, forecasts };
  });
  for (const together of Map.groupBy(streams, ({ levels }) => levels.join()).values()) OnlineConformal.observeTogether(together);
  return streams.map(({ conformal }) => conformal.save());
}

/**
 * The model's own quantiles, widened or narrowed as was learned, at the levels that are asked for. What was learned at other
 * levels (the default levels of an older version) is applied at its own and read between them.
 *
 * @param own quantiles [levels, horizon] of the model at the levels of the state
 * @returns [wanted, horizon]
 */
export function calibrated(state: OnlineConformalState, own: Float64Array, wanted: readonly number[]): Float64Array {
  const { levels } = state.settings;
  const horizon = own.length / levels.length;
  const learned = OnlineConformal.load(reaching(state, horizon)).apply(own);
  return sameLevels(levels, wanted) ? learned : atLevels(learned, levels, wanted);
}

/** Rows of quantiles [levels, horizon] at other levels, in order. */
function atLevels(quantiles: Float64Array, levels: readonly number[], wanted: readonly number[]): Float64Array {
  const horizon = quantiles.length / levels.length;
  const out = new Float64Array(wanted.length * horizon);
  levelWeights(levels, wanted).forEach(({ low, high, share }, q) => {
    for (let t = 0; t < horizon; t++) {
      const value = (1 - share) * quantiles[low * horizon + t]! + share * quantiles[high * horizon + t]!;
      out[q * horizon + t] = q === 0 ? value : Math.max(value, out[(q - 1) * horizon + t]!);
    }
  });
  return out;
}

/** Rows of quantiles [levels, horizon] of which `wanted` are some. */
export function rowsAt(quantiles: Float64Array, levels: readonly number[], wanted: readonly number[]): Float64Array {
  if (sameLevels(levels, wanted)) return quantiles;
  const horizon = quantiles.length / levels.length;
  const out = new Float64Array(wanted.length * horizon);
  wanted.forEach((level, q) => {
    const from = levels.indexOf(level) * horizon;
    out.set(quantiles.subarray(from, from + horizon), q * horizon);
  });
  return out;
}

/** Every level of several lists once, ascending. */
export const allLevels = (...lists: (readonly number[])[]): number[] => [...new Set(lists.flat())].sort((a, b) => a - b);

const sameLevels = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((level, i) => level === b[i]);

/** Steps that nothing was learned of are as the last that something was. */
function reaching(state: OnlineConformalState, horizon: number): OnlineConformalState {
  const { horizon: learned } = state.settings;
  if (horizon <= learned) return state;
  const longer = (row: number[]): number[] => [...row, ...new Array<number>(horizon - learned).fill(row.at(-1)!)];
  const intervals = Array.from({ length: state.margins.length / learned }, (_, i) => state.margins.slice(i * learned, (i + 1) * learned));
  return {
    ...state,
    settings: { ...state.settings, horizon },
    margins: intervals.flatMap(longer),
    scales: longer(state.scales),
    counts: longer(state.counts),
  };
}
