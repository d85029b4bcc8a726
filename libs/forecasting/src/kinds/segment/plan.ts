/** What is known about the `segment` kind before it is trained. */
import { z } from 'zod';
import { HEAD_KINDS } from '../../heads/head.js';
import { SCALER_KINDS } from '../../scalers/windowScale.js';
import { networkChoices } from '../../search/range.js';
import { type KindPlan, overridden, SINGLE } from '../plan.js';
import { SHORT_LOOK_BACK } from '../shortSeries.js';
import { calendar, covariates, horizon, levels, notNegative, oneOf, positive, seasonLengths, share, steps, whole } from '../schema.js';
import { checkConfig, defaultConfig, lookBack, METRICS, minimumLength, SEGMENT_CELLS, type SegmentConfig } from './config.js';
import { predictMemory, stepOperations } from './memory.js';

const train = z
  .strictObject({
    steps: steps('Optimiser steps.'),
    batch: whole('Windows per step.'),
    learningRate: positive('At its highest.'),
    weightDecay: notNegative('Pull of the matrices towards zero.'),
    clip: positive('Largest gradient norm.'),
    warmup: share('Share of the steps that warm up.'),
    ema: share('Decay of the averaged weights, which are the ones kept.'),
    dropout: z.number().min(0).lt(1).meta({ description: 'Share of the mixed state that is dropped in a step.' }),
    validationTail: steps('Steps at the end of the validation series that training never sees.', 0),
    validationSeries: whole('At most so many series give a validation tail.', 0),
    validations: whole('Times that validation is scored over the run.'),
    patience: whole('Training stops after so many scores in a row without a better one.'),
  })
  .partial()
  .meta({ description: 'How it is trained.' });

export const segmentPlan: KindPlan = {
  ...SINGLE,
  spreads: true,
  startsFrom: true,
  kind: 'segment',
  summary: 'Recurrent sequence-to-sequence network over segments, with contextual and temporal attention; one model for all series.',
  trainable: true,
  quick: false,
  covariates: ['static', 'past', 'future'],
  follows: { contextLength: 'contextLength', steps: 'train.steps' },
  schema: z
    .strictObject({
      hidden: whole('Width of the network.'),
      contextLength: steps('Steps of history that one forecast sees, a multiple of segmentLength.'),
      segmentLength: steps('Steps that are read at once.'),
      cell: oneOf(SEGMENT_CELLS, 'Of encoder and decoder.'),
      temporalSeason: steps('Season whose same phase the temporal attention points at; 0 switches it off.', 0),
      scaler: oneOf(SCALER_KINDS, 'How a window is brought to one size.'),
      embedding: whole('Numbers that the network learns about each training series; 0 for none.', 0),
      cycle: steps('Length of the cycle learned per series; 0 for none.', 0),
      covariateEffects: z
        .boolean()
        .meta({ description: 'Learn one effect of each future covariate, as of a regression, beside the network.' }),
      head: oneOf(
        HEAD_KINDS.filter((head) => head !== 'vocabulary'),
        'What is predicted: quantiles, or the parameters of a distribution.',
      ),
      metric: oneOf(METRICS, 'What forecasts will be judged by; it decides how windows weigh in the loss.'),
      levels,
      covariates,
      calendar,
      train,
      frequency: z.string().meta({ description: 'That of the dataset.' }),
      seasonLengths,
      horizon,
    })
    .partial(),
  settings(facts, wishes) {
    const config = overridden(defaultConfig(facts), wishes);
    checkConfig(config);
    return config;
  },
  check: (config) => checkConfig(config as SegmentConfig),
  minimumLength: (config) => minimumLength(config as SegmentConfig),
  lookBack: (config) => Math.max(SHORT_LOOK_BACK, lookBack(config as SegmentConfig)),
  choices(config) {
    const { segmentLength } = config as SegmentConfig;
    const segments = [...new Set([Math.max(1, segmentLength >> 1), segmentLength, 2 * segmentLength])];
    return {
      ...networkChoices(config as SegmentConfig),
      cell: [...SEGMENT_CELLS],
      segmentLength: segments,
      'train.dropout': [0.1, 0.3, 0.5],
    };
  },
  // Context and segments are chosen apart.
  fitted(config) {
    const { contextLength, segmentLength, temporalSeason } = config as SegmentConfig;
    const fitting = segmentLength * Math.max(2, Math.ceil(contextLength / segmentLength));
    return { ...config, contextLength: fitting, temporalSeason: temporalSeason <= fitting ? temporalSeason : 0 };
  },
  work(given, facts) {
    const config = given as SegmentConfig;
    return {
      steps: config.train.steps,
      operations: config.train.steps * stepOperations(config),
      memoryBytes: predictMemory(config, facts).total,
    };
  },
};
