/** Schedules: what is done when, in the schedule's own zone. */
import { type Firing, firingReasons, type Schedule } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { ago, count, time } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Asking } from '../ui/confirm';
import { type Column, DataTable } from '../ui/dataTable';
import { Await, CutOff, Empty, Failure, Page } from '../ui/parts';
import { Calendar } from './schedules/calendar';
import { EditSchedule, NewSchedule, useChange } from './schedules/form';
import { catchUps, does, overlaps, sentence } from './schedules/words';
import { Only } from '../ui/only';

export function Component() {
  const query = useAll('listSchedules', {}, { refetchInterval: 20_000 });
  const [making, setMaking] = useState(false);
  return (
    <Page
      title="Schedules"
      about="Forecast every night, train every week. Times are in the zone of each schedule, summer time included."
      actions={
        <Only>
          <button type="button" className="primary" aria-expanded={making} onClick={() => setMaking(!making)}>
            New schedule
          </button>
        </Only>
      }
    >
      {making && <NewSchedule onDone={() => setMaking(false)} />}
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing is scheduled">Make a schedule and Almanac forecasts or trains by itself.</Empty>
          ) : (
            <>
              <Calendar schedules={items} />
              {items.map((schedule) => (
                <ScheduleCard key={schedule.id} schedule={schedule} />
              ))}
            </>
          )
        }
      </Await>
    </Page>
  );
}

function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const client = useClient();
  const changed = useChange();
  const [editing, setEditing] = useState(false);
  const [past, setPast] = useState(false);
  const params = { schedule: schedule.name };
  const ifMatch = schedule.etag;
  const act = useMutation({
    mutationFn: async (what: 'run' | 'pause' | 'delete') => {
      if (what === 'run') await client.call('runSchedule', { params });
      else if (what === 'pause') await client.call('updateSchedule', { params, body: { paused: !schedule.paused }, ifMatch });
      else await client.call('deleteSchedule', { params, ifMatch });
    },
    onSuccess: changed,
  });
  return (
    <section className="card stack">
      <div className="row spread">
        <div>
          <h2>
            {schedule.name} {schedule.paused && <span className="badge">paused</span>}
          </h2>
          <p className="muted">
            {sentence(schedule.cron) ?? schedule.cron}, {schedule.timeZone}: {does(schedule.action)}
          </p>
        </div>
        <Only>
          <div className="row">
            <button type="button" className="compact" disabled={act.isPending} onClick={() => act.mutate('run')}>
              Run now
            </button>
            <button type="button" className="compact" disabled={act.isPending} onClick={() => act.mutate('pause')}>
              {schedule.paused ? 'Resume' : 'Pause'}
            </button>
            <button type="button" className="compact" aria-expanded={editing} onClick={() => setEditing(!editing)}>
              Edit
            </button>
            <Asking
              label="Delete"
              title={`Delete the schedule ${schedule.name}?`}
              act="Delete it"
              disabled={act.isPending}
              onAct={() => act.mutate('delete')}
            >
              Its runs stay.
            </Asking>
          </div>
        </Only>
      </div>
      {act.error ? <Failure error={act.error} /> : null}
      {editing && <EditSchedule schedule={schedule} onDone={() => setEditing(false)} />}
      <dl className="facts">
        <div>
          <dt>Next</dt>
          <dd>{schedule.paused ? 'paused' : time(schedule.nextDueAt[0], schedule.timeZone)}</dd>
        </div>
        <div>
          <dt>Then</dt>
          <dd>{schedule.paused ? '–' : time(schedule.nextDueAt[1], schedule.timeZone)}</dd>
        </div>
        <div>
          <dt>When the run before is open</dt>
          <dd>{overlaps[schedule.overlap]}</dd>
        </div>
        <div>
          <dt>Times that were missed</dt>
          <dd>
            {catchUps[schedule.catchUp]}
            {schedule.catchUp === 'all' && `, at most ${schedule.catchUpLimit}`}
          </dd>
        </div>
        <div>
          <dt>Last fired</dt>
          <dd>
            {schedule.lastFiredAt ? (
              schedule.lastRunId ? (
                <Link to={`/runs/${schedule.lastRunId}`}>{ago(schedule.lastFiredAt)}</Link>
              ) : (
                ago(schedule.lastFiredAt)
              )
            ) : (
              'never'
            )}
          </dd>
        </div>
      </dl>
      <details onToggle={(event) => setPast(event.currentTarget.open)}>
        <summary>Past firings</summary>
        {past && <Firings schedule={schedule} />}
      </details>
    </section>
  );
}

/** One firing may stand for many due times that were missed. */
function skippedMany({ outcome, firstDueAt, dueAt, dueTimes }: Firing, zone: string): string {
  if (firstDueAt === null) return outcome;
  return `${count(dueTimes)} due times from ${time(firstDueAt, zone)} to ${time(dueAt, zone)} were skipped`;
}

function Firings({ schedule }: { schedule: Schedule }) {
  const query = useCall('listFirings', { params: { schedule: schedule.name }, query: { limit: 200 } });
  const zone = schedule.timeZone;
  const columns = useMemo(
    (): Column<Firing>[] => [
      { id: 'due', title: 'Due', by: (one) => one.dueAt, cell: (one) => time(one.dueAt, zone) },
      { id: 'fired', title: 'Fired', by: (one) => one.firedAt, cell: (one) => time(one.firedAt, zone) },
      {
        id: 'outcome',
        title: 'Outcome',
        by: (one) => one.outcome,
        cell: (one) => (
          <>
            {one.runId ? <Link to={`/runs/${one.runId}`}>{one.outcome}</Link> : skippedMany(one, zone)}
            {one.reason && `: ${firingReasons[one.reason]}`}
          </>
        ),
      },
    ],
    [zone],
  );
  return (
    <Await query={query} height={60}>
      {(page) =>
        page.items.length === 0 ? (
          <p className="muted">It has not fired yet.</p>
        ) : (
          <>
            <DataTable
              label={`Past firings of ${schedule.name}`}
              rows={page.items}
              columns={columns}
              rowKey={(one) => `${one.dueAt} ${one.firedAt}`}
              maxHeight={320}
            />
            <CutOff page={page} rest="The API lists all of them." />
          </>
        )
      }
    </Await>
  );
}
