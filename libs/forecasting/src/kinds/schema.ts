/** Pieces of settings that several kinds of model have in common, as schemas. */
import { z } from 'zod';
import { CALENDAR_FIELDS } from '../dataset/calendarCovariates.js';

export const steps = (description: string, least = 1): z.ZodNumber => z.int().min(least).meta({ description });
export const whole = steps;
export const share = (description: string): z.ZodNumber => z.number().min(0).max(1).meta({ description });
export const positive = (description: string): z.ZodNumber => z.number().positive().meta({ description });
export const notNegative = (description: string): z.ZodNumber => z.number().min(0).meta({ description });
export const oneOf = <const T extends readonly string[]>(names: T, description: string): z.ZodType<T[number]> =>
  z.enum(names as unknown as [string, ...string[]]).meta({ description });

export const levels = z
  .array(z.number().gt(0).lt(1))
  .min(1)
  .meta({ description: 'Quantile levels to learn, ascending; others are interpolated.' });
export const seasonLengths = z.array(z.int().min(1)).meta({ description: 'Steps per season, shortest first.' });
export const covariates = z
  .strictObject({ static: z.array(z.string()), past: z.array(z.string()), future: z.array(z.string()) })
  .meta({ description: 'Names of the covariates to read; all of the dataset unless given.' });
export const calendar = z
  .strictObject({
    fields: z.array(z.enum(CALENDAR_FIELDS)).meta({ description: 'What the local calendar says of each step.' }),
    holidays: z.array(z.string()).meta({ description: 'Countries or regions whose public holidays count: JP, DE-BY, US-CA.' }),
  })
  .partial()
  .meta({ description: 'What the calendar of the zone says about each step, as further future covariates.' });
export const horizon = steps('Steps ahead; that of the request.');
export const members = z
  .array(
    z.strictObject({
      kind: z.string(),
      config: z.record(z.string(), z.unknown()).default({}),
      weight: z.number().positive().optional(),
    }),
  )
  .min(1);
