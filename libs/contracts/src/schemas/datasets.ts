/** Uploads and the datasets they make. */
import { z } from 'zod';
import {
  etag,
  flagAsNumber,
  givenTime,
  instant,
  name,
  pageOf,
  pageQuery,
  partialSteps,
  seasonLength,
  stepTime,
  uniqueId,
  uuid,
} from './common.js';

export const aggregation = z.enum(['sum', 'mean', 'min', 'max', 'first', 'last', 'count', 'median']);
export const fillPolicy = z.enum(['none', 'zero']).meta({
  description:
    'What a missing step means. `none`: a gap, kept as null. `zero`: nothing happened, so 0, from the first observation of a series to the end of the dataset.',
});

const weekday = z.enum(['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']);

/** How to read a file. Everything has a default that fits files made for neuralforecast, StatsForecast or TimeGPT. */
export const ingestOptions = z
  .object({
    dataset: name,
    idColumn: z
      .string()
      .default('unique_id')
      .meta({ description: 'Column that names the series. Empty: the file holds one series, named like the dataset.' }),
    timeColumn: z.string().default('ds').meta({
      description:
        'Column with the time. A time that is spread over columns is named by all of them: `Date + Time`, `year + month`, `year + month + day`, `year + week` (ISO), `year + quarter`.',
      example: 'Date + Time',
    }),
    valueColumn: z.string().default('y').meta({ description: 'The target. Ignored when `aggregation` is `count`.' }),
    frequency: z.string().default('auto').meta({
      description:
        'How far steps are apart and where they lie, in the words of pandas: `s`, `15min`, `h`, `6h+3h`, `D`, `B` (Monday to Friday), `D-MON-SAT`, `W-MON` (weeks from Monday on), `4W-MON`, `MS`, `QS-MAR`, `YS-APR` (dated by the first day), `ME`, `QE-FEB`, `YE-JUN` (by the last), `1` for plain integers, or `auto`: the rhythm that most rows show. Rows off it are rejected by name.',
    }),
    seasonLength: seasonLength.optional(),
    closedWeekdays: z.array(weekday).max(6).default([]).meta({
      description:
        'Days of the week on which nothing is observed: they are no steps, so neither gaps nor forecast. For steps of a day and less.',
    }),
    closedHolidays: z
      .string()
      .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, 'must be a country of ISO 3166, with a region where there are some, e.g. DE or DE-BY')
      .optional()
      .meta({
        description: 'The same for public holidays of a country or one of its regions, as they are known when the dataset is made.',
      }),
    closedDates: z.array(z.iso.date()).max(10_000).default([]).meta({ description: 'The same for single days.' }),
    timeZone: z.string().default('UTC').meta({ description: 'IANA zone of the calendar and of local timestamps.' }),
    format: z.enum(['auto', 'csv', 'tsv', 'ndjson', 'json', 'parquet', 'deepar', 'xlsx']).default('auto'),
    sheet: z.string().min(1).max(100).optional().meta({ description: 'Sheet of an Excel workbook; the first unless given.' }),
    layout: z.enum(['auto', 'long', 'wide']).default('auto'),
    aggregation: aggregation
      .optional()
      .meta({ description: 'How events finer than the grid become one value per step. Without it two rows on one step are an error.' }),
    fillPolicy: fillPolicy.default('none'),
    dropLastStep: z
      .boolean()
      .default(false)
      .meta({ description: 'Leave out the last step of the dataset, when it is known to be incomplete.' }),
    dropPartialSteps: z.boolean().default(false).meta({
      description:
        'Leave out first and last steps that the gathered events cover in part, as a month whose events end on the 12th. They are named in the findings either way, and training leaves them out.',
    }),
    pastCovariates: z.array(z.string()).default([]),
    futureCovariates: z.array(z.string()).default([]),
    staticCovariates: z.array(z.string()).default([]),
    decimalSeparator: z.enum(['.', ',']).default('.'),
    thousandsSeparator: z.enum([',', '.', ' ', "'"]).optional().meta({
      description:
        'Between groups of three digits. Spaces and apostrophes are understood anyway; a lone comma or point is not, since it could be the decimal one.',
    }),
    timeFormat: z.string().optional().meta({
      description: 'How `timeColumn` is written, in the letters of strptime. Found by itself unless day and month could be swapped.',
      example: '%d/%m/%Y %H:%M',
    }),
    timeMarks: z.enum(['start', 'end']).default('start').meta({
      description: 'Whether a time is the start of its step or the end: of hourly data with `end`, 01:00 is the hour from 00:00 on.',
    }),
    yearPivot: z.number().int().min(0).max(99).optional().meta({
      description:
        'Of years with two digits, those below it are of the 2000s, the others of the 1900s. Asked for where the times would lie in the future or half a century apart.',
      example: 30,
    }),
    from: givenTime.optional().meta({
      description:
        'Rows of steps that start before it are left out, and counted. A date alone means its first instant, in the time zone; steps that are plain integers take a number. It also says that what lies between it and the rest is meant: nothing after it is called far.',
    }),
    to: givenTime.optional().meta({ description: 'The same for rows of steps that start after it; a date alone means its whole day.' }),
    maxRejectedShare: z.number().min(0).max(1).default(0).meta({
      description: 'Share of rows that may be rejected while the rest is committed. 0: any rejected row refuses the upload.',
    }),
    mode: z.enum(['replace', 'append']).default('append').meta({
      description: '`append`: steps in the file are added or corrected, all others stay. `replace`: the file is the whole dataset.',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'Report what would happen and commit nothing.' }),
  })
  .meta({ id: 'IngestOptions' });
export type IngestOptions = z.infer<typeof ingestOptions>;
export type IngestOptionsInput = z.input<typeof ingestOptions>;

/** A rule that rejected rows, with examples. */
export const rejection = z.object({
  rule: z.string().meta({ example: 'VALUE_NOT_NUMBER' }),
  count: z.number().int(),
  examples: z.array(z.object({ line: z.number().int().nullable(), text: z.string() })),
});

const namedRows = z.object({
  count: z.number().int(),
  items: z.array(z.object({ line: z.number().int().nullable(), uniqueId: z.string(), ds: stepTime })),
});
const NO_ROWS: z.infer<typeof namedRows> = { count: 0, items: [] };

export const findings = z
  .object({
    format: z.string(),
    layout: z.enum(['long', 'wide']),
    columns: z.array(z.object({ name: z.string(), type: z.string(), role: z.string().nullable() })),
    frequency: z.string(),
    seasonLengths: z.array(z.number().int()).default([]).meta({ description: 'Steps per season, shortest first, as they are taken.' }),
    timeZone: z.string(),
    rowsRead: z.number().int(),
    rowsRejected: z.number().int(),
    rowsPerSecond: z.number(),
    series: z.number().int(),
    observations: z.number().int(),
    gaps: z.number().int().meta({ description: 'Steps between first and last observation of a series without a value.' }),
    filled: z.number().int().meta({ description: 'Gaps that the declared fill policy turned into zeros.' }),
    duplicates: z.number().int(),
    negatives: z.number().int(),
    leadingZeros: z.number().int().meta({ description: 'Series that start with zeros.' }),
    shortest: z.object({ uniqueId: z.string(), length: z.number().int() }).nullable(),
    tooShort: z.object({ series: z.number().int(), steps: z.number().int() }).nullable().default(null).meta({
      description:
        'Series of fewer than so many steps (two seasons, 8 at least): too short to learn a season from. Null where the file adds to series that are there.',
    }),
    emptySeries: z
      .object({ count: z.number().int(), ids: z.array(z.string()), kept: z.number().int().default(0) })
      .default({ count: 0, ids: [], kept: 0 })
      .meta({
        description:
          'Series that have rows and no value in any of them; the first 100 by name. Those with static covariates (`kept`) are stored, and a model of the kind `coldStart` forecasts them; the others are not.',
      }),
    partialSteps: partialSteps.extend({ dropped: z.boolean() }).default({ count: 0, items: [], dropped: false }).meta({
      description:
        'First and last steps of series that the gathered events cover in part, compared with the steps beside them; the first 100 by name. `dropped`: they were left out.',
    }),
    totals: z
      .object({ sums: z.array(z.string()), named: z.array(z.string()) })
      .default({ sums: [], named: [] })
      .meta({
        description:
          'Series that are (nearly) the sum of the others at the same times (`sums`), and others that are named like a total (`named`). They are stored like the others.',
      }),
    leftOut: z.number().int().default(0).meta({ description: 'Rows outside the stated range (`from`, `to`).' }),
    oddTimes: z.object({ far: namedRows, future: namedRows }).default({ far: NO_ROWS, future: NO_ROWS }).meta({
      description:
        'Rows whose times lie far from all others, by years and by more than ten times any gap between them, and rows with a value later than now; the first 100 by line. No zeros are filled in between: the upload is refused where that was asked for.',
    }),
    start: stepTime.nullable(),
    end: stepTime.nullable(),
    closedDays: z
      .object({
        count: z.number().int(),
        days: z.array(z.iso.date()),
        holidays: z.string().nullable().meta({ description: 'The country whose public holidays most of them are, for `closedHolidays`.' }),
        onHolidays: z.number().int(),
      })
      .nullable()
      .default(null)
      .meta({
        description:
          'Of a dry run: single days on which next to no series has a value, the first 400 by name. They are gaps, and will be forecast, unless they are declared closed.',
      }),
    rejections: z.array(rejection),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Findings' });
export type Findings = z.infer<typeof findings>;

export const uploadAccepted = z.object({ uploadId: uuid, runId: uuid, dataset: name }).meta({ id: 'UploadAccepted' });
export type UploadAccepted = z.infer<typeof uploadAccepted>;

/** Text is a value of a covariate that is stored as text. */
const covariateValue = z.preprocess(
  flagAsNumber,
  z.union([z.number(), z.string()], { error: 'must be a number, or a text where the covariate is text' }).nullable(),
) as unknown as z.ZodType<number | string | null, number | boolean | string | null>;

/** An observation as forecasters write it; further keys are covariates of the dataset. */
export const observationRow = z
  .object({
    unique_id: uniqueId,
    ds: z.union([z.string(), z.number()]).meta({
      description: 'ISO 8601, with an offset where the grid is finer than a day; a whole number where the grid is one.',
      example: '2024-01-31T13:00:00Z',
    }),
    y: z.number().nullable().meta({ description: 'null says nothing about the step.' }),
  })
  .catchall(covariateValue)
  // No language of types has an object whose further keys are numbers where the known ones are not.
  .meta({ id: 'ObservationRow', description: 'Further keys are covariates, numbers or null.', override: { additionalProperties: true } });
export type ObservationRow = z.infer<typeof observationRow>;
export const observationRows = z.array(observationRow).min(1).max(50_000);
export const appended = z
  .object({
    dataset: name,
    version: z.number().int(),
    unchanged: z.boolean().meta({ description: 'All of it was there already.' }),
    observations: z.number().int(),
    warnings: z
      .array(z.string())
      .default([])
      .meta({ description: 'How the times were read where they do not say it by themselves, and rows whose times look wrong.' }),
  })
  .meta({ id: 'Appended' });
export type Appended = z.infer<typeof appended>;

export const dataset = z
  .object({
    id: uuid,
    name,
    frequency: z.string(),
    timeZone: z.string(),
    seasonLengths: z
      .array(z.number().int())
      .meta({ description: 'Shortest first: those that were declared, else those of the frequency.' }),
    closures: z
      .object({ label: z.string(), days: z.number().int() })
      .nullable()
      .meta({ description: 'Days that are no steps beside the weekdays that the frequency leaves out; null: none.' }),
    keepDays: z.number().int().nullable().meta({ description: 'Observations older than so many days are given up; null keeps all.' }),
    version: z.number().int(),
    seriesCount: z.number().int(),
    observationCount: z.number().int(),
    start: stepTime.nullable(),
    end: stepTime.nullable(),
    createdAt: instant,
    updatedAt: instant,
    etag,
  })
  .meta({ id: 'Dataset' });
export type Dataset = z.infer<typeof dataset>;
export const datasetPatch = z
  .object({
    keepDays: z.number().int().min(1).max(100_000).nullable().optional(),
    seasonLength: seasonLength.nullable().optional().meta({ description: 'null: those of the frequency again.' }),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'give `keepDays` or `seasonLength`');
export type DatasetPatch = z.infer<typeof datasetPatch>;
export const datasetPage = pageOf(dataset);

export const datasetVersion = z
  .object({
    version: z.number().int(),
    uploadId: uuid.nullable(),
    fileName: z.string().nullable(),
    sha256: z.string().nullable(),
    findings: findings.nullable(),
    createdAt: instant,
  })
  .meta({ id: 'DatasetVersion' });
export type DatasetVersion = z.infer<typeof datasetVersion>;
export const datasetVersionPage = pageOf(datasetVersion);

export const series = z
  .object({
    uniqueId: z.string(),
    length: z.number().int().meta({ description: '0: kept for its static covariates, and never observed.' }),
    start: stepTime.nullable(),
    end: stepTime.nullable(),
    staticCovariates: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
    sparkline: z.array(z.number().nullable()).optional().meta({ description: 'The last steps, when asked for; null is a gap.' }),
    error: z.number().nullable().optional().meta({
      description:
        'Of the latest forecast that steps have been observed after: mean absolute error of the median over the mean size of what came. Given where the list is sorted by it or by `change`.',
    }),
    change: z.number().nullable().optional().meta({ description: 'Mean of the last season over that of the season before, minus 1.' }),
  })
  .meta({ id: 'Series' });
export type Series = z.infer<typeof series>;
export const seriesPage = pageOf(series);
export const seriesSort = z.enum(['id', 'worst', 'best', 'rise', 'fall']);
export type SeriesSort = z.infer<typeof seriesSort>;
export const seriesQuery = pageQuery.extend({
  search: z.string().optional().meta({ description: 'Part of the id, any case.' }),
  where: z
    .string()
    .regex(/^[^=]+=.*$/s, 'must be NAME=VALUE, e.g. region=north')
    .optional()
    .meta({ description: 'Only series whose static covariate has this value: NAME=VALUE.', example: 'region=north' }),
  sort: seriesSort.default('id').meta({
    description:
      'By id; `worst` or `best` forecast first; largest `rise` or `fall` of the last season first. What is not known comes last.',
  }),
  sparkline: z.coerce
    .number()
    .int()
    .min(2)
    .max(1000)
    .optional()
    .meta({ description: 'Also give the last so many steps of each series. At most 100 series per page then.' }),
});

export const staticCovariateList = z
  .object({
    items: z.array(
      z.object({
        name: z.string(),
        values: z
          .array(z.object({ value: z.string(), series: z.number().int() }))
          .meta({ description: 'The most frequent first, at most 100.' }),
        more: z.boolean().meta({ description: 'There are further values.' }),
      }),
    ),
  })
  .meta({ id: 'StaticCovariates' });
export type StaticCovariateList = z.infer<typeof staticCovariateList>;

export const observationsQuery = z.object({
  from: givenTime.optional(),
  to: givenTime.optional(),
  maxPoints: z.coerce
    .number()
    .int()
    .min(2)
    .max(100_000)
    .default(2000)
    .meta({ description: 'Down-sampled (minimum and maximum of each bucket) to at most this many points.' }),
  channel: z.string().default('y'),
});
/** Two arrays of equal length; null is a gap. */
export const observations = z
  .object({ uniqueId: z.string(), channel: z.string(), downsampled: z.boolean(), ds: z.array(stepTime), y: z.array(z.number().nullable()) })
  .meta({ id: 'Observations' });
export type Observations = z.infer<typeof observations>;

/** Where a series began to behave differently: its level, or the slope of its trend. */
export const changepointList = z
  .object({
    uniqueId: z.string(),
    items: z.array(
      z.object({
        ds: stepTime.meta({ description: 'First step of the new behaviour.' }),
        before: z.number().nullable().meta({ description: 'Mean of up to seven seasons before it.' }),
        after: z.number().nullable().meta({ description: 'Mean of up to seven seasons from it on.' }),
      }),
    ),
  })
  .meta({ id: 'Changepoints' });
export type ChangepointList = z.infer<typeof changepointList>;

export const countryCode = z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters, e.g. US');
export const holidaysQuery = z.object({
  country: countryCode.optional().meta({ description: "ISO 3166; the country of the dataset's time zone unless given." }),
});
/** Public holidays over the span of a dataset and a year beyond, as days of its time zone. */
export const holidayList = z
  .object({
    country: countryCode.nullable().meta({ description: 'Null: none was given, and the time zone belongs to no single country.' }),
    countries: z.array(z.object({ code: countryCode, name: z.string() })).meta({ description: 'Those that can be asked for.' }),
    items: z.array(z.object({ start: instant, end: instant, name: z.string() })),
  })
  .meta({ id: 'Holidays' });
export type HolidayList = z.infer<typeof holidayList>;
