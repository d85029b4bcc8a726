/** Workspaces: datasets, models and keys of their own. Whoever administers the default one makes, renames and deletes the others. */
import type { Workspace } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ago } from '../../app/format';
import { useCall } from '../../app/queries';
import { useClient, useSession } from '../../app/session';
import { Await, Failure, Field } from '../../ui/parts';

const DEFAULT = 'default';

export function Workspaces({ current }: { current: string }) {
  return (
    <section className="card stack">
      <h2>Workspaces</h2>
      {current === DEFAULT ? <Administration /> : <p className="muted">Workspaces are made by an admin of “{DEFAULT}”.</p>}
      <AnotherKey />
    </section>
  );
}

function Administration() {
  const client = useClient();
  const cache = useQueryClient();
  const { remember } = useSession();
  const query = useCall('listWorkspaces', { query: { limit: 1000 } });
  const [name, setName] = useState('');
  const refresh = () => cache.invalidateQueries({ queryKey: ['listWorkspaces'] });
  const make = useMutation({
    mutationFn: () => client.call('createWorkspace', { body: { name } }),
    onSuccess: async (made) => {
      remember(made.name, made.adminKey.key);
      setName('');
      await refresh();
    },
  });
  return (
    <>
      {make.data && (
        <div className="note" role="status">
          <strong>The admin key of {make.data.name}, shown only now</strong>
          <code style={{ overflowWrap: 'anywhere' }}>{make.data.adminKey.key}</code>
          <div className="actions">
            <button type="button" className="compact" onClick={() => void navigator.clipboard.writeText(make.data.adminKey.key)}>
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
          aria-label="Name of the new workspace"
          placeholder="Name, e.g. a team"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" disabled={make.isPending}>
          Make a workspace
        </button>
      </form>
      {make.error ? <Failure error={make.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => (
          <div className="table-scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Made</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {items.map((workspace) => (
                  <Row key={workspace.name} workspace={workspace} onChange={refresh} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Await>
    </>
  );
}

function Row({ workspace: { name, createdAt }, onChange }: { workspace: Workspace; onChange: () => Promise<void> }) {
  const client = useClient();
  const navigate = useNavigate();
  const { workspaces, switchTo, forget } = useSession();
  const params = { workspace: name };
  const act = useMutation({
    mutationFn: async (to: string | null) => {
      if (to === null) await client.call('deleteWorkspace', { params });
      else await client.call('renameWorkspace', { params, body: { name: to } });
    },
    onSuccess: async () => {
      forget(name);
      await onChange();
    },
  });
  return (
    <tr>
      <td>
        {name}
        {act.error ? <Failure error={act.error} /> : null}
      </td>
      <td>{ago(createdAt)}</td>
      <td>
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          {name !== DEFAULT && (
            <>
              {workspaces.includes(name) && (
                <button
                  type="button"
                  className="compact"
                  onClick={() => {
                    switchTo(name);
                    void navigate('/series');
                  }}
                >
                  Open
                </button>
              )}
              <button
                type="button"
                className="compact"
                disabled={act.isPending}
                onClick={() => {
                  const to = prompt(`A new name for ${name}`, name)?.trim();
                  if (to && to !== name) act.mutate(to);
                }}
              >
                Rename
              </button>
              <button
                type="button"
                className="compact danger"
                disabled={act.isPending}
                onClick={() =>
                  prompt(`Everything in it goes: datasets, models, runs, keys. Type ${name} to delete it.`) === name && act.mutate(null)
                }
              >
                Delete
              </button>
            </>
          )}
        </div>
      </td>
    </tr>
  );
}

/** A key of another workspace opens it, and both are kept to switch between. */
function AnotherKey() {
  const { signIn } = useSession();
  const [key, setKey] = useState('');
  return (
    <details>
      <summary>Open another workspace with its key</summary>
      <form
        className="row"
        style={{ marginTop: 10, alignItems: 'end' }}
        onSubmit={(event) => {
          event.preventDefault();
          signIn(key.trim());
        }}
      >
        <Field id="other-key" label="API key">
          <input
            id="other-key"
            type="password"
            autoComplete="off"
            required
            placeholder="alm_…"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        <button type="submit">Open</button>
      </form>
    </details>
  );
}
