/**
 * The settings of the `recurrent` forecaster: any cell, any encoder, any of the three alignments, point by point. The `segment`
 * forecaster is faster and the default; this one is for short contexts, for copying, and for looking at lags step by step.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { BRANCHES, type Branch } from '../attention/align.js';
import { CELL_KINDS, type CellKind } from '../cells/layer.js';
import { type CovariateNames } from '../dataset/covariates.js';

export const ENCODER_KINDS = ['plain', 'stacked', 'bidirectional', 'dilated', 'hierarchical', 'grid'] as const;
export type EncoderKind = (typeof ENCODER_KINDS)[number];

export interface RecurrentTraining {
  steps: number;
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Largest gradient norm. */
  clip: number;
  /** Share of the steps that warm up. */
  warmup: number;
  /** Decay of the averaged weights, which are the ones kept. */
  ema: number;
  /** Standard deviation of the noise on scaled inputs. */
  noise: number;
  /** Chance of each alignment to speak alone in a step, until `dropUntil` of all steps. */
  branchDropout: number;
  dropUntil: number;
  /** At most so many series give their last horizon to validation. */
  validationSeries: number;
  validations: number;
}

export type RecurrentConfig = {
  seasonLengths: number[];
  horizon: number;
  contextLength: number;
  levels: number[];
  cell: CellKind;
  encoder: EncoderKind;
  hidden: number;
  zoneout: { h: number; c: number };
  branches: Branch[];
  /** Values per pointer window. */
  window: number;
  covariates: CovariateNames;
  train: RecurrentTraining;
};

/** Settings for a panel: two of its shortest seasons and two horizons of context, at most half a typical series. */
export function defaultRecurrentConfig(facts: {
  seasonLengths: readonly number[];
  horizon: number;
  lengths: readonly number[];
  covariates?: CovariateNames;
}): RecurrentConfig {
  const lengths = [...facts.lengths].sort((a, b) => a - b);
  const typical = lengths[Math.floor(lengths.length / 2)] ?? facts.horizon;
  const season = facts.seasonLengths[0] ?? 1;
  const contextLength = Math.max(2, Math.min(Math.max(3 * season, 2 * facts.horizon), Math.floor(typical / 2)));
  return {
    seasonLengths: [...facts.seasonLengths],
    horizon: facts.horizon,
    contextLength,
    levels: [...DEFAULT_QUANTILES],
    cell: 'gru',
    encoder: 'plain',
    hidden: 32,
    zoneout: { h: 0.05, c: 0.15 },
    branches: [...BRANCHES],
    window: Math.min(6, contextLength),
    covariates: facts.covariates ?? { static: [], past: [], future: [] },
    train: {
      steps: 400,
      batch: 32,
      learningRate: 5e-3,
      weightDecay: 1e-4,
      clip: 1,
      warmup: 0.1,
      ema: 0.98,
      noise: 0.001,
      branchDropout: 0.1,
      dropUntil: 0.8,
      validationSeries: 64,
      validations: 6,
    },
  };
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkRecurrentConfig(config: RecurrentConfig): void {
  const fail = (name: string, hint: string): never => {
    throw new AlmanacError(
      'INVALID_CONFIG',
      `The setting ${name} of the recurrent forecaster cannot be ${JSON.stringify(Reflect.get(config, name))}.`,
      { hint, subject: { setting: name } },
    );
  };
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!whole(config.horizon, 1)) fail('horizon', 'Give a whole number of steps, at least 1.');
  if (!whole(config.contextLength, 2)) fail('contextLength', 'Give a whole number of steps, at least 2.');
  if (!whole(config.hidden, 1)) fail('hidden', 'Give a whole number, at least 1.');
  if (!whole(config.window, 1) || config.window > config.contextLength)
    fail('window', 'Give a whole number of steps, at most contextLength.');
  if (!CELL_KINDS.includes(config.cell)) fail('cell', `Cells are ${CELL_KINDS.join(', ')}.`);
  if (!ENCODER_KINDS.includes(config.encoder)) fail('encoder', `Encoders are ${ENCODER_KINDS.join(', ')}.`);
  if (config.branches.length === 0 || !config.branches.every((branch) => BRANCHES.includes(branch)))
    fail('branches', `Give at least one of ${BRANCHES.join(', ')}.`);
  const ascending = config.levels.every((level, i) => level > (config.levels[i - 1] ?? 0) && level < 1);
  if (config.levels.length === 0 || !ascending) fail('levels', 'Give ascending levels between 0 and 1.');
  if (!whole(config.train.steps, 1) || !whole(config.train.batch, 1)) fail('train', 'Give at least one step and one window per batch.');
}
