/**
 * Has something changed? Pure rules over the live scores of a model's forecasts, oldest first.
 *
 * Error drift: a score far above those before it, by a control chart: more than `SIGMAS` deviations and `FACTOR` times
 * their mean. Before there are enough to compare with, `EARLY` times the error that the version had on what its training held out, so that
 * nothing need have gone well before; and a version that is new is held to its own holdout, too: the error before it was another's.
 * Bias: forecasts that lie on one side by more than the ones before ever did. Coverage: the 80 % interval
 * holds far from 80 % for several forecasts in a row.
 *
 * What drifted says nothing about what is usual, so a drift is reported, and trained against, for as long as it lasts; but once it has
 * lasted for `NEW_NORMAL` forecasts, it is what is usual now.
 */
import type { Alert, LiveScore } from '@almanac/contracts';

const SIGMAS = 4;
const FACTOR = 1.25;
const EARLY = 2;
/** Scores to compare with: enough to know their spread, recent enough to be about the present. */
const FEWEST = 5;
const MOST = 28;
const NEW_NORMAL = 14;
const LARGE_BIAS = 0.1;
const COVERAGE_80 = [0.55, 0.97] as const;

/** Of versions, their WQL on what their training held out. */
export type HoldoutErrors = ReadonlyMap<number, number>;

/** What is known beside the scores. */
export interface DriftFacts {
  holdouts: HoldoutErrors;
  /** Steps that a forecast is judged by. Forecasts that are less apart share some, and count as one in how long a drift lasts. */
  judged: number;
  /** Grid step of a cutoff. */
  stepOf: (cutoff: LiveScore['cutoff']) => number;
}

const APART: DriftFacts = { holdouts: new Map(), judged: 0, stepOf: () => 0 };

/** The alerts that the newest `fresh` of the scores raise. */
export function findDrift(scores: readonly LiveScore[], fresh: number, patience: number, facts = APART): Alert[] {
  const alerts = findingsOf(scores, facts)
    .slice(Math.max(0, scores.length - fresh))
    .flat();
  for (let i = Math.max(0, scores.length - fresh); i < scores.length; i++) {
    const score = scores[i]!;
    const lately = scores.slice(Math.max(0, i + 1 - patience), i + 1).map(({ coverage80 }) => coverage80);
    if (
      lately.length === patience &&
      (lately.every((share) => share !== null && share < COVERAGE_80[0]) ||
        lately.every((share) => share !== null && share > COVERAGE_80[1]))
    )
      alerts.push({
        code: 'COVERAGE',
        message: `The 80 % interval held ${percent(lately.at(-1)!)} of the actuals, for ${patience} forecasts.`,
        since: score.cutoff,
      });
  }
  return alerts;
}

/** What each score raises beside those before it. */
function findingsOf(scores: readonly LiveScore[], { holdouts, judged, stepOf }: DriftFacts): Alert[][] {
  const findings: Alert[][] = [];
  const usual: LiveScore[] = [];
  let unusual: LiveScore[] = [];
  const countApart = (drifted: readonly LiveScore[]): number => {
    let [count, last] = [0, -Infinity];
    for (const { cutoff } of drifted) {
      const at = stepOf(cutoff);
      if (at - last < judged) continue;
      count++;
      last = at;
    }
    return count;
  };
  for (const score of scores) {
    const found = againstUsual(score, usual.slice(-MOST), holdouts.get(score.version));
    findings.push(found);
    if (found.length === 0) {
      usual.push(score);
      unusual = [];
    } else {
      unusual.push(score);
      if (countApart(unusual) < NEW_NORMAL) continue;
      usual.push(...unusual);
      unusual = [];
    }
  }
  return findings;
}

/** Of each score, whether its error had drifted. */
export const driftedScores = (scores: readonly LiveScore[], facts: DriftFacts): boolean[] =>
  findingsOf(scores, facts).map((found) => found.some(({ code }) => code === 'ERROR_DRIFT'));

function againstUsual(score: LiveScore, before: readonly LiveScore[], holdout: number | undefined): Alert[] {
  if (before.length < FEWEST) return againstHoldout(score, holdout);
  const alerts: Alert[] = [];
  const isNew = before.filter(({ version }) => version === score.version).length < FEWEST;
  const error = outlier(
    score.wql,
    before.map(({ wql }) => wql),
  );
  if (error && score.wql! > FACTOR * error.mean && !(isNew && score.wql! <= FACTOR * (holdout ?? 0)))
    alerts.push({
      code: 'ERROR_DRIFT',
      message: `WQL ${show(score.wql!)}, where ${show(error.mean)} ± ${show(error.deviation)} was usual.`,
      since: score.cutoff,
    });
  const bias = outlier(
    score.bias,
    before.map(({ bias: value }) => value),
    true,
  );
  if (bias && Math.abs(score.bias!) > LARGE_BIAS)
    alerts.push({
      code: 'BIAS',
      message: `Actuals lie ${percent(score.bias!)} ${score.bias! > 0 ? 'above' : 'below'} the forecasts.`,
      since: score.cutoff,
    });
  return alerts;
}

function againstHoldout({ wql, version, cutoff }: LiveScore, holdout: number | undefined): Alert[] {
  if (wql === null || holdout === undefined || !(wql > EARLY * holdout)) return [];
  const message = `WQL ${show(wql)}, where version ${version} had ${show(holdout)} on what its training held out.`;
  return [{ code: 'ERROR_DRIFT', message, since: cutoff }];
}

/** The last `patience` forecasts of a version were all worse than seasonal naive. */
export function isWorseThanNaive(scores: readonly LiveScore[], version: number, patience: number): boolean {
  const own = scores.filter((score) => score.version === version).slice(-patience);
  return own.length === patience && own.every(({ wql, naiveWql }) => wql !== null && naiveWql !== null && wql > naiveWql);
}

function outlier(
  value: number | null,
  before: readonly (number | null)[],
  bothSides = false,
): { mean: number; deviation: number } | undefined {
  const known = before.filter((one): one is number => one !== null);
  if (value === null || known.length < FEWEST) return undefined;
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length;
  const deviation = Math.sqrt(known.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (known.length - 1));
  const distance = bothSides ? Math.abs(value - mean) : value - mean;
  return distance > SIGMAS * deviation ? { mean, deviation } : undefined;
}

const show = (value: number): string => value.toPrecision(3);
const percent = (share: number): string => `${(100 * Math.abs(share)).toFixed(0)} %`;
