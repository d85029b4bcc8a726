/** Schedules: a cron expression in an IANA zone, and what to do when it is due. */
import { z } from 'zod';
import { backtestRequest } from './backtests.js';
import { etag, instant, name, pageOf, uuid } from './common.js';
import { forecastRequest } from './forecasts.js';
import { trainRequest } from './models.js';
import { pullRequest } from './sources.js';
import { learnRequest } from './learning.js';
import { monitorRequest } from './monitoring.js';
import { searchRequest } from './searches.js';

export const scheduleAction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('forecast'), request: forecastRequest }),
  z.object({ kind: z.literal('train'), request: trainRequest }),
  z.object({ kind: z.literal('backtest'), request: backtestRequest }),
  z.object({ kind: z.literal('search'), request: searchRequest }),
  z.object({ kind: z.literal('monitor'), request: monitorRequest }),
  z.object({ kind: z.literal('learn'), request: learnRequest }),
  z.object({ kind: z.literal('pull'), request: pullRequest }),
]);
export type ScheduleAction = z.infer<typeof scheduleAction>;

/** What becomes of a due time while the run of the one before is open. */
export const overlapPolicy = z.enum(['skip', 'queue', 'cancel']);
export const catchUpPolicy = z.enum(['none', 'latest', 'all']);
const policies = {
  overlap: overlapPolicy.meta({
    description: 'While the run before is open: `skip` the due time, `queue` its run behind it, or `cancel` the one before and go on.',
  }),
  catchUp: catchUpPolicy.meta({
    description:
      'Due times missed while no worker ran: `none` is made up for, the `latest`, or `all` of them, oldest first; a forecast made up for uses what was known when it was due.',
  }),
  catchUpLimit: z.number().int().min(1).max(100).meta({ description: 'With `all`: only the last so many.' }),
};

export const scheduleRequest = z
  .object({
    name,
    cron: z.string().meta({ description: 'Five fields: minute hour day month weekday.', example: '0 6 * * *' }),
    timeZone: z.string().default('UTC'),
    action: scheduleAction,
    paused: z.boolean().default(false),
    overlap: policies.overlap.default('queue'),
    catchUp: policies.catchUp.default('latest'),
    catchUpLimit: policies.catchUpLimit.default(24),
  })
  .meta({ id: 'ScheduleRequest' });
export type ScheduleRequest = z.infer<typeof scheduleRequest>;
export type ScheduleRequestInput = z.input<typeof scheduleRequest>;

export const schedule = z
  .object({
    id: uuid,
    name,
    cron: z.string(),
    timeZone: z.string(),
    action: scheduleAction,
    paused: z.boolean(),
    ...policies,
    nextDueAt: z.array(instant).meta({ description: 'The next five.' }),
    lastFiredAt: instant.nullable(),
    lastRunId: uuid.nullable(),
    createdAt: instant,
    etag,
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof schedule>;
export const schedulePage = pageOf(schedule);
export const schedulePatch = z.object({
  cron: z.string().optional(),
  timeZone: z.string().optional(),
  paused: z.boolean().optional(),
  action: scheduleAction.optional(),
  overlap: policies.overlap.optional(),
  catchUp: policies.catchUp.optional(),
  catchUpLimit: policies.catchUpLimit.optional(),
});

export const firing = z
  .object({
    dueAt: instant.meta({ description: 'The last, where it stands for several due times.' }),
    firstDueAt: instant.nullable().meta({
      description: 'Where many due times were missed, one firing stands for all but the latest 100: the first of them. Otherwise null.',
    }),
    dueTimes: z.number().int().min(1).meta({ description: 'How many due times it stands for.' }),
    firedAt: instant,
    runId: uuid.nullable(),
    outcome: z.enum(['fired', 'skipped']),
    reason: z
      .enum(['downtime', 'overlap'])
      .nullable()
      .meta({ description: 'Why it was skipped: no worker ran then, or the run before was still open.' }),
  })
  .meta({ id: 'Firing' });
export type Firing = z.infer<typeof firing>;
/** Why a due time made no run, in words. */
export const firingReasons = { downtime: 'no worker ran then', overlap: 'the run before was still open' } as const;
export const firingPage = pageOf(firing);
