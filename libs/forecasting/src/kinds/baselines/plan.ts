/** What is known about the baselines: names and one line each. They learn nothing, and read all of a series' own history. */
import { z } from 'zod';
import { type KindPlan, PROCESS_BYTES, SINGLE } from '../plan.js';
import { steps } from '../schema.js';

const SUMMARIES = {
  naive: 'The last value.',
  seasonalNaive: 'The value one season ago.',
  drift: 'The line through the first and the last value.',
  naive2: 'The last value, seasonally adjusted (the reference of the M4 competition).',
  theta: 'The Theta method.',
  optimisedTheta: 'The dynamic Theta method, its parameters fitted to each series.',
  autoEts: 'Exponential smoothing, its form chosen for each series.',
};

export type BaselineKind = keyof typeof SUMMARIES;

export const BASELINE_KINDS = Object.keys(SUMMARIES) as readonly BaselineKind[];

export function isBaselineKind(kind: string): kind is BaselineKind {
  return Object.hasOwn(SUMMARIES, kind);
}

/** What every model stands beside. */
export const NAIVE = 'naive' satisfies BaselineKind;
export const THETA = 'theta' satisfies BaselineKind;
export const SEASONAL_NAIVE = 'seasonalNaive' satisfies BaselineKind;
/** The member that short series get in an ensemble. */
export const OPTIMISED_THETA = 'optimisedTheta' satisfies BaselineKind;
export const AUTO_ETS = 'autoEts' satisfies BaselineKind;

const COMPARED: Partial<Record<BaselineKind, 'always' | 'suggested'>> = { seasonalNaive: 'always', theta: 'suggested' };

const schema = z
  .strictObject({ seasonLength: steps('Steps per season; the first of the grid unless given, 1 where it has none.') })
  .partial();

export const baselinePlans: readonly KindPlan[] = BASELINE_KINDS.map((kind) => ({
  ...SINGLE,
  kind,
  summary: SUMMARIES[kind],
  ...(COMPARED[kind] ? { compared: COMPARED[kind] } : {}),
  trainable: false,
  untrained: true,
  quick: true,
  covariates: [],
  schema,
  settings: (_, { config }) => config,
  check: () => undefined,
  minimumLength: () => 2,
  lookBack: () => undefined,
  longestHorizon: () => Infinity,
  work: (_, { observations }) => ({ steps: 0, operations: 0, memoryBytes: PROCESS_BYTES + 16 * observations }),
}));
