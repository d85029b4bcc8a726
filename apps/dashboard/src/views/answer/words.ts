/** How good a forecast was beside a baseline, in words. */
import type { Score } from '@almanac/contracts';

/** Differences within it are none. */
const HAIR = 0.02;

/** How baselines are labelled that repeat a season. */
const WITH_SEASON = /\(\d+\)$/;

/** `seasonalNaive (6)` is what the registry calls it. @param unit what a season counts */
function named(baseline: string, unit: string): string {
  const season = /^seasonal ?naive(?: \((\d+)\))?/i.exec(baseline);
  if (season) return season[1] === undefined ? 'seasonal naive' : `seasonal naive (as ${season[1]} ${unit} before)`;
  return baseline === '' ? 'the simple forecasts' : baseline[0]!.toUpperCase() + baseline.slice(1);
}

/** The seasonal naive that did best, for a weaker one flatters; undefined where there is none. */
export function bestSeasonal(baselines: readonly Score[]): Score | undefined {
  const error = ({ metrics: { wql } }: Score): number => (typeof wql === 'number' ? wql : Infinity);
  const [first, ...others] = baselines.filter(({ label }) => WITH_SEASON.test(label));
  return first && others.reduce((best, one) => (error(one) < error(best) ? one : best), first);
}

/** Null where either has no weighted quantile loss, or the baseline made no error at all. */
export function ratioTo(score: Score, baseline: Score): number | null {
  const [own, other] = [score.metrics['wql'], baseline.metrics['wql']];
  return typeof own === 'number' && typeof other === 'number' && other > 0 ? own / other : null;
}

/** @param ratio its weighted quantile loss over that of the baseline; under 1 is better. @param unit what a step is */
export function judged(ratio: number | null, label: string, unit = 'steps'): string {
  const baseline = named(label, unit);
  if (ratio === null) return `its errors cannot be compared with those of ${baseline}.`;
  const per = (part: number): string => `${Math.round(100 * part)} %`;
  if (ratio < 1 - HAIR) return `its errors were ${per(1 - ratio)} smaller than those of ${baseline}.`;
  if (ratio <= 1 + HAIR) return `its errors were as large as those of ${baseline}: the simple forecast does as well.`;
  return ratio < 3
    ? `its errors were ${per(ratio - 1)} larger than those of ${baseline}. Prefer it, or give it more history.`
    : `its errors were ${ratio.toFixed(1)} times those of ${baseline}. Prefer it, or give it more history.`;
}
