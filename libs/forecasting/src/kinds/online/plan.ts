/** What is known about the `online` kind before it has learned anything. */
import { z } from 'zod';
import { type KindPlan, PROCESS_BYTES, SINGLE } from '../plan.js';
import { horizon, levels, notNegative, oneOf, positive, steps, whole } from '../schema.js';
import { ONLINE_CELLS } from './core.js';
import { checkOnlineSettings, type OnlineSettings } from './onlineModel.js';
import { TRACE_RULES } from './traces.js';

const asSettings = (config: Record<string, unknown>): OnlineSettings => config as unknown as OnlineSettings;

export const onlinePlan: KindPlan = {
  ...SINGLE,
  kind: 'online',
  summary: 'A small recurrent network for each series, whose shadow goes on learning with every observation (see `learn`).',
  trainable: true,
  quick: true,
  goesOn: true,
  covariates: [],
  schema: z
    .strictObject({
      hidden: whole('Width of the network of each series.'),
      cell: oneOf(ONLINE_CELLS, 'A minGRU’s gradients are exact.'),
      rule: oneOf(TRACE_RULES, 'How a GRU or an LSTM carries its gradients; a minGRU knows rtrl only.'),
      copies: whole('Random traces that are averaged.'),
      learningRate: positive('Of the passes at the start.'),
      learningRateScale: positive('How much of it the updates after them use; 2 unless given.'),
      clip: positive('Largest gradient norm.'),
      anchor: notNegative('Pull of each update towards the weights that were promoted last.'),
      replay: whole('Past origins that are replayed per observation.', 0),
      seed: whole('That of the request.', 0),
      seasonLength: steps('Steps per season; 1 where there is none.'),
      levels,
      horizon,
    })
    .partial(),
  settings({ horizon: H, seasonLengths }, { config }) {
    const settings = { horizon: H, seasonLength: seasonLengths[0] ?? 1, ...config };
    checkOnlineSettings(settings);
    return settings;
  },
  check: (config) => checkOnlineSettings(asSettings(config)),
  minimumLength(config) {
    const { seasonLength, horizon: H } = asSettings(config);
    return seasonLength + 2 * H;
  },
  // A state has seen every step.
  lookBack: () => undefined,
  // It draws no paths to go on from.
  longestHorizon: (trained) => trained,
  work(config, { count, observations }) {
    const { hidden = 16, levels: own, horizon: H } = asSettings(config);
    const head = (hidden + 4) * H * (own?.length ?? 15);
    return {
      steps: 0,
      operations: observations * (12 * hidden * (hidden + 4) + 4 * head),
      memoryBytes: PROCESS_BYTES + 16 * observations + 4 * count * head,
    };
  },
};
