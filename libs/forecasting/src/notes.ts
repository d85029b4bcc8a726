/** What is said of forecasts that rest on less than they seem to. */
import type { ForecastNote } from './forecaster.js';

export const SPREAD_UNKNOWN: ForecastNote = {
  code: 'SPREAD_UNKNOWN',
  detail: 'The history is too short to tell how wide an interval must be, and no other series tells it; the bounds are left out.',
};

/** The levels, where the width of a forecast is borrowed; see `keepTo`. */
export const borrowedAt = (notes: readonly ForecastNote[] | undefined, levels: readonly number[]): readonly number[] | undefined =>
  notes?.some(({ code }) => code === SPREAD_BORROWED.code) ? levels : undefined;

export const SPREAD_BORROWED: ForecastNote = {
  code: 'SPREAD_BORROWED',
  detail:
    'The history is too short, or fits too well, to tell how wide an interval must be; the width is that of a simpler model or of the other series.',
};
