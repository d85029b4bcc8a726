/** What is known about the `linear` kind before it is fitted. */
import { z } from 'zod';
import { type KindPlan, PROCESS_BYTES, SINGLE } from '../plan.js';
import { SHORT_LOOK_BACK } from '../shortSeries.js';
import { horizon, steps } from '../schema.js';
import { checkLinearConfig, defaultLinearConfig, type LinearConfig, linearWindows, lookBack } from './config.js';

/** Sums of products, the matrix that is solved, its factor, and weights by penalty, each in double precision. */
const SUMS = 4;

export const linearPlan: KindPlan = {
  ...SINGLE,
  kind: 'linear',
  summary: 'A weighted sum of the last values for each step, by ridge regression; fitted in seconds, and hard to beat on long series.',
  trainable: true,
  quick: true,
  covariates: [],
  follows: { contextLength: 'contextLength' },
  schema: z
    .strictObject({
      contextLength: steps('Steps of history that one forecast is a sum of.'),
      validationTail: steps('Steps at the end of each series that only choose the penalty and the widths.', 0),
      horizon,
    })
    .partial(),
  settings(facts, { contextLength, config }) {
    const whole = { ...defaultLinearConfig(facts), ...(contextLength === undefined ? {} : { contextLength }), ...config };
    checkLinearConfig(whole);
    return whole;
  },
  check: (config) => checkLinearConfig(config as LinearConfig),
  minimumLength: (config) => (config as LinearConfig).horizon + 1,
  lookBack: (config) => Math.max(SHORT_LOOK_BACK, lookBack(config as LinearConfig)),
  work(config, { count, observations }) {
    const { contextLength, horizon: H } = config as LinearConfig;
    const inputs = contextLength + 1;
    const windows = linearWindows(count, observations);
    return {
      steps: 0,
      operations: windows * inputs * (inputs + 2 * H),
      memoryBytes: PROCESS_BYTES + 8 * (2 * observations + SUMS * inputs * (inputs + H)),
    };
  },
};
