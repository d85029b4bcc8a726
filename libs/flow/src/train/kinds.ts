/** The kinds of model as the API lists them: what their plans say, the settings as JSON Schema so that a form can be made of them. */
import type { ModelKind } from '@almanac/contracts';
import { PLANS } from '@almanac/forecasting/plan';
import { z } from 'zod';

export const MODEL_KINDS: readonly ModelKind[] = PLANS.map(
  ({ kind, summary, trainable, compared, covariates, schema, choices, follows }) => ({
    kind,
    summary,
    trainable,
    ...(compared ? { compared } : {}),
    searchable: choices !== undefined && follows.steps !== undefined,
    covariates: [...covariates],
    settings: z.toJSONSchema(schema, { io: 'input' }) as ModelKind['settings'],
  }),
);
