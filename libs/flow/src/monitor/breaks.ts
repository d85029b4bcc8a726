/**
 * Has the world broken with what the champion learned, so that a method that learns nothing forecasts it better? Pure rules over live
 * scores, oldest first.
 *
 * A break is confirmed when the error drifted in two forecasts that share no step, and one and the same baseline, forecasting from the same
 * cutoffs, was clearly better than the champion in both. On the day of the break nobody knew, so it proves nothing; nor does one odd day,
 * which baselines repeat. Where baselines did well from the start, that day is missing, and four forecasts have to agree.
 */
import type { Break, LiveScore } from '@almanac/contracts';
import { type DriftFacts, driftedScores } from './drift.js';

/** Forecasts that have to agree. */
const CONFIRMED = 2;
/** Where the baselines did well from the start: a model of lags repeats one odd day a week later, for a day or two. */
const UNCLEAR = 4;
/** The champion's error over that of the baseline. */
const CLEARLY = 1.25;

export function findBreak(scores: readonly LiveScore[], champion: number, facts: DriftFacts): Break | null {
  const { judged, stepOf } = facts;
  const drifted = driftedScores(scores, facts);
  const first = drifted.lastIndexOf(false) + 1;
  const start = scores[first];
  if (!start) return null;
  const needed = start.baselines.some(({ wql }) => isClearlyBetter(wql, start.wql)) ? UNCLEAR : CONFIRMED;
  const agreeing: LiveScore[] = [];
  for (const score of scores.slice(first).toReversed()) {
    if (score.version !== champion || agreeing.length === needed) break;
    const later = agreeing.at(-1);
    if (later === undefined || stepOf(later.cutoff) - stepOf(score.cutoff) >= judged) agreeing.push(score);
  }
  if (agreeing.length < needed) return null;
  let best: Break | null = null;
  for (const { label } of agreeing[0]!.baselines) {
    const pairs = agreeing.map(({ wql, baselines }) => ({ own: wql, theirs: baselines.find((one) => one.label === label)?.wql ?? null }));
    if (!pairs.every(({ own, theirs }) => isClearlyBetter(theirs, own))) continue;
    const [wql, baselineWql] = [mean(pairs.map(({ own }) => own!)), mean(pairs.map(({ theirs }) => theirs!))];
    if (best === null || baselineWql < best.baselineWql)
      best = { version: champion, since: scores[first]!.cutoff, baseline: label, wql, baselineWql };
  }
  return best;
}

const isClearlyBetter = (theirs: number | null, own: number | null): boolean => own !== null && theirs !== null && own > CLEARLY * theirs;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
