/** What every resource shares: names, pages, problems. Browser-safe, like the rest of this library. */
import { idOf, isIdTooLong, MOST_ID_BYTES, readTime } from '@almanac/series';
import { z } from 'zod';

/** Names of datasets, models and schedules: they appear in paths and file names. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 letters, digits, ".", "_" or "-", starting with a letter or digit')
  .meta({ description: 'A name: letters, digits, ".", "_" and "-".', example: 'flights' });

/** Of what can be changed, in answers. */
export const etag = z.string().optional().meta({
  description: 'Stands for what people have set of it. Sent as If-Match with a change, it makes sure that nobody else changed it.',
});
export const uuid = z.uuid();

const idAsText = (given: unknown): unknown =>
  typeof given === 'string' || (typeof given === 'number' && Math.abs(given) <= Number.MAX_SAFE_INTEGER) ? idOf(given) : given;
const longestId = MOST_ID_BYTES.toLocaleString('en');
/** The name of a series in a request: it means what it means in a file. */
export const uniqueId = z.preprocess(
  idAsText,
  z
    .string({ error: 'must be text; a number of more than 15 digits, too' })
    .min(1)
    .refine((id) => !isIdTooLong(id), `is longer than ${longestId} bytes of UTF-8; shorten the name of the series`),
) as unknown as z.ZodType<string, string | number>;

/** Of a dataset or a model; as many as the database counts. */
export const versionNumber = z.number().int().positive().max(2_147_483_647);

/** ISO 8601 with an offset, e.g. 2001-06-30T23:00:00Z. */
export const instant = z.iso.datetime({ offset: true });

/** A time in a request, by ISO 8601 as everywhere else in requests; without an offset it is one of the time zone of the dataset. */
export const time = z
  .string()
  .refine(
    (text) => readTime(text) !== undefined,
    'must be a time by ISO 8601: 2024-01-31, 2024-01-31T23:00:00Z or 2024-01-31T23:00:00+01:00',
  )
  .meta({ format: 'date-time', example: '2024-01-31T23:00:00Z' });

/** Where a step starts: an instant; on a grid of plain integers (frequency 1) the whole number itself. */
export const stepTime = z.union([instant, z.number().int()]);
export type StepTime = z.infer<typeof stepTime>;

/** Steps that gathered events cover in part: how many, and the first 100 by name. */
export const partialSteps = z.object({ count: z.number().int(), items: z.array(z.object({ uniqueId: z.string(), ds: stepTime })) });

/** The same in a request, where a whole number may also be text, as in an address. */
export const givenTime = z.union([time, z.number().int(), z.string().regex(/^-?\d{1,15}$/)], {
  error:
    'must be a time by ISO 8601 (2024-01-31, 2024-01-31T23:00:00Z or 2024-01-31T23:00:00+01:00), or a whole number where the grid is one of plain integers',
});

/** Cursor pagination: `after` is the `next` of the page before. */
export const pageQuery = z.object({
  after: z.string().optional().meta({ description: 'The `next` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const pageOf = <T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T>; next: z.ZodNullable<z.ZodString> }> =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'Pass as `after` for the next page; null on the last.' }),
  });

const FLAGS: Record<string, number> = { true: 1, yes: 1, false: 0, no: 0 };
/** A covariate that says whether: true and yes are 1, false and no are 0, in any case; anything else is left as it is. */
export const flagAsNumber = (given: unknown): unknown => {
  if (typeof given === 'boolean') return Number(given);
  return typeof given === 'string' ? (FLAGS[given.trim().toLowerCase()] ?? given) : given;
};

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
/** A covariate as a file has it, where all is text: a number, a flag, or else what it is. */
export const cellAsNumber = (given: unknown): unknown =>
  typeof given === 'string' && NUMBER.test(given) && Number.isFinite(Number(given)) ? Number(given) : flagAsNumber(given);

/** In a query: one id, or the parameter repeated. */
export const seriesIds = z
  .union([uniqueId, z.array(uniqueId).min(1).max(1000)])
  .meta({ description: 'Only this series; repeat it for several.' });

/** Where to compute: `auto` takes a GPU where a worker has one. */
export const device = z.enum(['auto', 'cpu', 'gpu']);

/** RFC 9457 problem details with a stable code. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable; clients switch on it.', example: 'SERIES_TOO_SHORT' }),
    hint: z.string().optional().meta({ description: 'What to do about it.' }),
    subject: z.record(z.string(), z.unknown()).optional().meta({ description: 'The thing at fault: series, row, column, rule.' }),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problem>;
export type Page<T> = { items: T[]; next: string | null };

const season = z.number().int().min(2).max(10_080);
/** What is said of seasons: one length or up to three, in steps. */
export const seasonLength = z.union([season, z.array(season).min(1).max(3)]).meta({
  description:
    'Steps after which a pattern comes again, one or up to three: 12 for months, [24, 168] for hours. Those of the frequency unless given.',
  example: 12,
});
export type SeasonLength = z.infer<typeof seasonLength>;
/** Each once, shortest first. */
export const asSeasonLengths = (given: SeasonLength): number[] => [...new Set([given].flat())].sort((a, b) => a - b);
