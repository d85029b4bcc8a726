/** Schedules and their firings. When something is due is decided elsewhere; here, who may fire it. */
import { AlmanacError } from '@almanac/series';
import { MoreThan } from 'typeorm';
import type { Schedules } from '../facade.js';
import { ScheduleEntity } from '../entities/runs.js';
import { isDuplicate, notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { FiringRecord, Json } from '../records.js';

export function schedules(context: Context): Schedules {
  const table = context.repository(ScheduleEntity);
  const { workspaceId } = context;
  const get: Schedules['get'] = async (name) => {
    const schedule = await table.findOneBy({ workspaceId, name });
    if (!schedule) throw notFound('schedule', name);
    return schedule;
  };
  return {
    get,
    async create(schedule) {
      try {
        await table.insert({ ...schedule, id: newId(), workspaceId } as never);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw new AlmanacError('SCHEDULE_EXISTS', `There is a schedule "${schedule.name}" already.`, {
          hint: 'Choose another name, or change that schedule.',
          subject: { schedule: schedule.name },
          status: 409,
        });
      }
      return get(schedule.name);
    },
    async list(query) {
      const after = keyOf(query, 1);
      const where = { workspaceId, ...(after && { name: MoreThan(String(after[0])) }) };
      return toPage(await table.find({ where, order: { name: 'ASC' }, take: limitOf(query) + 1 }), query, (schedule) => [schedule.name]);
    },
    async update(name, patch) {
      const { id } = await get(name);
      if (Object.keys(patch).length > 0) await table.update({ id }, patch as never);
      return get(name);
    },
    async delete(name) {
      const { affected } = await table.delete({ workspaceId, name });
      if (affected !== 1) throw notFound('schedule', name);
    },
    due: (now) =>
      table
        .createQueryBuilder('s')
        .where('s.workspaceId = :workspaceId AND NOT s.paused AND s.nextDueAt <= :now', { workspaceId, now })
        .orderBy('s.nextDueAt')
        .getMany(),
    fire: (scheduleId, dueAt, nextDueAt, skipped) =>
      context.transaction(async (inside) => {
        const outcome = skipped === undefined ? 'fired' : 'skipped';
        const taken = await inside.query(
          `INSERT INTO schedule_firing (workspace_id, schedule_id, due_at, outcome, reason) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING 1`,
          [workspaceId, scheduleId, dueAt, outcome, skipped ?? null],
        );
        if (taken.length === 0) return false;
        // A due time set meanwhile by a changed cron expression lies later and stays.
        await inside.query(
          `UPDATE schedule SET next_due_at = CASE WHEN next_due_at > $2 THEN next_due_at ELSE $3 END,
             last_fired_at = CASE $4 WHEN 'fired' THEN now() ELSE last_fired_at END WHERE id = $1`,
          [scheduleId, dueAt, nextDueAt, outcome],
        );
        return true;
      }),
    skipMany: (scheduleId, { first, last, dueTimes }, nextDueAt) =>
      context.transaction(async (inside) => {
        // Two processes may see different last due times; the second finds the schedule moved on.
        const moved = await inside.query('UPDATE schedule SET next_due_at = $3 WHERE id = $1 AND next_due_at = $2 RETURNING 1', [
          scheduleId,
          first,
          nextDueAt,
        ]);
        if (moved.length === 0) return false;
        await inside.query(
          `INSERT INTO schedule_firing (workspace_id, schedule_id, due_at, first_due_at, due_times, outcome, reason)
           VALUES ($1, $2, $3, $4, $5, 'skipped', 'downtime')`,
          [workspaceId, scheduleId, last, first, dueTimes],
        );
        return true;
      }),
    attachRun: (scheduleId, dueAt, runId) =>
      context.transaction(async (inside) => {
        await inside.query('UPDATE schedule_firing SET run_id = $3 WHERE schedule_id = $1 AND due_at = $2', [scheduleId, dueAt, runId]);
        await inside.query('UPDATE schedule SET last_run_id = $2 WHERE id = $1', [scheduleId, runId]);
      }),
    async firings(name, query) {
      const { id } = await get(name);
      const before = keyOf(query, 1)?.[0] ?? 'infinity';
      const rows = await context.query<Json & FiringRecord>(
        `SELECT due_at AS "dueAt", fired_at AS "firedAt", run_id AS "runId", outcome, reason,
           first_due_at AS "firstDueAt", due_times AS "dueTimes" FROM schedule_firing
         WHERE schedule_id = $1 AND due_at < $2 ORDER BY due_at DESC LIMIT $3`,
        [id, before, limitOf(query) + 1],
      );
      return toPage<FiringRecord>(rows, query, (firing) => [firing.dueAt.toISOString()]);
    },
  };
}
