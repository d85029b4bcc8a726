/** What is known about the `auto` kind before it is trained: what is known about its members. */
import { z } from 'zod';
import { METRICS } from '../segment/config.js';
import { segmentPlan } from '../segment/plan.js';
import { type Config, type KindPlan, type Member, PROCESS_BYTES, SINGLE } from '../plan.js';
import { horizon, levels, members, oneOf, seasonLengths, steps, whole } from '../schema.js';
import { type AutoConfig, type Budget, BUDGETS, checkAutoConfig, defaultAuto, NETWORKS } from './config.js';

const DEFAULT_BUDGET: Budget = 'standard';

const budgetOf = (config: Config): Budget => (config as { budget?: Budget }).budget ?? DEFAULT_BUDGET;

/** The list; where a request names none, as many networks as its budget has, whose settings are derived later. */
function membersOf(config: Config): readonly Member[] {
  const { members: listed } = config as { members?: Member[] };
  return listed ?? Array.from({ length: NETWORKS[budgetOf(config)] }, () => ({ kind: segmentPlan.kind, config: {} }));
}

export const autoPlan: KindPlan = {
  ...SINGLE,
  kind: 'auto',
  summary: 'Looks at the series, fits what suits them (networks, regression, Theta, exponential smoothing, …) and weighs it for each.',
  trainable: true,
  untrained: true,
  untrainedConfig: { budget: 'quick' satisfies Budget },
  quick: false,
  compared: 'suggested',
  covariates: [],
  schema: z
    .strictObject({
      budget: oneOf(BUDGETS, 'What it may cost: `quick` seconds and no network, `standard` one network, `best` up to ten times that.'),
      members: members.meta({ description: 'A list of { kind, config, weight } in the place of its own choice.' }),
      metric: oneOf(METRICS, 'What the networks learn for.'),
      history: steps('Last steps that members without weights of their own (Theta, exponential smoothing) are given.'),
      cutoffs: whole('Horizons at the end of the histories that members are measured on, at most.', 0),
      measured: whole('Series that members are measured on, at most.', 0),
      levels,
      seasonLengths,
      horizon,
    })
    .partial(),
  settings(facts, wishes, plans) {
    const { members: listed, ...asked } = wishes.config as Partial<AutoConfig>;
    const derived = defaultAuto({ ...facts, ...(asked.metric ? { metric: asked.metric } : {}) }, budgetOf(wishes.config), wishes);
    const whole = {
      ...derived,
      ...asked,
      members: (listed ?? derived.members).map((member) => ({
        ...member,
        config: plans.settings(member.kind, facts, { ...wishes, config: member.config }),
      })),
    };
    checkAutoConfig(whole);
    return whole;
  },
  check(config, plans) {
    checkAutoConfig(config as AutoConfig);
    for (const member of membersOf(config)) plans.of(member.kind).check(member.config, plans);
  },
  // A series too short for one member is forecast by the others.
  minimumLength: (config, plans) => Math.min(...membersOf(config).map(({ kind, config: own }) => plans.of(kind).minimumLength(own, plans))),
  lookBack(config, plans) {
    const { history } = config as AutoConfig;
    return Math.max(...membersOf(config).map(({ kind, config: own }) => plans.of(kind).lookBack(own, plans) ?? history));
  },
  longestHorizon: (trained, config, plans) =>
    Math.min(...membersOf(config).map(({ kind, config: own }) => plans.of(kind).longestHorizon(trained, own, plans))),
  members: membersOf,
  // Members that a worker of its own is worth: the first of the list.
  apart: ({ config }) => membersOf(config).filter(({ kind }) => kind === segmentPlan.kind).length,
  work(config, facts, plans) {
    const each = membersOf(config).map(({ kind, config: own }) => plans.of(kind).work(own, facts, plans));
    return {
      steps: each.reduce((sum, { steps }) => sum + steps, 0),
      operations: each.reduce((sum, { operations }) => sum + operations, 0),
      // Members are trained one after the other, or by workers of their own.
      memoryBytes: Math.max(PROCESS_BYTES, ...each.map(({ memoryBytes }) => memoryBytes)),
    };
  },
};
