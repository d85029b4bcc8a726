/**
 * The settings of the `recurrent` forecaster: any cell, any encoder, any of the three alignments, point by point. The `segment`
 * forecaster is faster and the default; this one is for short contexts, for copying, and for looking at lags step by step.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { BRANCHES, type Branch } from '../../attention/branches.js';
import { DECODER_KINDS, type DecoderKind } from '../../decoders/kinds.js';
import { CELL_KINDS, type CellKind } from '../../cells/kinds.js';
import { inverseSigmoidSchedule, linearSchedule } from '../../cells/schedules.js';
import { type CalendarSettings } from '../../dataset/calendarCovariates.js';
import { type CovariateNames } from '../../dataset/covariates.js';
import { HEAD_KINDS, type HeadKind } from '../../heads/head.js';
import { SCALER_KINDS, type ScalerKind } from '../../scalers/windowScale.js';

export const ENCODER_KINDS = ['plain', 'stacked', 'bidirectional', 'dilated', 'hierarchical', 'grid'] as const;
export type EncoderKind = (typeof ENCODER_KINDS)[number];

export const TEACHERS = ['always', 'linear', 'inverseSigmoid'] as const;

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
  /**
   * What a recursive decoder is fed in training. `always` the truth: its spreads are then those of one step, so forecasts are made of
   * sampled paths (as in DeepAR). Otherwise the truth ever more rarely (scheduled sampling), until it lives on its own points: its
   * spreads are then those of the step itself. Other decoders are not fed.
   */
  teacher: (typeof TEACHERS)[number];
  /** Share of the steps after which (almost) no truth is fed. */
  teacherUntil: number;
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
  scaler: ScalerKind;
  /**
   * Exponential smoothing before the network, its factors and first season learned per series; see `seasonal/smoothing`. Best with the
   * scaler `meanAbs`, whose centre does not depend on where in its season a window begins.
   */
  smoothing: boolean;
  cell: CellKind;
  encoder: EncoderKind;
  /** Steps back that shortcuts reach from each state of the encoder, e.g. a season; none by default. */
  delays: number[];
  /**
   * The hierarchy of the series, child to parent by id: series then read their relatives through a tree, and the forecasts of a family that
   * is whole add up. Empty by default: every series stands for itself.
   */
  parents: Record<string, string>;
  /**
   * `parallel`: all steps at once; `recursive`: each from the one before; `forking`: trained from every step of the look-back's second
   * half.
   */
  decoder: DecoderKind;
  /**
   * What is predicted of a step: quantiles, a distribution's parameters, or words to copy or make (`vocabulary`, which needs the pointer).
   */
  head: HeadKind;
  /** Paths that the forecast of a recursive decoder taught `always` is made of. */
  paths: number;
  hidden: number;
  zoneout: { h: number; c: number };
  branches: Branch[];
  /** Values per pointer window. */
  window: number;
  covariates: CovariateNames;
  /** What the calendar says about each step, holidays among it, as further future covariates. None by default. */
  calendar?: CalendarSettings;
  train: RecurrentTraining;
};

/** The same settings where a checkpoint or a caller, being older than some of them, leaves them out. */
export function completeRecurrentConfig(config: Partial<RecurrentConfig>): RecurrentConfig {
  const later: Partial<RecurrentConfig> = {
    scaler: (config.seasonLengths ?? []).length > 0 ? 'seasonalDifference' : 'lastValue',
    decoder: 'parallel',
    head: 'quantile',
    paths: 100,
    delays: [],
    smoothing: false,
    parents: {},
  };
  const train = { ...LATER_TRAINING, ...config.train };
  const complete = { ...later, ...config, train } as RecurrentConfig;
  if (!complete.zoneout) return complete;
  // What the cell or the encoder does not have it does not pretend to have.
  const { h, c } = zonedOut(complete);
  return { ...complete, zoneout: { h: h ? complete.zoneout.h : 0, c: c ? complete.zoneout.c : 0 } };
}

const LATER_TRAINING: Pick<RecurrentTraining, 'teacher' | 'teacherUntil'> = { teacher: 'linear', teacherUntil: 0.7 };

/** Chance that an element of the state, or of an LSTM's cell, keeps its value in a training step. */
export const ZONEOUT = { h: 0.05, c: 0.15 };

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
    scaler: facts.seasonLengths.length > 0 ? 'seasonalDifference' : 'lastValue',
    smoothing: false,
    cell: 'gru',
    encoder: 'plain',
    delays: [],
    parents: {},
    decoder: 'parallel',
    head: 'quantile',
    paths: 100,
    hidden: 32,
    zoneout: { ...ZONEOUT },
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
      teacher: 'linear',
      teacherUntil: 0.7,
      branchDropout: 0.1,
      dropUntil: 0.8,
      validationSeries: 64,
      validations: 6,
    },
  };
}

/** Last steps of a history that a forecast may depend on: more than any feature of the network reaches back. */
export function lookBack({ contextLength }: Pick<RecurrentConfig, 'contextLength'>): number {
  return 2 * contextLength;
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
  if (!config.delays.every((delay, i) => whole(delay, 1) && delay < config.contextLength && config.delays.indexOf(delay) === i))
    fail('delays', 'Give different numbers of steps, each at least 1 and less than contextLength.');
  if (!DECODER_KINDS.includes(config.decoder)) fail('decoder', `Decoders are ${DECODER_KINDS.join(', ')}.`);
  if (config.decoder === 'forking' && config.encoder === 'bidirectional')
    fail('encoder', 'A fork must not know what comes after it: use another encoder with the forking decoder.');
  if (!HEAD_KINDS.includes(config.head)) fail('head', `Heads are ${HEAD_KINDS.join(', ')}.`);
  const scalers = SCALER_KINDS.filter((kind) => kind !== 'seriesDeviation');
  if (!scalers.includes(config.scaler as (typeof scalers)[number])) fail('scaler', `Scalers are ${scalers.join(', ')}.`);
  if (config.head === 'negativeBinomial' && config.scaler !== 'meanAbs')
    fail('scaler', 'Counts are scaled by their mean: use meanAbs with the negativeBinomial head.');
  if (config.head === 'vocabulary' && !config.branches.includes('pointer'))
    fail('branches', 'The vocabulary head copies what the pointer points at: name the pointer too.');
  if (config.smoothing && (config.decoder === 'forking' || config.head === 'vocabulary' || config.head === 'negativeBinomial'))
    fail('smoothing', 'A fork would know the last level, and words and counts cannot be moved by one: use another decoder or head.');
  if (hasFamilies(config) && config.decoder === 'forking') fail('parents', 'A fork would know its relatives’ ends: use another decoder.');
  if (Object.keys(config.parents).some((child) => circular(child, config.parents))) fail('parents', 'No series is part of itself.');
  if (!whole(config.paths, 2)) fail('paths', 'Give a whole number, at least 2.');
  if (!TEACHERS.includes(config.train.teacher)) fail('train', `Teachers are ${TEACHERS.join(', ')}.`);
  if (config.branches.length === 0 || !config.branches.every((branch) => BRANCHES.includes(branch)))
    fail('branches', `Give at least one of ${BRANCHES.join(', ')}.`);
  const ascending = config.levels.every((level, i) => level > (config.levels[i - 1] ?? 0) && level < 1);
  if (config.levels.length === 0 || !ascending) fail('levels', 'Give ascending levels between 0 and 1.');
  if (!whole(config.train.steps, 1) || !whole(config.train.batch, 1)) fail('train', 'Give at least one step and one window per batch.');
}

export function hasFamilies({ parents }: Pick<RecurrentConfig, 'parents'>): boolean {
  return Object.keys(parents).length > 0;
}

function circular(child: string, parents: Readonly<Record<string, string>>): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = child; at !== undefined; at = parents[at]) {
    if (seen.has(at)) return true;
    seen.add(at);
  }
  return false;
}

/** Which parts of the state zoneout can keep: not every encoder draws it, and not every cell has a state that may stand still. */
export function zonedOut({ cell, encoder }: Pick<RecurrentConfig, 'cell' | 'encoder'>): Record<'h' | 'c', boolean> {
  const h = cell !== 'slstm' && encoder !== 'hierarchical' && encoder !== 'grid';
  return { h, c: h && cell === 'lstm' };
}

/** Whether the net is a recursive one that was never fed its own forecasts. */
export function taughtAlways({ decoder, train }: RecurrentConfig): boolean {
  return decoder === 'recursive' && train.teacher === 'always';
}

/** The chance that a recursive decoder is fed the truth in a training step. */
export function truthProbability({ teacher, teacherUntil, steps }: RecurrentTraining, step: number): number {
  if (teacher === 'always') return 1;
  if (teacher === 'linear') return linearSchedule(step, steps, teacherUntil);
  // Half-way at k·ln k.
  let k = 2;
  while (k * Math.log(k) < (teacherUntil * steps) / 2) k *= 1.05;
  return inverseSigmoidSchedule(step, k);
}

/** Steps of the look-back that a forking decoder trains from, its end the last of them. */
export function forksOf({ contextLength, seasonLengths }: RecurrentConfig): number[] {
  const first = Math.min(contextLength, Math.max(2, seasonLengths[0] ?? 2, Math.ceil(contextLength / 2)));
  return Array.from({ length: contextLength - first + 1 }, (_, i) => first + i);
}
