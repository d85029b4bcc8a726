/** Quotas: what this workspace may have at most, beside what it has; the operator sets them. */
import { QUOTAS, type Quota, type QuotaName } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { bytes, count } from '../../app/format';
import { useAll, useCall } from '../../app/queries';
import { useClient, useMay } from '../../app/session';
import { type Column, DataTable } from '../../ui/dataTable';
import { Await, Failure } from '../../ui/parts';

const OPERATORS = 'default';
const amount = (name: QuotaName, value: number | null): string =>
  value === null ? 'no limit' : name === 'bytes' ? bytes(value) : count(value);
/** Near enough to the limit for a warning. */
const FULL = 0.9;

export function Quotas({ current }: { current: string }) {
  const [workspace, setWorkspace] = useState(current);
  const isOperator = useMay('admin') && current === OPERATORS;
  const own = useCall('listQuotas', {}, { refetchInterval: 10_000, enabled: !isOperator });
  const any = useCall('workspaceQuotas', { params: { workspace } }, { refetchInterval: 10_000, enabled: isOperator });
  const query = isOperator ? any : own;
  return (
    <section className="card stack">
      <h2>Quotas</h2>
      <p className="muted">
        What may be there and go on at most. Beyond a limit a request is refused with what was too much and what to do.
      </p>
      <Await query={query}>{({ items }) => <DataTable label="Quotas" rows={items} columns={columns} rowKey={({ name }) => name} />}</Await>
      {isOperator ? (
        <Change workspace={workspace} etag={query.data?.etag} onWorkspace={setWorkspace} />
      ) : (
        <p className="muted">The operator sets them.</p>
      )}
    </section>
  );
}

const columns: Column<Quota>[] = [
  { id: 'name', title: 'What', by: ({ name }) => name, cell: ({ name }) => <span title={name}>{QUOTAS[name]}</span> },
  { id: 'used', title: 'In use', number: true, by: ({ used }) => used, cell: ({ name, used }) => amount(name, used) },
  {
    id: 'limit',
    title: 'Limit',
    number: true,
    by: ({ limit }) => limit,
    cell: ({ name, limit, standard }) => (
      <span
        title={
          limit === standard ? 'the standard of this installation' : `set for this workspace; the standard is ${amount(name, standard)}`
        }
      >
        {amount(name, limit)}
        {limit === standard ? null : ' *'}
      </span>
    ),
  },
  {
    id: 'share',
    title: 'Share in use',
    by: ({ used, limit }) => (limit === null ? 0 : used / Math.max(1, limit)),
    cell: ({ name, used, limit }) =>
      limit === null ? null : (
        <meter
          min={0}
          max={Math.max(1, limit)}
          high={FULL * limit}
          optimum={0}
          value={used}
          aria-label={`${QUOTAS[name]}: ${used} of ${limit}`}
        />
      ),
  },
];

interface Changing {
  workspace: string;
  /** Of the limits in sight. */
  etag: string | undefined;
  onWorkspace: (name: string) => void;
}

function Change({ workspace, etag, onWorkspace }: Changing) {
  const client = useClient();
  const cache = useQueryClient();
  const workspaces = useAll('listWorkspaces', {}).data?.items ?? [];
  const [name, setName] = useState<QuotaName>('openRuns');
  const [most, setMost] = useState('');
  const change = useMutation({
    mutationFn: (to: number | 'unlimited' | null) =>
      client.call('setQuotas', { params: { workspace }, body: { [name]: to }, ifMatch: etag }),
    onSuccess: async () => {
      setMost('');
      await Promise.all(['listQuotas', 'workspaceQuotas'].map((key) => cache.invalidateQueries({ queryKey: [key] })));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate(Number(most));
  };
  return (
    <>
      <form className="row" onSubmit={submit}>
        <select
          aria-label="Workspace of the limit"
          style={{ width: 'auto' }}
          value={workspace}
          onChange={(event) => onWorkspace(event.target.value)}
        >
          {workspaces.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        <select
          aria-label="Quota"
          style={{ width: 'auto', maxWidth: '100%' }}
          value={name}
          onChange={(event) => setName(event.target.value as QuotaName)}
        >
          {Object.entries(QUOTAS).map(([value, what]) => (
            <option key={value} value={value}>
              {what}
            </option>
          ))}
        </select>
        <input
          style={{ maxWidth: 160 }}
          aria-label="Limit"
          placeholder="At most"
          inputMode="numeric"
          pattern="\d{1,15}"
          title="A whole number"
          required
          value={most}
          onChange={(event) => setMost(event.target.value)}
        />
        <button type="submit" disabled={change.isPending}>
          Set the limit
        </button>
        <button type="button" disabled={change.isPending} onClick={() => change.mutate('unlimited')}>
          No limit
        </button>
        <button type="button" disabled={change.isPending} onClick={() => change.mutate(null)}>
          Standard
        </button>
      </form>
      {change.error ? <Failure error={change.error} /> : null}
      {change.data && workspace !== OPERATORS ? <p className="small muted">Set for {workspace}.</p> : null}
    </>
  );
}
