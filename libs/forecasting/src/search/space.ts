/**
 * What a search may vary: choices for settings of one kind of forecaster, named by their path in its configuration.
 *
 * Invariant: candidate `i` of a search depends on the space, the seed and `i` alone.
 */
import { AlmanacError } from '@almanac/series';
import type { PanelFacts } from '../facts.js';
import { isRange, type LogRange } from './range.js';
import { plans } from '../kinds/plans.js';
import { segmentPlan } from '../kinds/segment/plan.js';
import { Random } from '../dataset/random.js';
import { type Forecaster } from '../forecaster.js';
import { createForecaster } from '../kinds/registry.js';

export interface SearchSpace {
  kind: string;
  /** What is not varied, and the first candidate as it stands. */
  config: Record<string, unknown>;
  /** @example { hidden: [64, 128], contextLength: [168, 336], 'train.learningRate': { from: 5e-4, to: 5e-3 } } */
  choices: Record<string, readonly unknown[] | LogRange>;
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
  check(space);
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

function pick(choice: readonly unknown[] | LogRange, random: Random): unknown {
  if (!isRange(choice)) return choice[random.below(choice.length)];
  // Three digits say all that is known, and keep records readable.
  return Number((choice.from * (choice.to / choice.from) ** random.next()).toPrecision(3));
}

function works(kind: string, config: Record<string, unknown>): boolean {
  let made: Forecaster | undefined;
  try {
    made = createForecaster(kind, config);
    return true;
  } catch {
    return false;
  } finally {
    made?.dispose();
  }
}

function check({ config, choices }: SearchSpace): void {
  for (const [path, choice] of Object.entries(choices)) {
    const fail = (message: string, hint: string): never => {
      throw new AlmanacError('SEARCH_SPACE', message, { hint, subject: { setting: path } });
    };
    let at: unknown = config;
    for (const part of path.split('.')) {
      if (typeof at !== 'object' || at === null || !(part in at))
        fail(`There is no setting ${path} to search over.`, 'Name settings by their path.');
      at = (at as Record<string, unknown>)[part];
    }
    if (isRange(choice) ? !(choice.from > 0 && choice.to >= choice.from) : choice.length === 0)
      fail(`The choices of ${path} hold nothing to choose.`, 'List values, or give a range as { from, to } of positive numbers.');
  }
}
