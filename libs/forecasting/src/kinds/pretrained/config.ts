/** The settings of the `pretrained` forecaster. The network is what it is: they say for whom it is, and how it is fine-tuned. */
import { AlmanacError } from '@almanac/series';
import { type PanelFacts, typicalLength } from '../../facts.js';
import { HORIZON, LOOK_BACK } from './shape.js';

export interface FineTuning {
  /** Optimiser steps at most; 0 leaves the weights as they were shipped. */
  steps: number;
  /** Windows per step. */
  batch: number;
  /** At its highest. */
  learningRate: number;
  /** Times that validation is scored over the run. */
  validations: number;
  /** Training stops after so many scores in a row without a better one. */
  patience: number;
  /** Steps at the end of the validation series that training never sees. */
  validationTail: number;
  /** At most so many series give a validation tail. */
  validationSeries: number;
}

export type PretrainedConfig = {
  /** Absent where it forecasts without having been fitted. */
  horizon?: number;
  frequency?: string;
  /** Steps per season, shortest first; those of the panel unless given. */
  seasonLengths?: number[];
  train?: FineTuning;
};

const FEW_SERIES = 32;
/** Steps of history that a window has at least, in training too. */
export const SHORTEST = 3;
/** Blocks of its own that it goes on for at most: each is forecast after many sampled paths of the ones before. */
const MOST_BLOCKS = 8;
export const LONGEST_HORIZON = MOST_BLOCKS * HORIZON;

/** Values of all series from which on there is enough to learn at a higher rate; fewer are soon known by heart. */
const LARGE = 100_000;

export function fineTuning(facts: Pick<PanelFacts, 'count' | 'horizon' | 'lengths'>): FineTuning {
  const { count, horizon } = facts;
  const large = typicalLength(facts) * count >= LARGE;
  return {
    ...(large ? { steps: 400, batch: 128, learningRate: 1e-3 } : { steps: 300, batch: 64, learningRate: 4e-4 }),
    validations: 12,
    patience: 3,
    validationTail: count <= FEW_SERIES ? 3 * horizon : horizon,
    validationSeries: count <= FEW_SERIES ? count : Math.min(128, Math.ceil(count / 4)),
  };
}

/** The season that the network is given as an input, and a longer one: the first two that its look-back holds. 1 and 0 stand for none. */
export function seasonsOf(lengths: readonly number[]): { season: number; second: number } {
  const usable = lengths.filter((length) => length > 1 && length <= LOOK_BACK);
  return { season: usable[0] ?? 1, second: usable[1] ?? 0 };
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkConfig({ horizon, train }: PretrainedConfig): void {
  const fail = (setting: string, value: unknown, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', `The setting ${setting} of the pretrained forecaster cannot be ${JSON.stringify(value)}.`, {
      hint,
      subject: { setting },
    });
  };
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (horizon !== undefined && (!whole(horizon, 1) || horizon > LONGEST_HORIZON))
    fail('horizon', horizon, `Give a whole number of steps, 1 to ${LONGEST_HORIZON}.`);
  if (!train) return;
  for (const [name, least] of [
    ['steps', 0],
    ['batch', 1],
    ['validations', 1],
    ['patience', 1],
    ['validationTail', 0],
    ['validationSeries', 0],
  ] as const)
    if (!whole(train[name], least)) fail(`train.${name}`, train[name], `Give a whole number, at least ${least}.`);
  if (!(train.learningRate > 0)) fail('train.learningRate', train.learningRate, 'Give a number above 0.');
}
