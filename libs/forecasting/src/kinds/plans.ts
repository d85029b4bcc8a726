/**
 * Every kind of model: the first of the two tables, of what can be said before anything is trained. Loads no TensorFlow.js.
 * A new kind is a folder here and a line in each table; `registry.ts` is the other.
 */
import { AlmanacError, nearest } from '@almanac/series';
import { autoPlan } from './auto/plan.js';
import { baselinePlans } from './baselines/plan.js';
import { coldStartPlan } from './coldStart/plan.js';
import { ensemblePlan } from './ensemble/plan.js';
import { linearPlan } from './linear/plan.js';
import { onlinePlan } from './online/plan.js';
import { checkWishes, type Config, type KindPlan, type Plans, refuseContrary } from './plan.js';
import { pretrainedPlan } from './pretrained/plan.js';
import { recurrentPlan } from './recurrent/plan.js';
import { segmentPlan } from './segment/plan.js';

export const PLANS: readonly KindPlan[] = [
  autoPlan,
  segmentPlan,
  recurrentPlan,
  ensemblePlan,
  coldStartPlan,
  onlinePlan,
  linearPlan,
  pretrainedPlan,
  ...baselinePlans,
];

const BY_KIND = new Map(PLANS.map((plan) => [plan.kind, plan]));

export const isKind = (kind: string): boolean => BY_KIND.has(kind);

export const plans: Plans = {
  of(kind) {
    const plan = BY_KIND.get(kind);
    if (plan) return plan;
    const names = [...BY_KIND.keys()];
    const near = nearest(kind, names);
    throw new AlmanacError('MODEL_KIND_UNKNOWN', `There is no kind of model named "${kind}".`, {
      hint: near ? `Did you mean "${near}"?` : `Kinds are ${names.join(', ')}.`,
      subject: { kind },
    });
  },
  settings(kind, facts, wishes) {
    const plan = plans.of(kind);
    checkWishes(plan, wishes.config);
    for (const name of ['horizon', 'frequency'] as const) refuseContrary(kind, name, wishes.config[name], facts[name]);
    return plan.settings(facts, wishes, plans);
  },
};

/** Threads that a training keeps busy, of those that it is given: its own, or those of the member that takes most. */
export function threadsOf(kind: string, config: Config, given: number): number {
  const plan = plans.of(kind);
  if (plan.spreads) return given;
  return Math.max(1, ...plan.members(config).map((member) => threadsOf(member.kind, member.config, given)));
}
