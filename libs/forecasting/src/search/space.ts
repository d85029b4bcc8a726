/**
 * What a search may vary: choices for settings of one kind of forecaster, named by their path in its configuration.
 *
 * Invariant: candidate `i` of a search depends on the space, the seed and `i` alone.
 */
import { AlmanacError } from '@almanac/series';
import { CELL_KINDS } from '../cells/kinds.js';
import type { PanelFacts } from '../facts.js';
import { defaultConfig, SEGMENT_CELLS } from '../kinds/segment/config.js';
import { Random } from '../dataset/random.js';
import { type Forecaster } from '../forecaster.js';
import { defaultRecurrentConfig } from '../kinds/recurrent/config.js';
import { createForecaster } from '../kinds/registry.js';
import { type ScalerKind } from '../scalers/windowScale.js';

/** Values between two positive ends, evenly over their logarithm. */
export interface LogRange {
  from: number;
  to: number;
}

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

/**
 * Settings around the default for a panel: context, width, scaler, loss and learning rate; of `segment` segments and dropout too, of
 * `recurrent` cell and encoder.
 */
export function defaultSpace(facts: PanelFacts, kind: 'segment' | 'recurrent' = 'segment'): SearchSpace {
  const config = kind === 'segment' ? defaultConfig(facts) : defaultRecurrentConfig(facts);
  const { contextLength, hidden, train } = config;
  const common = {
    contextLength: [0.5, 1, 1.5, 2].map((factor) => Math.max(2, Math.round(factor * contextLength))),
    hidden: [hidden >> 1, hidden, 2 * hidden],
    scaler: ['seasonalDifference', 'lastValue', 'robustArcsinh'] satisfies ScalerKind[],
    head: ['quantile', 'studentT'],
    'train.learningRate': { from: train.learningRate / 4, to: train.learningRate * 4 },
  };
  if (!('segmentLength' in config))
    return { kind, config, choices: { ...common, cell: CELL_KINDS, encoder: ['plain', 'dilated', 'stacked'] } };
  const { segmentLength } = config;
  const segments = [...new Set([Math.max(1, segmentLength >> 1), segmentLength, 2 * segmentLength])];
  return { kind, config, choices: { ...common, cell: SEGMENT_CELLS, segmentLength: segments, 'train.dropout': [0.1, 0.3, 0.5] } };
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
  if (kind !== 'segment') return drawn;
  // Context and segments are chosen apart, and must fit.
  const { contextLength, segmentLength, temporalSeason } = drawn as {
    contextLength: number;
    segmentLength: number;
    temporalSeason: number;
  };
  const fitting = segmentLength * Math.max(2, Math.ceil(contextLength / segmentLength));
  return { ...drawn, contextLength: fitting, temporalSeason: temporalSeason <= fitting ? temporalSeason : 0 };
}

function pick(choice: readonly unknown[] | LogRange, random: Random): unknown {
  if (!isRange(choice)) return choice[random.below(choice.length)];
  // Three digits say all that is known, and keep records readable.
  return Number((choice.from * (choice.to / choice.from) ** random.next()).toPrecision(3));
}

function isRange(choice: readonly unknown[] | LogRange): choice is LogRange {
  return !Array.isArray(choice);
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
