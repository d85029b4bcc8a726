/** Settings: workers with their engines, the queue, API keys, workspaces. */
import { type ApiKeyCreated, scope as scopes, type Scope } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ago, count } from '../app/format';
import { useCall } from '../app/queries';
import { useClient, useSession } from '../app/session';
import { Await, Failure, Page } from '../ui/parts';
import { Workspaces } from './settings/workspaces';

export function Component() {
  const { signOut } = useSession();
  const workspace = useCall('systemStatus', {}).data?.workspace;
  return (
    <Page
      title="Settings"
      actions={
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      }
    >
      <System />
      <Keys />
      {workspace !== undefined && <Workspaces current={workspace} />}
    </Page>
  );
}

function System() {
  const query = useCall('systemStatus', {}, { refetchInterval: 5000 });
  return (
    <Await query={query}>
      {(status) => (
        <section className="card stack">
          <h2>Workers</h2>
          {status.workers.length === 0 ? (
            <div className="note warn">
              <strong>No worker is running</strong>
              <span>Runs stay queued until one starts. npm start runs one; on more machines, start apps/worker.</span>
            </div>
          ) : (
            <div className="table-scroll" tabIndex={0}>
              <table>
                <thead>
                  <tr>
                    <th>Worker</th>
                    <th>Engine</th>
                    <th>Why this engine</th>
                    <th>Busy with</th>
                    <th>Seen</th>
                  </tr>
                </thead>
                <tbody>
                  {status.workers.map((worker) => (
                    <tr key={worker.id}>
                      <td className="mono">{worker.id.slice(0, 24)}</td>
                      <td>{worker.engine ? `${worker.engine.name}, ${worker.engine.variant}` : '–'}</td>
                      <td className="small muted">{worker.engine?.why}</td>
                      <td>{worker.busyWith ?? 'idle'}</td>
                      <td>{ago(worker.seenAt)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <dl className="facts">
            <div>
              <dt>Queue</dt>
              <dd>{status.queueDriver}</dd>
            </div>
            {Object.entries(status.queueDepth).map(([name, depth]) => (
              <div key={name}>
                <dt>{name} waiting</dt>
                <dd>{count(depth)}</dd>
              </div>
            ))}
            <div>
              <dt>Workspace</dt>
              <dd>{status.workspace}</dd>
            </div>
            <div>
              <dt>Version</dt>
              <dd>{status.version}</dd>
            </div>
          </dl>
        </section>
      )}
    </Await>
  );
}

function Keys() {
  const client = useClient();
  const cache = useQueryClient();
  const query = useCall('listApiKeys', { query: { limit: 1000 } });
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Scope>('read');
  const [made, setMade] = useState<ApiKeyCreated>();
  const refresh = () => cache.invalidateQueries({ queryKey: ['listApiKeys'] });
  const make = useMutation({
    mutationFn: () => client.call('createApiKey', { body: { name, scopes: [chosen] } }),
    onSuccess: async (key) => {
      setMade(key);
      setName('');
      await refresh();
    },
  });
  const revoke = useMutation({ mutationFn: (id: string) => client.call('deleteApiKey', { params: { id } }), onSuccess: refresh });
  return (
    <section className="card stack">
      <h2>API keys</h2>
      {made && (
        <div className="note" role="status">
          <strong>The key of {made.name}, shown only now</strong>
          <code style={{ overflowWrap: 'anywhere' }}>{made.key}</code>
          <div className="actions">
            <button type="button" className="compact" onClick={() => void navigator.clipboard.writeText(made.key)}>
              Copy
            </button>
          </div>
        </div>
      )}
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <input
          style={{ maxWidth: 240 }}
          aria-label="Name of the new key"
          placeholder="What it is for"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <select
          style={{ width: 'auto' }}
          aria-label="Scope of the new key"
          value={chosen}
          onChange={(event) => setChosen(event.target.value as Scope)}
        >
          {scopes.options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
        <button type="submit" disabled={make.isPending}>
          Make a key
        </button>
      </form>
      {make.error ? <Failure error={make.error} /> : null}
      {revoke.error ? <Failure error={revoke.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => (
          <div className="table-scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Starts with</th>
                  <th>Scopes</th>
                  <th>Made</th>
                  <th>Last used</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {items.map((key) => (
                  <tr key={key.id}>
                    <td>{key.name}</td>
                    <td className="mono">{key.prefix}…</td>
                    <td>{key.scopes.join(', ')}</td>
                    <td>{ago(key.createdAt)}</td>
                    <td>{key.lastUsedAt ? ago(key.lastUsedAt) : 'never'}</td>
                    <td>
                      <button
                        type="button"
                        className="compact danger"
                        disabled={revoke.isPending}
                        onClick={() =>
                          confirm(`Revoke the key ${key.name}? Whoever uses it is locked out at once.`) && revoke.mutate(key.id)
                        }
                      >
                        Revoke
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Await>
    </section>
  );
}
