/** Settings: workers with their engines, the queue, API keys, workspaces. */
import {
  type ApiKey,
  type ApiKeyCreated,
  clockFault,
  reservedOf,
  scope as scopes,
  type Scope,
  type SystemStatus,
} from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { Link } from 'react-router';
import { ago, bytes, count, time } from '../app/format';
import { useAll, useCall } from '../app/queries';
import { useClient, useMay, useSession } from '../app/session';
import { type Column, DataTable } from '../ui/dataTable';
import { Asking } from '../ui/confirm';
import { Await, Fact, Failure, Page } from '../ui/parts';
import { Secret } from '../ui/secret';
import { Erasures } from './settings/erasures';
import { Quotas } from './settings/quotas';
import { Retention } from './settings/retention';
import { Workspaces } from './settings/workspaces';

export function Component() {
  const { workspace } = useSession();
  const administers = useMay('admin');
  return (
    <Page
      title="Settings"
      actions={
        administers && (
          <Link className="button" to="/audit">
            Audit log
          </Link>
        )
      }
    >
      <System />
      {administers && <Keys />}
      {workspace !== undefined && <Quotas current={workspace} />}
      <Retention />
      <Erasures />
      {administers && workspace !== undefined && <Workspaces current={workspace} />}
    </Page>
  );
}

type Worker = SystemStatus['workers'][number];

const workers: Column<Worker>[] = [
  {
    id: 'id',
    title: 'Worker',
    by: (one) => one.id,
    cell: (one) => (
      <>
        <span className="mono">{one.id.slice(0, 24)}</span>
        {clockFault(one) !== null && <div className="small bad">{clockFault(one)}</div>}
      </>
    ),
  },
  {
    id: 'engine',
    title: 'Engine',
    by: (one) => one.engine?.name,
    cell: (one) => (one.engine ? `${one.engine.name}, ${one.engine.variant}` : '–'),
  },
  {
    id: 'why',
    title: 'Why this engine',
    className: 'small muted',
    cell: (one) => (
      <>
        {one.engine?.why}
        {one.engine?.rejected.map(({ name, why }) => (
          <div key={name}>
            not {name}: {why}
          </div>
        ))}
      </>
    ),
  },
  {
    id: 'has',
    title: 'Has',
    className: 'small',
    cell: ({ resources }) =>
      resources ? [`${resources.threads} threads`, bytes(resources.memoryBytes), ...resources.devices].join(', ') : '–',
  },
  {
    id: 'reserved',
    title: 'Reserved',
    className: 'small',
    by: (one) => one.resources?.reserved?.threads ?? 0,
    cell: ({ resources }) => (resources ? reservedOf(resources, bytes) : '–'),
  },
  {
    id: 'busy',
    title: 'Busy with',
    by: (one) => one.busyWith.length + one.busyElsewhere,
    cell: (one) => <Busy worker={one} />,
  },
  {
    id: 'seen',
    title: 'Seen',
    by: (one) => one.seenAt,
    cell: (one) => <span title={`since ${time(one.startedAt)}`}>{ago(one.seenAt)}</span>,
  },
];

function System() {
  const query = useCall('systemStatus', {}, { refetchInterval: 5000 });
  return (
    <Await query={query}>
      {(status) => (
        <>
          <section className="card stack">
            <h2>Workers</h2>
            {status.workers.length === 0 ? (
              <div className="note warn">
                <strong>No worker is running</strong>
                <span>Runs stay queued until one starts. npm start runs one; on more machines, start apps/worker.</span>
              </div>
            ) : (
              <DataTable label="Workers" rows={status.workers} columns={workers} rowKey={(worker) => worker.id} />
            )}
          </section>
          <Queue status={status} />
        </>
      )}
    </Await>
  );
}

function Queue({ status }: { status: SystemStatus }) {
  const depths = Object.entries(status.queueDepth);
  const waiting = depths.reduce((sum, [, depth]) => sum + depth, 0);
  const longest = Math.max(1, ...depths.map(([, depth]) => depth));
  return (
    <section className="card stack" style={{ gap: 12 }}>
      <h2>Queue</h2>
      <dl className="facts">
        <Fact name="Driver">{status.queueDriver}</Fact>
        <Fact name="Waiting">{waiting === 0 ? 'nothing' : count(waiting)}</Fact>
        <Fact name="Workspace">{status.workspace}</Fact>
        <Fact name="Version">{status.version}</Fact>
      </dl>
      <ul className="depths" aria-label="Jobs that wait, by kind">
        {depths.map(([name, depth]) => (
          <li key={name} data-empty={depth === 0}>
            <span>{name}</span>
            <meter min={0} max={longest} value={depth} aria-label={`${name}: ${depth} waiting`} />
            <b>{count(depth)}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

const abilities: Record<Scope, string> = { read: 'read', write: 'write: upload, train, forecast', admin: 'admin: also keys' };

const DAY_MS = 86_400_000;

interface NewKey {
  name: string;
  scope: Scope;
  /** Empty: until it is revoked. */
  days: string;
}

function Keys() {
  const client = useClient();
  const cache = useQueryClient();
  const query = useAll('listApiKeys', {});
  const { register, handleSubmit, reset } = useForm<NewKey>({ defaultValues: { name: '', scope: 'read', days: '' } });
  const [made, setMade] = useState<ApiKeyCreated>();
  const refresh = () => cache.invalidateQueries({ queryKey: ['listApiKeys'] });
  const make = useMutation({
    mutationFn: ({ name, scope, days }: NewKey) =>
      client.call('createApiKey', {
        body: { name, scopes: [scope], expiresAt: days === '' ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString() },
      }),
    onSuccess: async (key) => {
      setMade(key);
      reset();
      await refresh();
    },
  });
  const rotate = useMutation({
    mutationFn: (id: string) => client.call('rotateApiKey', { params: { id }, body: {} }),
    onSuccess: async (key) => {
      setMade(key);
      await refresh();
    },
  });
  const revoke = useMutation({ mutationFn: (id: string) => client.call('deleteApiKey', { params: { id } }), onSuccess: refresh });
  const columns: Column<ApiKey>[] = [
    { id: 'name', title: 'Name', by: (key) => key.name, cell: (key) => key.name },
    { id: 'prefix', title: 'Starts with', cell: (key) => <span className="mono">{key.prefix}…</span> },
    { id: 'scopes', title: 'Scopes', by: (key) => key.scopes.join(), cell: (key) => key.scopes.join(', ') },
    { id: 'made', title: 'Made', by: (key) => key.createdAt, cell: (key) => <span title={time(key.createdAt)}>{ago(key.createdAt)}</span> },
    {
      id: 'used',
      title: 'Last used',
      by: (key) => key.lastUsedAt,
      cell: (key) => (key.lastUsedAt ? ago(key.lastUsedAt) : 'never'),
    },
    {
      id: 'expires',
      title: 'Expires',
      by: (key) => key.expiresAt,
      cell: ({ expiresAt }) =>
        expiresAt === null ? (
          'never'
        ) : (
          <span title={time(expiresAt)}>{Date.parse(expiresAt) < Date.now() ? 'expired' : ago(expiresAt)}</span>
        ),
    },
    {
      id: 'acts',
      title: 'What can be done',
      hidden: true,
      cell: (key) => (
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Asking
            label="Rotate"
            title={`Make another key in place of ${key.name}?`}
            act="Make it"
            disabled={rotate.isPending}
            onAct={() => rotate.mutate(key.id)}
          >
            The new one opens at once, and this one for a day yet. Where this one is no longer to be trusted, revoke it then.
          </Asking>
          <Asking
            label="Revoke"
            title={`Revoke the key ${key.name}?`}
            act="Revoke it"
            disabled={revoke.isPending}
            onAct={() => revoke.mutate(key.id)}
          >
            Whoever uses it is locked out at once.
          </Asking>
        </div>
      ),
    },
  ];
  return (
    <section className="card stack">
      <h2>API keys</h2>
      <p className="muted">For programs. People have accounts, which are invited under People.</p>
      {made && <Secret title={`The key of ${made.name}, shown only now`} secret={made.key} />}
      <form className="row" onSubmit={(event) => void handleSubmit((given) => make.mutate(given))(event)}>
        <input
          style={{ maxWidth: 240 }}
          aria-label="Name of the new key"
          placeholder="What it is for"
          required
          maxLength={100}
          {...register('name')}
        />
        <select style={{ width: 'auto' }} aria-label="Scope of the new key" {...register('scope')}>
          {scopes.options.map((option) => (
            <option key={option} value={option}>
              {abilities[option]}
            </option>
          ))}
        </select>
        <select style={{ width: 'auto' }} aria-label="How long the new key opens" {...register('days')}>
          <option value="">does not expire</option>
          {[30, 90, 365].map((days) => (
            <option key={days} value={days}>
              for {days} days
            </option>
          ))}
        </select>
        <button type="submit" disabled={make.isPending}>
          Make a key
        </button>
      </form>
      {make.error ? <Failure error={make.error} /> : null}
      {(revoke.error ?? rotate.error) ? <Failure error={revoke.error ?? rotate.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => <DataTable label="API keys" rows={items} columns={columns} rowKey={(key) => key.id} />}
      </Await>
    </section>
  );
}

/** What a worker is at: its runs by a link each; those of other workspaces are only counted. */
function Busy({ worker: { busyWith, busyElsewhere } }: { worker: Worker }) {
  if (busyWith.length + busyElsewhere === 0) return 'idle';
  return (
    <>
      {busyWith.map((id, at) => (
        <span key={id}>
          {at > 0 ? ', ' : null}
          <Link to={`/runs/${id}`}>{id.slice(0, 8)}</Link>
        </span>
      ))}
      {busyElsewhere > 0 && `${busyWith.length > 0 ? ', ' : ''}${busyElsewhere} of other workspaces`}
    </>
  );
}
