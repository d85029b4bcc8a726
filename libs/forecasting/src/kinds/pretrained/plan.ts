/** What is known about the `pretrained` kind before it is used. */
import { z } from 'zod';
import { type KindPlan, PROCESS_BYTES, SINGLE } from '../plan.js';
import { horizon, positive, seasonLengths, steps, whole } from '../schema.js';
import { checkConfig, type FineTuning, fineTuning, LONGEST_HORIZON, type PretrainedConfig, SHORTEST } from './config.js';
import { CONTEXT_SEGMENTS, HORIZON_SEGMENTS, LOOK_BACK, SEGMENT, STEP_WIDTH, WIDTH } from './shape.js';
import { parameterSpecs } from './specs.js';

const train = z
  .strictObject({
    steps: steps('Optimiser steps at most; 0 leaves the network as it was shipped.', 0),
    batch: whole('Windows per step.'),
    learningRate: positive('At its highest.'),
    validations: whole('Times that validation is scored over the run.'),
    patience: whole('Training stops after so many scores in a row without a better one.'),
    validationTail: steps('Steps at the end of the validation series that training never sees.', 0),
    validationSeries: whole('At most so many series give a validation tail.', 0),
  })
  .partial()
  .meta({ description: 'How it is fine-tuned.' });

/** Three recurrent layers over segments, and the part that works step by step; a step backward costs as much as two forward. */
const WINDOW_OPERATIONS =
  3 *
  (2 * CONTEXT_SEGMENTS * 12 * WIDTH * WIDTH +
    HORIZON_SEGMENTS * (12 + 6) * WIDTH * WIDTH +
    2 * HORIZON_SEGMENTS * SEGMENT * (WIDTH + 2 * STEP_WIDTH) * STEP_WIDTH);
/** Weights, moments, averages and gradient; activations of a step. */
const ARRAYS = 6;
const WINDOW_BYTES = 600_000;

/** What forecasts a new dataset before anything is trained on it. */
export const PRETRAINED = 'pretrained';

export const pretrainedPlan: KindPlan = {
  ...SINGLE,
  kind: PRETRAINED,
  summary: 'Recurrent network trained by us on synthetic series: forecasts without training, or fine-tuned in a few hundred steps.',
  trainable: true,
  untrained: true,
  quick: false,
  covariates: [],
  follows: { steps: 'train.steps' },
  schema: z.strictObject({ train, seasonLengths, horizon, frequency: z.string().meta({ description: 'That of the dataset.' }) }).partial(),
  settings(facts, { steps: asked, config }) {
    const given = config as PretrainedConfig;
    const settings: PretrainedConfig = {
      horizon: facts.horizon,
      frequency: facts.frequency,
      seasonLengths: given.seasonLengths ?? [...facts.seasonLengths],
      train: { ...fineTuning(facts), ...(asked === undefined ? {} : { steps: asked }), ...given.train },
    };
    checkConfig(settings);
    return settings;
  },
  check: (config) => checkConfig(config as PretrainedConfig),
  minimumLength: (config) => SHORTEST + ((config as PretrainedConfig).horizon ?? 1),
  lookBack: () => LOOK_BACK,
  longestHorizon: () => LONGEST_HORIZON,
  work(config, { observations }) {
    const { steps: most, batch } = (config as PretrainedConfig).train as FineTuning;
    const weights = parameterSpecs().reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
    return {
      steps: most,
      operations: most * batch * WINDOW_OPERATIONS,
      memoryBytes: PROCESS_BYTES + 4 * ARRAYS * weights + batch * WINDOW_BYTES + 16 * observations,
    };
  },
};
