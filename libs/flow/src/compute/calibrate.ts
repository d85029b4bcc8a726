/** Interval widths that are learned from outcomes: one step of learning, and what becomes of a forecast. */
import { OnlineConformal, type OnlineConformalState } from '@almanac/forecasting';
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
