/** What is known about the `ensemble` kind before it is trained: what is known about its members. */
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';
import { METRICS } from '../segment/config.js';
import { segmentPlan } from '../segment/plan.js';
import { type Config, type KindPlan, type Member, type Plans, refuseContrary, SINGLE } from '../plan.js';
import { levels, members, oneOf, steps } from '../schema.js';
import { checkEnsembleConfig, COMBINATIONS, defaultEnsemble, type EnsembleConfig } from './config.js';

const DEFAULT_MEMBERS = 3;

/** The list; where a request gives a number, so many networks, whose settings are derived later. */
function membersOf(config: Config): readonly Member[] {
  const { members = DEFAULT_MEMBERS } = config as { members?: number | Member[] };
  return typeof members === 'number' ? Array.from({ length: members }, () => ({ kind: segmentPlan.kind, config: {} })) : members;
}

/** What members say of a series is weighed anew, and sums would no longer be sums. @throws INVALID_CONFIG */
function refuseHierarchies(members: readonly Member[], plans: Plans): void {
  const at = members.findIndex(({ kind, config }) => plans.of(kind).hierarchy(config) !== undefined);
  if (at < 0) return;
  throw new AlmanacError(
    'INVALID_CONFIG',
    `Member ${at} of the ensemble has a hierarchy (parents); forecasts that are combined would no longer add up.`,
    {
      hint: 'Train that kind by itself, or leave parents out.',
      subject: { setting: `members.${at}.config.parents` },
    },
  );
}

export const ensemblePlan: KindPlan = {
  ...SINGLE,
  kind: 'ensemble',
  summary: 'Several different networks, and simpler models where they help, combined quantile by quantile.',
  trainable: true,
  quick: false,
  covariates: [],
  schema: z
    .strictObject({
      members: z
        .union([z.int().min(1).max(50), members])
        .meta({ description: 'How many networks, or a list of { kind, config, weight }.' }),
      combine: oneOf(COMBINATIONS, 'How the members’ quantiles of one level become one number; stacked weights are learned.'),
      stacking: z
        .strictObject({
          horizon: steps('Steps ahead.'),
          tail: steps('Steps that the members held out.'),
          levels,
          metric: oneOf(METRICS, 'What the weights are chosen by.'),
        })
        .meta({ description: 'What stacked weights are learned on.' }),
    })
    .partial(),
  settings(facts, wishes, plans) {
    const { members: wanted, ...asked } = wishes.config as Partial<Omit<EnsembleConfig, 'members'>> & { members?: number | Member[] };
    const derived = defaultEnsemble(facts, typeof wanted === 'number' ? wanted : DEFAULT_MEMBERS, wishes);
    refuseContrary(ensemblePlan.kind, 'stacking.horizon', asked.stacking?.horizon, facts.horizon);
    const listed: readonly Member[] = Array.isArray(wanted) ? wanted : derived.members;
    const combine = asked.combine ?? (Array.isArray(wanted) ? 'median' : derived.combine);
    const stacking = combine === 'stacked' ? (asked.stacking ?? derived.stacking) : undefined;
    const whole = {
      combine,
      ...(stacking ? { stacking } : {}),
      members: listed.map((member) => ({ ...member, config: plans.settings(member.kind, facts, { ...wishes, config: member.config }) })),
    };
    checkEnsembleConfig(whole);
    refuseHierarchies(whole.members, plans);
    return whole;
  },
  check(config, plans) {
    checkEnsembleConfig(config as EnsembleConfig);
    for (const member of membersOf(config)) plans.of(member.kind).check(member.config, plans);
    refuseHierarchies(membersOf(config), plans);
  },
  minimumLength: (config, plans) => Math.max(...membersOf(config).map(({ kind, config: own }) => plans.of(kind).minimumLength(own, plans))),
  lookBack(config, plans) {
    const each = membersOf(config).map(({ kind, config: own }) => plans.of(kind).lookBack(own, plans));
    return each.some((steps) => steps === undefined) ? undefined : Math.max(...each.map((steps) => steps!));
  },
  longestHorizon: (trained, config, plans) =>
    Math.min(...membersOf(config).map(({ kind, config: own }) => plans.of(kind).longestHorizon(trained, own, plans))),
  members: membersOf,
  apart: ({ config }) => membersOf(config).length,
  work(config, facts, plans) {
    const each = membersOf(config).map(({ kind, config: own }) => plans.of(kind).work(own, facts, plans));
    return {
      steps: each.reduce((sum, { steps }) => sum + steps, 0),
      operations: each.reduce((sum, { operations }) => sum + operations, 0),
      // Members are trained one after the other, or by workers of their own.
      memoryBytes: Math.max(...each.map(({ memoryBytes }) => memoryBytes)),
    };
  },
};
