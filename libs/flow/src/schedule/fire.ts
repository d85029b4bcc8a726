/**
 * Fires what is due. Any number of processes may do so at once: the firing, its run and the next due time are written in
 * one transaction, keyed by schedule and due time, so that exactly one of them gets it and a crash leaves all or nothing.
 * After a downtime only the latest missed due time makes a run; the earlier ones are written down as skipped.
 * A firing whose action is refused leaves a failed run that says why.
 */
import type { RunKind } from '@almanac/contracts';
import type { Json, NewRun, RunRecord, ScheduleRecord } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { carry } from '../runs/runs.js';
import { toProblem } from '../runs/wire.js';
import { planRun } from './actions.js';
import { missedDues, nextDue } from './due.js';
import type { Action } from './schedules.js';

/** Returns the runs that this process started. */
export async function fireDue(context: FlowContext): Promise<RunRecord[]> {
  const now = context.now();
  const runs: RunRecord[] = [];
  for (const schedule of await context.store.schedules.due(now)) {
    const run = await fireOne(context, schedule, now);
    if (run === null) continue;
    runs.push(run);
    if (run.status === 'queued') await carry(context, run);
  }
  return runs;
}

interface Planned {
  run: NewRun & { kind: RunKind };
  error?: unknown;
}

async function fireOne(context: FlowContext, schedule: ScheduleRecord, now: Date): Promise<RunRecord | null> {
  const { cron, timeZone, nextDueAt } = schedule;
  if (nextDueAt === null) return null;
  const dues = missedDues(cron, timeZone, nextDueAt, now);
  const latest = dues.at(-1);
  if (latest === undefined) return null;
  const planned = await plan(context, schedule);
  return context.store.transaction(async (within) => {
    for (const due of dues.slice(0, -1)) if (!(await within.schedules.fire(schedule.id, due, latest, 'skipped'))) return null;
    if (!(await within.schedules.fire(schedule.id, latest, nextDue(cron, timeZone, now), 'fired'))) return null;
    const run = await within.runs.create({ codeVersion: context.codeVersion, ...planned.run });
    await within.schedules.attachRun(schedule.id, latest, run.id);
    return planned.error === undefined ? run : within.runs.fail(run.id, toProblem(planned.error) as unknown as Json);
  });
}

async function plan(context: FlowContext, { action }: ScheduleRecord): Promise<Planned> {
  const wanted = action as unknown as Action;
  try {
    return { run: await planRun(context, wanted) };
  } catch (error) {
    return { run: { kind: wanted.kind, config: wanted.request as unknown as Json }, error };
  }
}
