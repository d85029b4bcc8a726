/** What `model` may be for users of the SDK: its own names mean `auto`, all others are those of `POST /v1/forecast`. */
import { PLANS, PRETRAINED } from '@almanac/forecasting/plan';
import { listModels } from '../query/models.js';
import type { FlowContext } from '../runs/context.js';

export const AUTO = 'auto';
const TIMEGPT = ['timegpt-1', 'timegpt-1-long-horizon', 'timegpt-2', 'timegpt-2-mini', 'timegpt-2-pro', 'timegpt-2.1'];

/** The SDK cuts histories to so many values where no covariates are sent: as far as the pretrained network looks back. */
const INPUT_SIZE = 2048;
/** Beyond it the SDK warns that a forecast is long. */
const HORIZON = 512;

export const modelOf = (asked: string): string => (TIMEGPT.includes(asked) ? AUTO : asked);

/** All models of the workspace and all kinds that need no training. */
export async function modelNames(context: FlowContext): Promise<string[]> {
  const names = [...TIMEGPT, ...PLANS.filter(({ untrained }) => untrained).map(({ kind }) => kind)];
  for (let after: string | undefined; ;) {
    const { items, next } = await listModels(context, { limit: 1000, ...(after === undefined ? {} : { after }) });
    names.push(...items.flatMap(({ name, champion }) => (champion === null ? [] : [`models:/${name}@champion`])));
    if (next === null) return names;
    after = next;
  }
}

export const modelParams = { input_size: INPUT_SIZE, horizon: HORIZON };

/** Forecasts of many windows are made by the network alone: it weighs nothing over the panel, so no window tells another of its future. */
export const forHistory = (model: string): string => (model === AUTO ? PRETRAINED : model);
