/**
 * The windows of a gate, counted: forecasts of a horizon, a season apart, over the held-out steps. A Diebold-Mariano test needs
 * some of them, so a holdout of one horizon can never prove anything. Forecasts that are judged by their first season alone share no
 * steps, so that fewer of them do: what a gate falls back on where little is new to both.
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
const FEWEST = 4;

/** @param judged first steps of each forecast that count */
export function gateWindows(horizon: number, season: number | undefined, holdout: number, judged = horizon): GateWindows {
  const stepSize = Math.min(horizon, season ?? horizon);
  const lag = Math.ceil(judged / stepSize);
  return { stepSize, lag, count: Math.max(0, Math.floor((holdout - judged) / stepSize) + 1), needed: Math.max(FEWEST, 2 * lag) };
}

/** Steps to hold out for a gate where nobody says how many. @param length steps of the history */
export function gateHoldout(horizon: number, season: number | undefined, length: number): number {
  const { stepSize, lag, needed } = gateWindows(horizon, season, 0);
  const wanted = Math.max(WANTED, 4 * lag);
  const room = Math.floor((length / SHARE - horizon) / stepSize) + 1;
  return horizon + (Math.max(needed, Math.min(wanted, room)) - 1) * stepSize;
}

/** What a gate holds out, and the first steps of each forecast that it judges. */
export interface GatePlan {
  holdout: number;
  judged: number;
}

/** What a gate looks at where nobody says how much to hold out. */
export interface GateFacts {
  /** Steps of the history. */
  length: number;
  /** Last steps that the champion has not learned, where it has learned anything. */
  unlearned?: number | undefined;
  /** A break was confirmed: what lies before it proves nothing, and what came since is to be learned rather than held out. */
  broken?: boolean;
}

/**
 * As many as the test would like, if the champion has learned none of them; then fewer, judged whole or by their first season. Where
 * the champion has learned even those, as after a training without a gate, its recipe is trained again without them.
 */
export function planGate(
  horizon: number,
  season: number | undefined,
  { length, unlearned = Infinity, broken = false }: GateFacts,
): GatePlan {
  const usual = { holdout: gateHoldout(horizon, season, length), judged: horizon };
  const { stepSize, needed } = gateWindows(horizon, season, 0);
  const bySeason = { holdout: Math.max(horizon, FEWEST * stepSize), judged: stepSize };
  if (broken) return bySeason.holdout < usual.holdout ? bySeason : usual;
  if (usual.holdout <= unlearned) return usual;
  const { count } = gateWindows(horizon, season, unlearned);
  if (count >= needed) return { holdout: horizon + (count - 1) * stepSize, judged: horizon };
  return bySeason.holdout <= unlearned ? bySeason : usual;
}
