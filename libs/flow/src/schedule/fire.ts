/**
 * Fires what is due. Any number of processes may do so at once: the firing, its run and the next due time are written in
 * one transaction, keyed by schedule and due time, so that exactly one of them gets it and a crash leaves all or nothing.
 * A due time that a worker sees late was missed: the schedule says which of those are made up for, and what happens while the
 * run before is open. What makes no run is written down with the reason: the latest 100 due times one by one, what lies before them
 * as one firing that says from when to when and how many.
 * A firing whose action is refused leaves a failed run that says why.
 */
import { AlmanacError } from '@almanac/series';
import type { DatasetVersionRecord, RunRecord, ScheduleRecord } from '@almanac/store';
import { type Planned, planned, writeDown } from '../ask.js';
import { planForecastRun } from '../forecast/request.js';
import { gridOf } from '../query/grid.js';
import { resolveModel } from '../register/reference.js';
import { overQuota } from '../quota/refuse.js';
import type { FlowContext } from '../runs/context.js';
import { cancelRun, carry } from '../runs/runs.js';
import { planRun } from './actions.js';
import { countDues, missedDues, nextDue } from './due.js';
import { readAction } from './schedules.js';

/** A due time is looked at every second; what is this late was due while no worker ran. */
const LATE_MS = 60_000;

/** Returns the runs that this process started. */
export async function fireDue(context: FlowContext): Promise<RunRecord[]> {
  const now = context.now();
  const runs: RunRecord[] = [];
  for (const schedule of await context.store.schedules.due(now)) {
    try {
      for (const run of await fireOne(context, schedule, now)) {
        runs.push(run);
        if (run.status !== 'queued') continue;
        if (run.afterId === null) await carry(context, run);
        else if (schedule.overlap === 'cancel') await cancelRun(context, run.afterId);
      }
    } catch (error) {
      // The others are due as well; this one is looked at again in a second.
      context.logger.error({ error, schedule: schedule.name }, 'a schedule could not be fired');
    }
  }
  return runs;
}

async function fireOne(context: FlowContext, schedule: ScheduleRecord, now: Date): Promise<RunRecord[]> {
  const { cron, timeZone, nextDueAt } = schedule;
  if (nextDueAt === null) return [];
  const dues = missedDues(cron, timeZone, nextDueAt, now);
  const older = dues.length > 0 && dues[0]! > nextDueAt ? countDues(cron, timeZone, nextDueAt, dues[0]!) : undefined;
  const wanted = new Set(madeUpFor(schedule, dues, now));
  // Planned outside the transaction: planning reads other tables and may fail.
  const plans = new Map<Date, Planned>();
  for (const due of wanted) plans.set(due, await plan(context, schedule, due, now));
  const following = (at: number): Date | null => dues[at + 1] ?? nextDue(cron, timeZone, now);
  const acting = context.store.by({ actor: { kind: 'schedule', id: schedule.id, name: schedule.name }, action: 'fireSchedule' });
  return acting.transaction(async (within) => {
    const made: RunRecord[] = [];
    if (older && !(await within.schedules.skipMany(schedule.id, { first: nextDueAt, ...older }, dues[0]!))) return made;
    let before = schedule.lastRunId === null ? null : await within.runs.get(schedule.lastRunId);
    for (const [at, due] of dues.entries()) {
      const plan = plans.get(due);
      const open = before !== null && before.finishedAt === null;
      const skipped = !plan ? 'downtime' : open && schedule.overlap === 'skip' ? 'overlap' : undefined;
      if (!(await within.schedules.fire(schedule.id, due, following(at), skipped))) return made;
      if (!plan || skipped) continue;
      const waits = open && before ? { afterId: before.id } : {};
      const error = plan.error ?? (await overQuota(context, within, 'openRuns'));
      before = await writeDown(context, within, { run: { ...plan.run, ...waits }, error });
      await within.schedules.attachRun(schedule.id, due, before.id);
      made.push(before);
    }
    return made;
  });
}

/** The due times that make a run; the others are skipped. */
function madeUpFor({ catchUp, catchUpLimit }: ScheduleRecord, dues: readonly Date[], now: Date): Date[] {
  if (catchUp === 'all') return dues.slice(-catchUpLimit);
  return dues.slice(-1).filter((due) => catchUp === 'latest' || now.getTime() - due.getTime() < LATE_MS);
}

function plan(context: FlowContext, schedule: ScheduleRecord, due: Date, now: Date): Promise<Planned> {
  const action = readAction(schedule.action);
  const late = schedule.catchUp === 'all' && now.getTime() - due.getTime() >= LATE_MS;
  // A forecast that is made up for knows what was known when it was due; anything else would be the same forecast again.
  if (late && action.kind === 'forecast' && action.request.cutoff === undefined) {
    const { request } = action;
    return planned(context, async () => planForecastRun(context, { ...request, cutoff: await cutoffAt(context, request.model, due) }), {
      kind: action.kind,
      config: { ...request, cutoff: due.toISOString() },
    });
  }
  return planned(context, () => planRun(context, action), { kind: action.kind, config: action.request });
}

/**
 * Plain integers have no date: what was known of them is how far the version reached that was there then.
 * @throws AlmanacError MODEL_NOT_FOUND, NOTHING_KNOWN
 */
async function cutoffAt(context: FlowContext, reference: string, due: Date): Promise<string | number> {
  const { store } = context;
  const { model } = await resolveModel(context, reference);
  const dataset = await store.datasets.getById((await store.models.get(model)).datasetId);
  if (gridOf(dataset).kind !== 'integer') return due.toISOString();
  let page = await store.datasets.versions(dataset.id, {});
  const knownBy = (): DatasetVersionRecord | undefined => page.items.find(({ committedAt }) => committedAt <= due);
  while (!knownBy() && page.next !== null) page = await store.datasets.versions(dataset.id, { after: page.next });
  const lastStep = knownBy()?.lastStep ?? null;
  if (lastStep !== null) return lastStep;
  throw new AlmanacError(
    'NOTHING_KNOWN',
    `Nothing was known of "${dataset.name}" at ${due.toISOString()}, so no forecast is made up for then.`,
    {
      hint: 'What is due from now on is made.',
      subject: { dataset: dataset.name, due: due.toISOString() },
    },
  );
}
