/** Schedules as they are made, changed and read. */
import {
  type Page,
  type Run,
  type Schedule,
  scheduleAction,
  type schedulePatch,
  scheduleRequest,
  type ScheduleRequestInput,
} from '@almanac/contracts';
import type { firingPage } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { Json, PageQuery, ScheduleRecord } from '@almanac/store';
import type { z } from 'zod';
import { ask } from '../ask.js';
import type { FlowContext } from '../runs/context.js';
import { planRun } from './actions.js';
import { nextDue, nextDues } from './due.js';

export type Action = z.infer<typeof scheduleAction>;
export type Patch = z.infer<typeof schedulePatch>;

const SHOWN_DUES = 5;

/** As it was asked for. */
export const readAction = (action: Json): Action => scheduleAction.parse(action);

/** @throws AlmanacError SCHEDULE_EXISTS, CRON_INVALID, CRON_NEVER_DUE, TIME_ZONE_UNKNOWN, and what its action is refused for */
export async function createSchedule(context: FlowContext, input: ScheduleRequestInput): Promise<Schedule> {
  const { action, ...schedule } = scheduleRequest.parse(input);
  const { cron, timeZone } = schedule;
  const nextDueAt = firstDue(cron, timeZone, context.now());
  await planRun(context, action);
  const record = await context.store.schedules.create({ ...schedule, action, nextDueAt });
  return toSchedule(record, context.now());
}

/**
 * A schedule that is resumed or moved starts with its next due time; what fell into the pause stays out.
 * @throws AlmanacError SCHEDULE_NOT_FOUND, CRON_INVALID
 */
export async function updateSchedule(context: FlowContext, name: string, patch: Patch): Promise<Schedule> {
  const before = await context.store.schedules.get(name);
  const cron = patch.cron ?? before.cron;
  const timeZone = patch.timeZone ?? before.timeZone;
  const moved = cron !== before.cron || timeZone !== before.timeZone || (before.paused && patch.paused === false);
  if (patch.action) await planRun(context, patch.action);
  const record = await context.store.schedules.update(name, {
    cron,
    timeZone,
    ...(moved ? { nextDueAt: firstDue(cron, timeZone, context.now()) } : {}),
    ...(patch.action === undefined ? {} : { action: patch.action }),
    ...Object.fromEntries(
      (['paused', 'overlap', 'catchUp', 'catchUpLimit'] as const).flatMap((key) => (patch[key] === undefined ? [] : [[key, patch[key]]])),
    ),
  });
  return toSchedule(record, context.now());
}

/** @throws AlmanacError CRON_NEVER_DUE */
function firstDue(cron: string, timeZone: string, after: Date): Date {
  const due = nextDue(cron, timeZone, after);
  if (due) return due;
  throw new AlmanacError('CRON_NEVER_DUE', `"${cron}" is never due: there is no such day.`, {
    hint: 'Check the day and the month, e.g. "0 6 28 2 *" for the 28th of February.',
    subject: { cron },
  });
}

/** Its runs and forecasts stay. @throws AlmanacError SCHEDULE_NOT_FOUND */
export async function deleteSchedule({ store }: FlowContext, name: string): Promise<void> {
  await store.schedules.delete(name);
}

export async function listSchedules({ store, now }: FlowContext, query: PageQuery): Promise<Page<Schedule>> {
  const page = await store.schedules.list(query);
  return { items: page.items.map((record) => toSchedule(record, now())), next: page.next };
}

/** @throws AlmanacError SCHEDULE_NOT_FOUND */
export async function getSchedule({ store, now }: FlowContext, name: string): Promise<Schedule> {
  return toSchedule(await store.schedules.get(name), now());
}

/** Runs the action once, beside its due times. @throws AlmanacError SCHEDULE_NOT_FOUND, and what its action is refused for */
export async function runSchedule(context: FlowContext, name: string): Promise<Run> {
  const { action } = await context.store.schedules.get(name);
  return ask(context, planRun(context, readAction(action)));
}

/** @throws AlmanacError SCHEDULE_NOT_FOUND */
export async function listFirings({ store }: FlowContext, name: string, query: PageQuery): Promise<z.infer<typeof firingPage>> {
  const page = await store.schedules.firings(name, query);
  const items = page.items.map(({ dueAt, firstDueAt, dueTimes, firedAt, runId, outcome, reason }) => ({
    dueAt: dueAt.toISOString(),
    firstDueAt: firstDueAt?.toISOString() ?? null,
    dueTimes,
    firedAt: firedAt.toISOString(),
    runId,
    outcome,
    reason,
  }));
  return { items, next: page.next };
}

function toSchedule(record: ScheduleRecord, now: Date): Schedule {
  return {
    id: record.id,
    name: record.name,
    cron: record.cron,
    timeZone: record.timeZone,
    action: readAction(record.action),
    paused: record.paused,
    overlap: record.overlap,
    catchUp: record.catchUp,
    catchUpLimit: record.catchUpLimit,
    nextDueAt: nextDues(record.cron, record.timeZone, now, SHOWN_DUES).map((due) => due.toISOString()),
    lastFiredAt: record.lastFiredAt?.toISOString() ?? null,
    lastRunId: record.lastRunId,
    createdAt: record.createdAt.toISOString(),
  };
}
