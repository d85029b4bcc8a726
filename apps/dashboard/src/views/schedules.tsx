/** Schedules: what is done when, in the schedule's own zone. */
import type { Schedule, ScheduleAction, ScheduleRequestInput } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import cronstrue from 'cronstrue';
import { useState } from 'react';
import { Link } from 'react-router';
import { ago, time } from '../app/format';
import { useCall } from '../app/queries';
import { useClient } from '../app/session';
import { Await, Empty, Failure, Field, Page } from '../ui/parts';
import { Calendar } from './schedules/calendar';

/** The cron expression as a sentence; undefined where it is not one yet. */
export function sentence(cron: string): string | undefined {
  try {
    return cron.trim().split(/\s+/).length === 5 ? cronstrue.toString(cron, { use24HourTimeFormat: true }) : undefined;
  } catch {
    return undefined;
  }
}

/** What the form offers: the actions, and the usual two in one. */
type Choice = ScheduleAction['kind'] | 'trainAndForecast';

const kinds: Record<Choice, { title: string; on: 'model' | 'dataset'; about: string }> = {
  forecast: { title: 'Forecast with a model', on: 'model', about: 'Its champion at that time.' },
  train: {
    title: 'Train on a dataset',
    on: 'dataset',
    about: 'The new version becomes champion only if it is better by more than chance.',
  },
  trainAndForecast: {
    title: 'Train on a dataset, then forecast',
    on: 'dataset',
    about: 'The forecast is made by whichever version is champion after the training.',
  },
  monitor: { title: 'Score past forecasts of a model', on: 'model', about: 'Finds drift, and rolls a failing champion back.' },
  learn: {
    title: 'Let an online model learn',
    on: 'model',
    about: 'Its shadow learns from what is new, and becomes champion once it is better.',
  },
  backtest: { title: 'Backtest on a dataset', on: 'dataset', about: 'How good would past forecasts have been?' },
};

/** The action in words. */
function does(action: ScheduleAction): string {
  switch (action.kind) {
    case 'forecast':
      return `forecast with ${action.request.model}`;
    case 'train':
      return `train on ${action.request.dataset}${action.request.forecast ? ', then forecast' : ''}`;
    case 'backtest':
      return `backtest on ${action.request.dataset}`;
    case 'monitor':
      return `score the forecasts of ${action.request.model}`;
    case 'learn':
      return `let ${action.request.model} learn`;
  }
}

/** The action of a new schedule, with the defaults of its kind. */
function actionOn(kind: Choice, target: string): ScheduleRequestInput['action'] {
  switch (kind) {
    case 'forecast':
      return { kind, request: { model: target } };
    case 'train':
      return { kind, request: { dataset: target, gate: true } };
    case 'trainAndForecast':
      return { kind: 'train', request: { dataset: target, gate: true, forecast: {} } };
    case 'backtest':
      return { kind, request: { dataset: target } };
    case 'monitor':
      return { kind, request: { model: target } };
    case 'learn':
      return { kind, request: { model: target } };
  }
}

export function Component() {
  const query = useCall('listSchedules', { query: { limit: 1000 } }, { refetchInterval: 20_000 });
  const [making, setMaking] = useState(false);
  return (
    <Page
      title="Schedules"
      about="Forecast every night, train every week. Times are in the zone of each schedule, summer time included."
      actions={
        <button type="button" className="primary" aria-expanded={making} onClick={() => setMaking(!making)}>
          New schedule
        </button>
      }
    >
      {making && <NewSchedule onDone={() => setMaking(false)} />}
      <Await query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing is scheduled">Make a schedule and Almanac forecasts or trains by itself.</Empty>
          ) : (
            <>
              {items.map((schedule) => (
                <ScheduleCard key={schedule.id} schedule={schedule} />
              ))}
              <Calendar schedules={items} />
            </>
          )
        }
      </Await>
    </Page>
  );
}

function useChange() {
  const cache = useQueryClient();
  return () => Promise.all(['listSchedules', 'listFirings', 'activeRuns'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
}

function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const client = useClient();
  const changed = useChange();
  const [editing, setEditing] = useState(false);
  const [past, setPast] = useState(false);
  const params = { schedule: schedule.name };
  const act = useMutation({
    mutationFn: async (what: 'run' | 'pause' | 'delete') => {
      if (what === 'run') await client.call('runSchedule', { params });
      else if (what === 'pause') await client.call('updateSchedule', { params, body: { paused: !schedule.paused } });
      else await client.call('deleteSchedule', { params });
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
          <button
            type="button"
            className="compact danger"
            disabled={act.isPending}
            onClick={() => confirm(`Delete the schedule ${schedule.name}? Its runs stay.`) && act.mutate('delete')}
          >
            Delete
          </button>
        </div>
      </div>
      {act.error ? <Failure error={act.error} /> : null}
      {editing && <EditTimes schedule={schedule} onDone={() => setEditing(false)} />}
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

function Firings({ schedule }: { schedule: Schedule }) {
  const query = useCall('listFirings', { params: { schedule: schedule.name }, query: { limit: 50 } });
  return (
    <Await query={query} height={60}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="muted">It has not fired yet.</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>Due</th>
                <th>Fired</th>
                <th>Outcome</th>
              </tr>
            </thead>
            <tbody>
              {items.map((firing) => (
                <tr key={`${firing.dueAt} ${firing.firedAt}`}>
                  <td>{time(firing.dueAt, schedule.timeZone)}</td>
                  <td>{time(firing.firedAt, schedule.timeZone)}</td>
                  <td>{firing.runId ? <Link to={`/runs/${firing.runId}`}>{firing.outcome}</Link> : firing.outcome}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Await>
  );
}

function TimeFields({
  cron,
  zone,
  onCron,
  onZone,
}: {
  cron: string;
  zone: string;
  onCron: (cron: string) => void;
  onZone: (zone: string) => void;
}) {
  return (
    <>
      <Field id="cron" label="When" help={sentence(cron) ?? 'Five fields: minute, hour, day, month, weekday.'}>
        <input id="cron" className="mono" required value={cron} onChange={(event) => onCron(event.target.value)} />
      </Field>
      <Field id="zone" label="Time zone">
        <input id="zone" required list="all-zones" value={zone} onChange={(event) => onZone(event.target.value)} />
        <datalist id="all-zones">
          {['UTC', ...Intl.supportedValuesOf('timeZone')].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
    </>
  );
}

function EditTimes({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const client = useClient();
  const changed = useChange();
  const [cron, setCron] = useState(schedule.cron);
  const [zone, setZone] = useState(schedule.timeZone);
  const save = useMutation({
    mutationFn: () => client.call('updateSchedule', { params: { schedule: schedule.name }, body: { cron, timeZone: zone } }),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="fields">
        <TimeFields cron={cron} zone={zone} onCron={setCron} onZone={setZone} />
      </div>
      {save.error ? <Failure error={save.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}

function NewSchedule({ onDone }: { onDone: () => void }) {
  const client = useClient();
  const changed = useChange();
  const models = useCall('listModels', { query: { limit: 1000 } });
  const datasets = useCall('listDatasets', { query: { limit: 1000 } });
  const [name, setName] = useState('');
  const [cron, setCron] = useState('0 6 * * *');
  const [zone, setZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [kind, setKind] = useState<Choice>('forecast');
  const [target, setTarget] = useState('');
  const targets = (kinds[kind].on === 'model' ? models.data?.items : datasets.data?.items)?.map((item) => item.name) ?? [];
  const chosen = targets.includes(target) ? target : (targets[0] ?? '');
  const make = useMutation({
    mutationFn: () => client.call('createSchedule', { body: { name, cron, timeZone: zone, action: actionOn(kind, chosen) } }),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <div className="fields">
        <Field id="schedule-name" label="Name">
          <input
            id="schedule-name"
            required
            autoFocus
            value={name}
            placeholder="nightly"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field id="does" label="What" help={kinds[kind].about}>
          <select id="does" value={kind} onChange={(event) => setKind(event.target.value as Choice)}>
            {Object.entries(kinds).map(([value, { title }]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </Field>
        <Field
          id="target"
          label={kinds[kind].on === 'model' ? 'Model' : 'Dataset'}
          {...(targets.length === 0 ? { help: 'There is none yet.' } : {})}
        >
          <select id="target" value={chosen} onChange={(event) => setTarget(event.target.value)}>
            {targets.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </Field>
        <TimeFields cron={cron} zone={zone} onCron={setCron} onZone={setZone} />
      </div>
      {make.error ? <Failure error={make.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={make.isPending || chosen === ''}>
          Make the schedule
        </button>
      </div>
    </form>
  );
}
