/** What planners change of stored forecasts, and how good their changes were. */
import { z } from 'zod';
import { givenTime, instant, name, stepTime, uniqueId, uuid } from './common.js';

export const overrideRequest = z
  .object({
    uniqueId,
    from: givenTime.meta({ description: 'First step that is changed.' }),
    to: givenTime.optional().meta({ description: 'Last step that is changed; `from` unless given.' }),
    set: z.number().optional().meta({ description: 'The value itself.' }),
    add: z.number().optional().meta({ description: 'Added to the forecast.' }),
    percent: z.number().min(-100).max(10_000).optional().meta({ description: 'Added in percent: 10 makes 100 to 110.' }),
    reason: z.string().trim().min(1).max(500).meta({ description: 'Why; whoever judges it later reads this.' }),
  })
  .refine(
    ({ set, add, percent }) => [set, add, percent].filter((one) => one !== undefined).length === 1,
    'give one of `set`, `add` and `percent`',
  )
  .meta({ id: 'OverrideRequest' });
export type OverrideRequest = z.output<typeof overrideRequest>;

export const override = z
  .object({
    id: uuid,
    runId: uuid,
    uniqueId: z.string(),
    from: stepTime,
    to: stepTime,
    change: z.enum(['set', 'add', 'percent']),
    amount: z.number(),
    reason: z.string(),
    madeAt: instant,
    madeBy: z.string().nullable().meta({ description: 'Name of the key or person.' }),
  })
  .meta({ id: 'Override' });
export type Override = z.infer<typeof override>;
export const overrideList = z.object({ items: z.array(override) }).meta({ id: 'OverrideList' });
export type OverrideList = z.infer<typeof overrideList>;
export const overridesQuery = z.object({ uniqueId: uniqueId.optional() });

const judged = {
  steps: z.number().int().meta({ description: 'Steps that were overridden and have been observed since.' }),
  modelError: z.number().nullable().meta({ description: 'Mean absolute error of the model at these steps; null: none has been observed.' }),
  finalError: z.number().nullable().meta({ description: 'The same of the final forecast.' }),
  change: z
    .number()
    .nullable()
    .meta({ description: 'finalError / modelError − 1: 0.04 is 4 % worse, −0.1 10 % better; null where the model made no error.' }),
};
export const overrideScores = z
  .object({
    ...judged,
    verdict: z.string(),
    forecasts: z.array(
      z.object({
        ...judged,
        runId: uuid,
        model: name,
        uniqueId: z.string(),
        cutoff: stepTime,
        overrides: z.number().int(),
        reasons: z.array(z.string()),
        madeBy: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'OverrideScores' });
export type OverrideScores = z.infer<typeof overrideScores>;
export const overrideScoresQuery = z.object({ model: name.optional() });
