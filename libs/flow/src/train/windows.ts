/**
 * The windows of a gate, counted: forecasts of a horizon, a season apart, over the held-out steps. A Diebold-Mariano test needs
 * some of them, so a holdout of one horizon can never prove anything.
 */
export interface GateWindows {
  stepSize: number;
  /** Windows that share steps: their errors go together. */
  lag: number;
  /** That the holdout has room for. */
  count: number;
  /** Without which nothing is proved. */
  needed: number;
}

/** Enough to tell a clear difference from chance. */
const WANTED = 8;
/** Of the history, at most, unless even the least takes more. */
const SHARE = 4;

export function gateWindows(horizon: number, season: number | undefined, holdout: number): GateWindows {
  const stepSize = Math.min(horizon, season ?? horizon);
  const lag = Math.ceil(horizon / stepSize);
  return { stepSize, lag, count: Math.max(0, Math.floor((holdout - horizon) / stepSize) + 1), needed: Math.max(4, 2 * lag) };
}

/** Steps to hold out for a gate where nobody says how many. @param length steps of the history */
export function gateHoldout(horizon: number, season: number | undefined, length: number): number {
  const { stepSize, lag, needed } = gateWindows(horizon, season, 0);
  const wanted = Math.max(WANTED, 4 * lag);
  const room = Math.floor((length / SHARE - horizon) / stepSize) + 1;
  return horizon + (Math.max(needed, Math.min(wanted, room)) - 1) * stepSize;
}
