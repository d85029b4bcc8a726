/**
 * What a search may vary: choices for settings of one kind of forecaster, named by their path in its configuration.
 *
 * Invariants: candidate `i` of a search depends on the space, the seed and `i` alone; loads no TensorFlow.js, so that the API may
 * say what is wrong with a space.
 */
import { AlmanacError, nearest } from '@almanac/series';
import type { PanelFacts } from '../facts.js';
import { isRange, type LogRange } from './range.js';
import { checkWishes } from '../kinds/plan.js';
import { plans } from '../kinds/plans.js';
import { segmentPlan } from '../kinds/segment/plan.js';
import { Random } from '../dataset/random.js';

export interface SearchSpace {
  kind: string;
  /** What is not varied, and the first candidate as it stands. */
  config: Record<string, unknown>;
  /** @example { hidden: [64, 128], contextLength: [168, 336], 'train.learningRate': { from: 5e-4, to: 5e-3 } } */
  choices: Record<string, unknown[] | LogRange>;
}

const PURPOSE = 98;
/** Draws for one candidate that are no good or were had before. */
const ATTEMPTS = 50;

/** Settings around the default for a panel, as the kind's plan has them. @throws MODEL_KIND_UNKNOWN */
export function defaultSpace(facts: PanelFacts, kind: string = segmentPlan.kind): SearchSpace {
  const plan = plans.of(kind);
  const config = plans.settings(kind, facts, { config: {} });
  return { kind, config, choices: plan.choices?.(config) ?? {} };
}

/**
 * The configurations that a search tries: the space's own first, then different draws. Fewer where the space has no more.
 *
 * @throws SEARCH_SPACE a choice without values, or a path that the configuration does not have
 */
export function candidates(space: SearchSpace, count: number, seed: number): Record<string, unknown>[] {
  checkSpace(space);
  const chosen = [space.config];
  const had = new Set([JSON.stringify(space.config)]);
  for (let i = 1; i < count; i++) {
    const random = new Random(seed, PURPOSE, i);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const config = draw(space, random);
      if (had.has(JSON.stringify(config)) || !works(space.kind, config)) continue;
      had.add(JSON.stringify(config));
      chosen.push(config);
      break;
    }
  }
  return chosen;
}

/** A copy of a configuration with the setting at `path` replaced. */
export function withSetting(config: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [first, ...rest] = path.split('.') as [string, ...string[]];
  if (rest.length === 0) return { ...config, [first]: value };
  return { ...config, [first]: withSetting(config[first] as Record<string, unknown>, rest.join('.'), value) };
}

function draw({ kind, config, choices }: SearchSpace, random: Random): Record<string, unknown> {
  const drawn = Object.entries(choices).reduce((made, [path, choice]) => withSetting(made, path, pick(choice, random)), config);
  return plans.of(kind).fitted?.(drawn) ?? drawn;
}

function pick(choice: unknown[] | LogRange, random: Random): unknown {
  if (!isRange(choice)) return choice[random.below(choice.length)];
  const { from, to } = choice;
  const drawn = from * (to / from) ** random.next();
  // Three digits say all that is known, and keep records readable.
  return Number.isInteger(from) && Number.isInteger(to) ? Math.round(drawn) : Number(drawn.toPrecision(3));
}

function works(kind: string, config: Record<string, unknown>): boolean {
  try {
    plans.of(kind).check(config, plans);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether there is something to choose from, of settings that there are; each value is one that the kind can be given.
 *
 * @throws SEARCH_SPACE, INVALID_CONFIG
 */
export function checkSpace({ kind, config, choices }: SearchSpace): void {
  for (const [path, choice] of Object.entries(choices)) {
    const fail = (message: string, hint: string): never => {
      throw new AlmanacError('SEARCH_SPACE', message, { hint, subject: { setting: path } });
    };
    if (!has(config, path)) {
      const near = nearest(path, pathsOf(config));
      fail(`There is no setting ${path} to search over.`, near ? `Did you mean "${near}"?` : 'Name settings by their path.');
    }
    if (isRange(choice) ? !(choice.from > 0 && choice.to >= choice.from) : choice.length === 0)
      fail(`The choices of ${path} hold nothing to choose.`, 'List values, or give a range as { from, to } of positive numbers.');
    for (const value of isRange(choice) ? [choice.from, choice.to] : choice) checkWishes(plans.of(kind), withSetting(config, path, value));
  }
}

/** The setting at `path`; undefined where there is none. */
export const settingAt = (config: Record<string, unknown>, path: string): unknown =>
  path.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], config);

function has(config: unknown, path: string): boolean {
  let at = config;
  for (const part of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return false;
    at = (at as Record<string, unknown>)[part];
  }
  return true;
}

const pathsOf = (config: Record<string, unknown>): string[] =>
  Object.entries(config).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? [name, ...pathsOf(value as Record<string, unknown>).map((rest) => `${name}.${rest}`)]
      : [name],
  );
