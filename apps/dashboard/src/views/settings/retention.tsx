/** For how many days this workspace keeps forecasts, other runs and logs. */
import { KEPT, type KeptName, keptName, type Retention as Kept } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { count } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient, useMay } from '../../app/session';
import { type Column, DataTable } from '../../ui/dataTable';
import { Await, Failure } from '../../ui/parts';

interface Row {
  name: KeptName;
  days: number | null;
}

const columns: Column<Row>[] = [
  { id: 'name', title: 'What', cell: ({ name }) => KEPT[name] },
  { id: 'days', title: 'Kept for', number: true, cell: ({ days }) => (days === null ? 'no limit' : `${count(days)} days`) },
];
const rowsOf = (kept: Kept): Row[] => keptName.options.map((name) => ({ name, days: kept[name] }));

export function Retention() {
  const query = useCall('getRetention', {});
  return (
    <section className="card stack">
      <h2>Retention</h2>
      <p className="muted">
        Counted from the end of a run. What a version of a dataset or model came from stays, and so does the latest success of each kind for
        each dataset and model.
      </p>
      <Await query={query}>
        {(kept) => <DataTable label="Retention" rows={rowsOf(kept)} columns={columns} rowKey={({ name }) => name} />}
      </Await>
      {useMay('admin') && <Change ifMatch={query.data?.etag} />}
    </section>
  );
}

/** @param ifMatch of what is shown: what somebody else has set meanwhile is not undone unseen */
function Change({ ifMatch }: { ifMatch: string | undefined }) {
  const client = useClient();
  const cache = useQueryClient();
  const [name, setName] = useState<KeptName>('forecasts');
  const [days, setDays] = useState('');
  const change = useMutation({
    mutationFn: (to: number | null) => client.call('setRetention', { body: { [name]: to }, ifMatch }),
    onSuccess: () => setDays(''),
    onSettled: () => cache.invalidateQueries({ queryKey: ['getRetention'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate(Number(days));
  };
  return (
    <>
      <form className="row" onSubmit={submit}>
        <select
          aria-label="What is kept"
          style={{ width: 'auto', maxWidth: '100%' }}
          value={name}
          onChange={(event) => setName(event.target.value as KeptName)}
        >
          {keptName.options.map((one) => (
            <option key={one} value={one}>
              {KEPT[one]}
            </option>
          ))}
        </select>
        <input
          style={{ maxWidth: 160 }}
          aria-label="Days"
          placeholder="Days"
          inputMode="numeric"
          pattern="[1-9]\d{0,4}"
          title="A whole number of days"
          required
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
        <button type="submit" disabled={change.isPending}>
          Remove what is older
        </button>
        <button type="button" disabled={change.isPending} onClick={() => change.mutate(null)}>
          Keep forever
        </button>
      </form>
      <p className="small muted">What is removed can only be brought back from a backup.</p>
      {change.error ? <Failure error={change.error} /> : null}
    </>
  );
}
