/** What somebody who opens Almanac in the morning asks: what is due, what ran, how good the forecasts have been, what is wrong. */
import { z } from 'zod';
import { backtestSeries } from './backtests.js';
import { instant, name, uuid } from './common.js';
import { alert } from './monitoring.js';
import { runKind, runStatus } from './runs.js';

/** How good the forecasts of a model have been, and on which series they were worst. */
export const overviewQuality = z.object({
  basis: z.enum(['live', 'holdout']).meta({
    description:
      '`live`: its newest forecast that what came since can judge. `holdout`: none yet; the last steps that training did not see.',
  }),
  runId: uuid.meta({ description: 'The forecast, or the training, whose errors these are.' }),
  wql: z.number().nullable(),
  naiveWql: z.number().nullable().meta({ description: 'Of the better seasonal naive on the same steps.' }),
  coverage80: z.number().nullable(),
  worst: z.array(backtestSeries).meta({ description: 'The three series with the largest errors.' }),
});

export const overviewModel = z.object({
  model: name,
  dataset: name,
  version: z.number().int().meta({ description: 'The champion; the latest where there is none.' }),
  quality: overviewQuality.nullable().meta({ description: 'Null where nothing has been judged, as with imported versions.' }),
  alerts: z.array(alert).meta({ description: 'Of its newest monitoring.' }),
  monitoredAt: instant.nullable().meta({ description: 'When monitoring looked at it last, within 30 days.' }),
});
export type OverviewModel = z.infer<typeof overviewModel>;

export const overview = z
  .object({
    totals: z.object({
      datasets: z.number().int(),
      series: z.number().int(),
      observations: z.number().int(),
      models: z.number().int(),
      schedules: z.number().int(),
    }),
    due: z
      .array(
        z.object({
          schedule: name,
          action: z.string().meta({ description: 'The kind of run it makes.' }),
          dueAt: instant,
          late: z.boolean().meta({ description: 'It was due some minutes ago and has not fired: is a worker running?' }),
        }),
      )
      .meta({ description: 'The next eight schedules that are not paused, soonest first.' }),
    week: z
      .object({
        queued: z.number().int(),
        running: z.number().int(),
        succeeded: z.number().int(),
        failed: z.number().int(),
        cancelled: z.number().int(),
      })
      .meta({ description: 'Runs that were asked for within the last seven days, by what became of them.' }),
    ran: z
      .array(
        z.object({
          id: uuid,
          kind: runKind,
          status: runStatus,
          dataset: z.string().nullable(),
          model: z.string().nullable(),
          error: z.string().nullable(),
          createdAt: instant,
          finishedAt: instant.nullable(),
        }),
      )
      .meta({ description: 'The newest eight, without those that only tried a file (`dryRun`).' }),
    models: z.array(overviewModel).meta({
      description: 'At most twelve: those with alerts first, then those whose error is largest beside seasonal naive.',
    }),
    moreModels: z.number().int().meta({ description: 'Models beside these.' }),
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof overview>;
