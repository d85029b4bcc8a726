/** What stored forecasts are made of. */
import { z } from 'zod';
import { name, stepTime, uniqueId, uuid } from './common.js';
import { forecastNote } from './forecasts.js';
import { wait } from './wait.js';

export const CONTRIBUTION_LIMITS = { series: 20, runSeries: 1000 } as const;

export const contributionsRequest = z
  .object({
    runId: uuid.meta({ description: 'The forecast run.' }),
    uniqueIds: z.array(uniqueId).min(1).max(CONTRIBUTION_LIMITS.series),
    wait,
  })
  .meta({ id: 'ContributionsRequest' });
export type ContributionsRequest = z.output<typeof contributionsRequest>;
export type ContributionsRequestInput = z.input<typeof contributionsRequest>;

export const forecastPart = z.object({
  kind: z.enum(['level', 'trend', 'season', 'holidays', 'covariate', 'rest']),
  name: z.string().meta({ description: 'Of a covariate its name, of a season its length in steps; otherwise the kind.' }),
  values: z.array(z.number()).meta({ description: 'By step ahead.' }),
});

/** Parts that add up to the median of a stored forecast. */
export const contributions = z
  .object({
    runId: uuid,
    model: name,
    version: z.number().int(),
    uniqueId: z.string(),
    cutoff: stepTime,
    ds: z.array(stepTime),
    median: z.array(z.number()),
    parts: z.array(forecastPart).meta({ description: 'Level first, rest last; at each step they add up to the median.' }),
  })
  .meta({ id: 'Contributions' });
export type Contributions = z.infer<typeof contributions>;

/** What is kept with a stored forecast. */
export const storedContributions = z
  .object({ contributions: contributions.nullable().meta({ description: 'Null where nobody has asked what the forecast is made of.' }) })
  .meta({ id: 'StoredContributions' });
export type StoredContributions = z.infer<typeof storedContributions>;

export const contributionsAnswer = z
  .object({
    model: name,
    version: z.number().int(),
    horizon: z.number().int(),
    contributions: z.array(contributions),
    notes: z.array(forecastNote.extend({ uniqueId: z.string().nullable() })),
    seconds: z.number(),
  })
  .meta({ id: 'ContributionsAnswer' });
export type ContributionsAnswer = z.infer<typeof contributionsAnswer>;
