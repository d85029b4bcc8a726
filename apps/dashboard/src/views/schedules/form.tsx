/** A new schedule, or another time for one: cron with the sentence it means, the zone, and what happens when times are missed. */
import type { Schedule, ScheduleRequestInput } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type UseFormReturn, useForm, useWatch } from 'react-hook-form';
import { useAll } from '../../app/queries';
import { useClient } from '../../app/session';
import { Failure, Field, Options } from '../../ui/parts';
import { actionOn, catchUps, type Choice, kinds, overlaps, sentence } from './words';

type Policies = Required<Pick<ScheduleRequestInput, 'overlap' | 'catchUp' | 'catchUpLimit'>>;
interface Times extends Policies {
  cron: string;
  timeZone: string;
}
interface Wanted extends Times {
  name: string;
  kind: Choice;
  target: string;
}

export function useChange() {
  const cache = useQueryClient();
  return () => Promise.all(['listSchedules', 'listFirings', 'activeRuns'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
}

/** Ways to say often wanted times without knowing cron. */
const COMMON = [
  ['0 * * * *', 'every hour'],
  ['0 3 * * *', 'every night at 3'],
  ['0 6 * * 1', 'Mondays at 6'],
  ['0 6 1 * *', 'the first of the month at 6'],
] as const;

function TimeFields({ form }: { form: UseFormReturn<Times> }) {
  const cron = useWatch({ control: form.control, name: 'cron' });
  const catchUp = useWatch({ control: form.control, name: 'catchUp' });
  const meaning = sentence(cron);
  const wrong = form.formState.errors.cron?.message;
  return (
    <>
      <Field id="cron" label="When" help={meaning ?? 'Five fields: minute, hour, day, month, weekday.'} {...(wrong ? { wrong } : {})}>
        <input
          id="cron"
          className="mono"
          list="common-times"
          required
          autoComplete="off"
          {...form.register('cron', {
            validate: (text) => sentence(text) !== undefined || 'This is no time: write minute, hour, day, month, weekday, e.g. 0 6 * * *.',
          })}
        />
        <datalist id="common-times">
          {COMMON.map(([expression, label]) => (
            <option key={expression} value={expression}>
              {label}
            </option>
          ))}
        </datalist>
      </Field>
      <Field id="zone" label="Time zone">
        <input id="zone" required list="all-zones" {...form.register('timeZone')} />
        <datalist id="all-zones">
          {['UTC', ...Intl.supportedValuesOf('timeZone')].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
      <Field id="overlap" label="When the run before is open">
        <select id="overlap" {...form.register('overlap')}>
          <Options of={overlaps} />
        </select>
      </Field>
      <Field id="catch-up" label="Times missed while nothing ran">
        <select id="catch-up" {...form.register('catchUp')}>
          <Options of={catchUps} />
        </select>
      </Field>
      {catchUp === 'all' && (
        <Field id="catch-up-limit" label="Of these at most" help="The newest count.">
          <input id="catch-up-limit" type="number" min={1} max={100} {...form.register('catchUpLimit', { valueAsNumber: true })} />
        </Field>
      )}
    </>
  );
}

export function EditSchedule({ schedule, onDone }: { schedule: Schedule; onDone: () => void }) {
  const client = useClient();
  const changed = useChange();
  const { cron, timeZone, overlap, catchUp, catchUpLimit } = schedule;
  const form = useForm<Times>({ defaultValues: { cron, timeZone, overlap, catchUp, catchUpLimit } });
  // What the form was filled with, and not what has been read again since; once a conflict was shown, what is shown beside it.
  const [filledWith, setFilledWith] = useState(schedule.etag);
  const save = useMutation({
    mutationFn: (body: Times) =>
      client.call('updateSchedule', { params: { schedule: schedule.name }, body, ifMatch: filledWith ?? schedule.etag }),
    onError: () => setFilledWith(undefined),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  return (
    <form className="stack" onSubmit={(event) => void form.handleSubmit((body) => save.mutate(body))(event)}>
      <div className="fields">
        <TimeFields form={form} />
      </div>
      {save.error ? <Failure error={save.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={save.isPending}>
          Save
        </button>
        <button type="button" className="quiet" onClick={onDone}>
          Leave it
        </button>
      </div>
    </form>
  );
}

export function NewSchedule({ onDone }: { onDone: () => void }) {
  const client = useClient();
  const changed = useChange();
  const models = useAll('listModels', {});
  const datasets = useAll('listDatasets', {});
  const sources = useAll('listSources', {});
  const form = useForm<Wanted>({
    defaultValues: {
      name: '',
      cron: '0 6 * * *',
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      kind: 'forecast',
      target: '',
      overlap: 'queue',
      catchUp: 'latest',
      catchUpLimit: 24,
    },
  });
  const kind = useWatch({ control: form.control, name: 'kind' });
  const wanted = useWatch({ control: form.control, name: 'target' });
  const found = { model: models, dataset: datasets, source: sources }[kinds[kind].on];
  const targets = found.data?.items.map((item) => item.name) ?? [];
  const target = targets.includes(wanted) ? wanted : (targets[0] ?? '');
  const make = useMutation({
    mutationFn: ({ name, cron, timeZone, overlap, catchUp, catchUpLimit }: Wanted) =>
      client.call('createSchedule', { body: { name, cron, timeZone, overlap, catchUp, catchUpLimit, action: actionOn(kind, target) } }),
    onSuccess: async () => {
      await changed();
      onDone();
    },
  });
  return (
    <form className="card stack" onSubmit={(event) => void form.handleSubmit((given) => make.mutate(given))(event)}>
      <div className="fields">
        <Field id="schedule-name" label="Name">
          <input id="schedule-name" required autoFocus autoComplete="off" placeholder="nightly" {...form.register('name')} />
        </Field>
        <Field id="does" label="What" help={kinds[kind].about}>
          <select id="does" {...form.register('kind')}>
            {Object.entries(kinds).map(([value, { title }]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </Field>
        <Field
          id="target"
          label={{ model: 'Model', dataset: 'Dataset', source: 'Source' }[kinds[kind].on]}
          {...(targets.length === 0 ? { help: 'There is none yet.' } : {})}
        >
          <select id="target" value={target} onChange={(event) => form.setValue('target', event.target.value)}>
            {targets.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </Field>
        <TimeFields form={form as unknown as UseFormReturn<Times>} />
      </div>
      {make.error ? <Failure error={make.error} /> : null}
      <div className="row">
        <button type="submit" className="primary" disabled={make.isPending || target === ''}>
          Make the schedule
        </button>
        <button type="button" className="quiet" onClick={onDone}>
          Leave it
        </button>
      </div>
    </form>
  );
}
