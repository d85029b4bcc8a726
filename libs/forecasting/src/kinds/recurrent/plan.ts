/** What is known about the `recurrent` kind before it is trained. */
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';
import { BRANCHES } from '../../attention/branches.js';
import { CELL_KINDS } from '../../cells/kinds.js';
import { DECODER_KINDS } from '../../decoders/kinds.js';
import { HEAD_KINDS } from '../../heads/head.js';
import { SCALER_KINDS } from '../../scalers/windowScale.js';
import { networkChoices } from '../../search/range.js';
import { type KindPlan, overridden, SINGLE, type Wishes } from '../plan.js';
import { SHORT_LOOK_BACK } from '../shortSeries.js';
import { calendar, covariates, horizon, levels, notNegative, oneOf, positive, seasonLengths, share, steps, whole } from '../schema.js';
import {
  checkRecurrentConfig,
  completeRecurrentConfig,
  defaultRecurrentConfig,
  ENCODER_KINDS,
  lookBack,
  type RecurrentConfig,
  TEACHERS,
  zonedOut,
  ZONEOUT,
} from './config.js';
import { recurrentMemory, recurrentOperations } from './work.js';

const train = z
  .strictObject({
    steps: steps('Optimiser steps.'),
    batch: whole('Windows per step.'),
    learningRate: positive('At its highest.'),
    weightDecay: notNegative('Pull of the matrices towards zero.'),
    clip: positive('Largest gradient norm.'),
    warmup: share('Share of the steps that warm up.'),
    ema: share('Decay of the averaged weights, which are the ones kept.'),
    noise: notNegative('Deviation of the noise on scaled inputs.'),
    teacher: oneOf(TEACHERS, 'What a recursive decoder is fed: always the truth, or the truth ever more rarely.'),
    teacherUntil: share('Share of the steps after which no truth is fed.'),
    branchDropout: share('Chance of each alignment to speak alone in a step.'),
    dropUntil: share('Share of the steps in which alignments speak alone.'),
    validationSeries: whole('At most so many series give their last horizon to validation.', 0),
    validations: whole('Times that validation is scored over the run.'),
  })
  .partial()
  .meta({ description: 'How it is trained.' });

export const recurrentPlan: KindPlan = {
  ...SINGLE,
  kind: 'recurrent',
  summary:
    'Recurrent sequence-to-sequence network step by step, with contextual, temporal and pointer attention; slower, for looking into.',
  trainable: true,
  quick: false,
  covariates: ['static', 'past', 'future'],
  follows: { contextLength: 'contextLength', steps: 'train.steps' },
  schema: z
    .strictObject({
      hidden: whole('Width of the network.'),
      contextLength: steps('Steps of history that one forecast sees.', 2),
      cell: oneOf(CELL_KINDS, 'Of the encoder.'),
      encoder: oneOf(ENCODER_KINDS, 'How the history is read.'),
      decoder: oneOf(DECODER_KINDS, 'All steps at once, each from the one before, or from every step of the history’s second half.'),
      head: oneOf(HEAD_KINDS, 'What is predicted of a step.'),
      scaler: oneOf(
        SCALER_KINDS.filter((scaler) => scaler !== 'seriesDeviation'),
        'How a window is brought to one size.',
      ),
      smoothing: z.boolean().meta({ description: 'Exponential smoothing before the network, learned per series.' }),
      delays: z.array(z.int().min(1)).meta({ description: 'Steps back that shortcuts reach from each state of the encoder.' }),
      parents: z.record(z.string(), z.string()).meta({ description: 'The hierarchy of the series, child to parent by id.' }),
      paths: whole('Paths that the forecast of a recursive decoder taught always is made of.', 2),
      zoneout: z
        .strictObject({ h: z.number().min(0).lt(1), c: z.number().min(0).lt(1) })
        .partial()
        .meta({ description: 'Chance that an element of the state, or of an LSTM’s cell, keeps its value in a training step.' }),
      branches: z.array(z.enum(BRANCHES)).min(1).meta({ description: 'Alignments that speak.' }),
      window: whole('Values per pointer window.'),
      levels,
      covariates,
      calendar,
      train,
      seasonLengths,
      horizon,
    })
    .partial(),
  settings(facts, wishes) {
    const config = completeRecurrentConfig(overridden(defaultRecurrentConfig(facts), wishes));
    const zoneout = zoneoutOf(config, wishes);
    const whole = { ...config, zoneout };
    checkRecurrentConfig(whole);
    return whole;
  },
  check: (config) => checkRecurrentConfig(completeRecurrentConfig(config as RecurrentConfig)),
  minimumLength: (config) => 2 * (config as RecurrentConfig).horizon,
  lookBack: (config) => Math.max(SHORT_LOOK_BACK, lookBack(config as RecurrentConfig)),
  hierarchy(config) {
    const { parents = {} } = config as Partial<RecurrentConfig>;
    return Object.keys(parents).length > 0 ? parents : undefined;
  },
  choices: (config) => ({ ...networkChoices(config as RecurrentConfig), cell: [...CELL_KINDS], encoder: ['plain', 'dilated', 'stacked'] }),
  work(given, facts) {
    const config = completeRecurrentConfig(given as RecurrentConfig);
    return {
      steps: config.train.steps,
      operations: config.train.steps * recurrentOperations(config),
      memoryBytes: recurrentMemory(config, facts),
    };
  },
};

/** Zoneout as far as cell and encoder have it. @throws INVALID_CONFIG where it was asked for and they have none */
function zoneoutOf(config: RecurrentConfig, { config: asked }: Wishes): RecurrentConfig['zoneout'] {
  const wanted = (asked as { zoneout?: Partial<RecurrentConfig['zoneout']> }).zoneout ?? {};
  const possible = zonedOut(config);
  for (const part of ['h', 'c'] as const)
    if (!possible[part] && (wanted[part] ?? 0) > 0)
      throw new AlmanacError(
        'INVALID_CONFIG',
        `The setting zoneout.${part} of a recurrent model cannot be ${wanted[part]} with the cell ${config.cell} and the encoder ${config.encoder}.`,
        {
          hint:
            part === 'c'
              ? 'Only an LSTM has a cell state to keep: leave zoneout.c out, or use the cell lstm.'
              : 'Zoneout is for the cells rnn, lstm, gru and minGru, and not for the encoders hierarchical and grid: leave it out.',
          subject: { setting: `zoneout.${part}`, cell: config.cell, encoder: config.encoder },
        },
      );
  return { h: possible.h ? (wanted.h ?? ZONEOUT.h) : 0, c: possible.c ? (wanted.c ?? ZONEOUT.c) : 0 };
}
