/** Workspaces: datasets, models, keys and members of their own. Admins of the default one make, rename and delete the others. */
import type { Workspace } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useNavigate } from 'react-router';
import { ago } from '../../app/format';
import { useAll } from '../../app/queries';
import { useClient, useSession } from '../../app/session';
import { type Column, DataTable } from '../../ui/dataTable';
import { Asking } from '../../ui/confirm';
import { Await, Failure } from '../../ui/parts';
import { Secret } from '../../ui/secret';

const DEFAULT = 'default';

export function Workspaces({ current }: { current: string }) {
  return (
    <section className="card stack">
      <h2>Workspaces</h2>
      {current === DEFAULT ? <Administration /> : <p className="muted">Workspaces are made by an admin of “{DEFAULT}”.</p>}
    </section>
  );
}

function Administration() {
  const client = useClient();
  const cache = useQueryClient();
  const { refresh: refreshSession } = useSession();
  const query = useAll('listWorkspaces', {});
  const { register, handleSubmit, reset } = useForm({ defaultValues: { name: '' } });
  const refresh = () => cache.invalidateQueries({ queryKey: ['listWorkspaces'] });
  const make = useMutation({
    mutationFn: ({ name }: { name: string }) => client.call('createWorkspace', { body: { name } }),
    onSuccess: async () => {
      reset();
      await refreshSession();
      await refresh();
    },
  });
  const columns: Column<Workspace>[] = [
    { id: 'name', title: 'Name', by: (one) => one.name, cell: (one) => one.name },
    { id: 'made', title: 'Made', by: (one) => one.createdAt, cell: (one) => ago(one.createdAt) },
    { id: 'acts', title: 'What can be done', hidden: true, cell: (one) => <Acts workspace={one} onChange={refresh} /> },
  ];
  return (
    <>
      {make.data && <Secret title={`The admin key of ${make.data.name}, shown only now`} secret={make.data.adminKey.key} />}
      <form className="row" onSubmit={(event) => void handleSubmit((given) => make.mutate(given))(event)}>
        <input
          style={{ maxWidth: 240 }}
          aria-label="Name of the new workspace"
          placeholder="Name, e.g. a team"
          required
          {...register('name')}
        />
        <button type="submit" disabled={make.isPending}>
          Make a workspace
        </button>
      </form>
      {make.error ? <Failure error={make.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => <DataTable label="Workspaces" rows={items} columns={columns} rowKey={(workspace) => workspace.name} />}
      </Await>
    </>
  );
}

function Acts({ workspace: { name, etag: ifMatch }, onChange }: { workspace: Workspace; onChange: () => Promise<void> }) {
  const client = useClient();
  const navigate = useNavigate();
  const { state, switchTo, refresh } = useSession();
  const [renaming, setRenaming] = useState(false);
  const params = { workspace: name };
  const act = useMutation({
    mutationFn: async (to: string | null) => {
      if (to === null) await client.call('deleteWorkspace', { params, ifMatch });
      else await client.call('renameWorkspace', { params, body: { name: to }, ifMatch });
    },
    onSuccess: async () => {
      setRenaming(false);
      await refresh();
      await onChange();
    },
  });
  if (name === DEFAULT) return null;
  return (
    <div className="row" style={{ justifyContent: 'flex-end' }}>
      {renaming ? (
        <NewName
          name={name}
          busy={act.isPending}
          onClose={() => setRenaming(false)}
          onName={(to) => (to === name ? setRenaming(false) : act.mutate(to))}
        />
      ) : (
        <>
          {state?.workspaces.some(({ workspace }) => workspace === name) && (
            <button
              type="button"
              className="compact"
              onClick={() => {
                switchTo(name);
                void navigate('/overview');
              }}
            >
              Open
            </button>
          )}
          <button type="button" className="compact" disabled={act.isPending} onClick={() => setRenaming(true)}>
            Rename
          </button>
          <Asking
            label="Delete"
            title={`Delete the workspace ${name}?`}
            act="Delete it"
            typed={name}
            disabled={act.isPending}
            onAct={() => act.mutate(null)}
          >
            Everything in it goes: datasets, models, runs, keys.
          </Asking>
        </>
      )}
      {act.error ? <Failure error={act.error} /> : null}
    </div>
  );
}

function NewName({ name, busy, onName, onClose }: { name: string; busy: boolean; onName: (to: string) => void; onClose: () => void }) {
  const { register, handleSubmit } = useForm({ defaultValues: { to: name } });
  return (
    <form className="row" onSubmit={(event) => void handleSubmit(({ to }) => onName(to.trim()))(event)}>
      <input className="compact" style={{ width: 180 }} aria-label={`A new name for ${name}`} required autoFocus {...register('to')} />
      <button type="submit" className="compact" disabled={busy}>
        Save
      </button>
      <button type="button" className="compact quiet" onClick={onClose}>
        Keep
      </button>
    </form>
  );
}
