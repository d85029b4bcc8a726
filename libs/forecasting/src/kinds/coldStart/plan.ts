/** What is known about the `coldStart` kind before it is trained: mostly what is known about its member. */
import { DEFAULT_QUANTILES } from '@almanac/series';
import { z } from 'zod';
import { type KindPlan, type Member, SINGLE } from '../plan.js';
import { covariates, horizon, levels, members, seasonLengths, steps, whole } from '../schema.js';
import { segmentPlan } from '../segment/plan.js';
import { type ColdStartConfig, checkColdStartConfig, OWN_HIDDEN, OWN_STEPS } from './config.js';

const memberOf = (config: Record<string, unknown>): Member =>
  (config as { member?: Member }).member ?? { kind: segmentPlan.kind, config: {} };
/** Examples per step of its own network. */
const BATCH = 64;

export const coldStartPlan: KindPlan = {
  ...SINGLE,
  kind: 'coldStart',
  summary: 'Another model, and beside it a network that forecasts series without a history from their static covariates and the calendar.',
  trainable: true,
  quick: false,
  startsCold: true,
  covariates: ['static', 'future'],
  schema: z
    .strictObject({
      member: members.element.omit({ weight: true }).meta({ description: 'The model for series that have a history.' }),
      fewest: whole('Series with fewer observations are started cold.'),
      hidden: whole('Width of its own network.'),
      steps: steps('Optimiser steps of its own network.'),
      levels,
      covariates,
      seasonLengths,
      horizon,
    })
    .partial(),
  settings(facts, wishes, plans) {
    const own = { ...wishes.config };
    delete own['member'];
    const { kind, config } = memberOf(wishes.config);
    const whole = {
      horizon: facts.horizon,
      seasonLengths: [...facts.seasonLengths],
      covariates: facts.covariates ?? { static: [], past: [], future: [] },
      ...own,
      member: { kind, config: plans.settings(kind, facts, { ...wishes, config }) },
    };
    checkColdStartConfig(whole);
    return whole;
  },
  check(config, plans) {
    checkColdStartConfig(config as ColdStartConfig);
    const { kind, config: own } = memberOf(config);
    plans.of(kind).check(own, plans);
  },
  minimumLength(config, plans) {
    const { kind, config: own } = memberOf(config);
    return plans.of(kind).minimumLength(own, plans);
  },
  // Whether a series has a history is decided on all of its values.
  lookBack: () => undefined,
  longestHorizon(trained, config, plans) {
    const { kind, config: own } = memberOf(config);
    return Math.min(SINGLE.longestHorizon(trained), plans.of(kind).longestHorizon(trained, own, plans));
  },
  members: (config) => [memberOf(config)],
  work(config, facts, plans) {
    const { kind, config: own } = memberOf(config);
    const member = plans.of(kind).work(own, facts, plans);
    const { hidden: D = OWN_HIDDEN, steps: N = OWN_STEPS, levels: Q = DEFAULT_QUANTILES, horizon: H } = config as ColdStartConfig;
    const network = 3 * BATCH * H * (2 * 3 * D * 2 * D + 2 * D * (2 * D + Q.length));
    return { ...member, operations: member.operations + N * network };
  },
};
