/** Interval widths that are learned from outcomes: one step of learning, and what becomes of a forecast. */
import { OnlineConformal, type OnlineConformalState } from '@almanac/forecasting';
import type { CalibrateTask } from './tasks.js';

export function learnWidths({ state, levels, forecasts }: CalibrateTask['series'][number]): OnlineConformalState {
  const horizon = Math.max(...forecasts.map(({ quantiles }) => quantiles.length / levels.length));
  const known = state && sameLevels(state.settings.levels, levels);
  const conformal = known ? OnlineConformal.load(reaching(state, horizon)) : new OnlineConformal({ levels, horizon });
  for (const { quantiles, outcomes } of forecasts) conformal.observe(quantiles, outcomes);
  return conformal.save();
}

export function calibrated(state: OnlineConformalState, own: Float64Array): Float64Array {
  return OnlineConformal.load(reaching(state, own.length / state.settings.levels.length)).apply(own);
}

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
