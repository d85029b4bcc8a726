/**
 * What is known about a kind of model before anything is trained: its room's `plan.ts` says it, `plans.ts` lists them. Whoever
 * asks (a request, an estimate, a form, a forecast) asks the plan, and so names no kind.
 *
 * Invariant: a plan loads no TensorFlow.js, so that the API may ask.
 */
import { AlmanacError, nearest } from '@almanac/series';
import { z } from 'zod';
import type { PanelFacts } from '../facts.js';
import type { Choices } from '../search/range.js';

export type Config = Record<string, unknown>;

/** What a request may say for all its models and their members at once, beside their `config`. */
export const SHARED = ['contextLength', 'steps'] as const;
export type Shared = (typeof SHARED)[number];

/** What a request says about the settings of a model, beside what the rule of its kind derives. */
export interface Wishes {
  contextLength?: number | undefined;
  /** Optimiser steps of a training. */
  steps?: number | undefined;
  /** Overrides of single settings, as the kind's schema has them. */
  config: Config;
}

/** Another model that this one is made of. */
export interface Member {
  kind: string;
  config: Config;
  weight?: number;
}

/** What a training reads and runs on. */
export interface WorkFacts {
  /** Number of series. */
  count: number;
  /** Values of all series and channels together. */
  observations: number;
  /** Threads that share each step. Default 1. */
  threads?: number;
  /** Default `wasm`. */
  engine?: 'wasm' | 'tensorflow';
}

/** What a training with some settings takes. */
export interface Work {
  /** Optimiser steps; 0 where nothing is optimised step by step. */
  steps: number;
  /** Floating-point operations of the whole training. */
  operations: number;
  /** Resident bytes of the process that trains, at its peak; meant to be within a factor of two. */
  memoryBytes: number;
}

export const COVARIATE_USES = ['static', 'past', 'future'] as const;
export type CovariateUse = (typeof COVARIATE_USES)[number];

export interface KindPlan {
  readonly kind: string;
  /** One line for people who choose. */
  readonly summary: string;
  /** False: a baseline, which learns nothing. */
  readonly trainable: boolean;
  /** It forecasts without having been trained: a baseline, or a network that comes with the library. */
  readonly untrained: boolean;
  /** Settings with which it does, where those of a training would take too long. */
  readonly untrainedConfig?: Config;
  /** Learns without a network to speak of, in seconds: not worth an accelerator, nor an estimate of its time. */
  readonly quick: boolean;
  /** Its training keeps all threads busy that it is given, and not one; members may anyway, see `threadsOf`. */
  readonly spreads: boolean;
  /** It goes on learning with every observation, see `learnOnline`. */
  readonly goesOn: boolean;
  /** Can go on from the weights of another model of the same settings. */
  readonly startsFrom: boolean;
  /** Forecasts a series that has no observation at all. */
  readonly startsCold: boolean;
  /** Stands in every backtest (`always`), or in the form of one until somebody strikes it out (`suggested`). */
  readonly compared?: 'always' | 'suggested';
  /** Covariates that it reads itself; members may read more. */
  readonly covariates: readonly CovariateUse[];
  /** The setting that each wish beside `config` becomes; it follows no other, though its members may. */
  readonly follows: Partial<Record<Shared, string>>;
  /** What `config` of a request may hold, every setting optional; unknown names are refused. */
  readonly schema: z.ZodObject;

  /** All settings of a model for such a panel. Wishes have passed the schema. @throws INVALID_CONFIG */
  settings(facts: PanelFacts, wishes: Wishes, plans: Plans): Config;
  /** @throws INVALID_CONFIG naming the first setting that cannot work */
  check(config: Config, plans: Plans): void;
  /** Observations that a series must have to be trained on. */
  minimumLength(config: Config, plans: Plans): number;
  /** Last steps of a history that a forecast may depend on; undefined where it depends on all of it. Forecasters keep to it. */
  lookBack(config: Config, plans: Plans): number | undefined;
  /** Child to parent by id, where forecasts of relatives are made together because they add up; undefined for series on their own. */
  hierarchy(config: Config): Readonly<Record<string, string>> | undefined;
  /** Steps that a model trained for `horizon` of them can forecast. */
  longestHorizon(horizon: number, config: Config, plans: Plans): number;
  work(config: Config, facts: WorkFacts, plans: Plans): Work;
  /** What the model is made of, by its settings or by what a request says of them; none for most kinds. */
  members(config: Config): readonly Member[];
  /** What a search may vary around these settings; nothing where absent. */
  choices?(config: Config): Choices;
  /** Settings that were chosen apart, made to fit each other. */
  fitted?(config: Config): Config;
  /** How many members can be trained apart, by what a request says; 0 for what is trained in one go. */
  apart(wishes: Pick<Wishes, 'config'>): number;
}

/** How a plan reaches those of its members: `plans.ts` passes itself. */
export interface Plans {
  /** @throws MODEL_KIND_UNKNOWN */
  of(kind: string): KindPlan;
  /** Checked against the schema, derived and checked again. @throws MODEL_KIND_UNKNOWN, INVALID_CONFIG */
  settings(kind: string, facts: PanelFacts, wishes: Wishes): Config;
}

/** A trained model goes on beyond its horizon from paths of its own (`beyond.ts`), so far; its intervals widen as it goes. */
export const HORIZONS_BEYOND = 4;

/** A process that has loaded the library and its engine: measured. */
export const PROCESS_BYTES = 150 * 2 ** 20;

/** What most plans have in common. */
export const SINGLE = {
  goesOn: false,
  startsFrom: false,
  startsCold: false,
  untrained: false,
  follows: {} as KindPlan['follows'],
  members: (): readonly Member[] => [],
  apart: (): number => 0,
  hierarchy: (): Readonly<Record<string, string>> | undefined => undefined,
  spreads: false,
  longestHorizon: (horizon: number): number => HORIZONS_BEYOND * horizon,
};

/**
 * The default settings with what a request changes. A context is made of whole segments, at least as long as was asked.
 */
export function overridden<T extends { contextLength: number; train: { steps: number } }>(
  derived: T,
  { contextLength, steps, config }: Wishes,
): T {
  const { train, ...overrides } = config as Partial<T>;
  const segment = 'segmentLength' in derived ? (derived.segmentLength as number) : 1;
  return {
    ...derived,
    ...(contextLength === undefined ? {} : { contextLength: segment * Math.ceil(contextLength / segment) }),
    ...overrides,
    train: { ...derived.train, ...(steps === undefined ? {} : { steps }), ...train },
  };
}

/** @throws INVALID_CONFIG where a setting contradicts what the request or its dataset says */
export function refuseContrary(kind: string, setting: string, given: unknown, said: unknown): void {
  if (given === undefined || given === said) return;
  const name = setting.split('.').at(-1)!;
  throw new AlmanacError(
    'INVALID_CONFIG',
    `The setting ${setting} of a ${kind} model cannot be ${JSON.stringify(given)}: the ${name} here is ${JSON.stringify(said)}.`,
    {
      hint: `Leave ${setting} out: it is always that of the ${name === 'frequency' ? 'dataset' : 'request'}.`,
      subject: { setting, kind, given, expected: said },
    },
  );
}

/** @throws INVALID_CONFIG a name that the kind does not have, with the nearest that it has; a value that cannot be */
export function checkWishes({ kind, schema }: Pick<KindPlan, 'kind' | 'schema'>, config: Config): void {
  const parsed = schema.safeParse(config);
  if (parsed.success) return;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const setting = [...path, issue.keys[0]!].join('.');
    const known = namesAt(schema, path);
    const near = nearest(issue.keys[0]!, known);
    throw new AlmanacError('INVALID_CONFIG', `A ${kind} model has no setting "${setting}".`, {
      hint: near ? `Did you mean "${[...path, near].join('.')}"?` : `Its settings are ${known.join(', ')}.`,
      subject: { setting, kind, ...(near ? { nearest: [...path, near].join('.') } : {}) },
    });
  }
  const setting = path.join('.');
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], config);
  throw new AlmanacError('INVALID_CONFIG', `The setting ${setting} of a ${kind} model cannot be ${JSON.stringify(value)}.`, {
    hint: `${issue.message}.`,
    subject: { setting, kind },
  });
}

/** Names of the object at a path of the schema. */
function namesAt(schema: z.ZodObject, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const key of ['', ...path]) {
    if (key !== '') at = at instanceof z.ZodObject ? at.shape[key] : at instanceof z.ZodArray ? at.element : undefined;
    while (at instanceof z.ZodOptional) at = at.unwrap();
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}
