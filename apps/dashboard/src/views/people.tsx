/** Members of the workspace with their roles, and invitations; for admins. */
import { type Invitation, type Member, type Role, role as roles } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { ago, time } from '../app/format';
import { useAll } from '../app/queries';
import { useClient, useSession } from '../app/session';
import { Asking } from '../ui/confirm';
import { type Column, DataTable } from '../ui/dataTable';
import { Await, Failure, Field, Options, Page } from '../ui/parts';
import { Secret } from '../ui/secret';

const MEANS: Record<Role, string> = {
  viewer: 'viewer: looks at everything',
  editor: 'editor: also uploads, trains, forecasts',
  admin: 'admin: also keys and people',
};

export function Component() {
  const { workspace } = useSession();
  return (
    <Page title="People" about={`Who may do what in the workspace “${workspace}”. Programs use API keys, which are among the settings.`}>
      <Members />
      <Invitations />
    </Page>
  );
}

function Members() {
  const client = useClient();
  const cache = useQueryClient();
  const { state, refresh } = useSession();
  const query = useAll('listMembers', {});
  const act = useMutation({
    mutationFn: async ({ member: { userId, etag: ifMatch }, role }: { member: Member; role: Role | null }) => {
      if (role === null) await client.call('removeMember', { params: { userId }, ifMatch });
      else await client.call('changeMember', { params: { userId }, body: { role }, ifMatch });
    },
    onSettled: async (_, __, { member: { userId } }) => {
      if (userId === state?.user?.id) await refresh();
      await cache.invalidateQueries({ queryKey: ['listMembers'] });
    },
  });
  const columns: Column<Member>[] = [
    {
      id: 'name',
      title: 'Name',
      by: (one) => one.name,
      cell: (one) => (
        <>
          {one.name} {one.userId === state?.user?.id && <span className="badge">you</span>}
        </>
      ),
    },
    { id: 'email', title: 'E-mail address', by: (one) => one.email, cell: (one) => one.email },
    {
      id: 'role',
      title: 'Role',
      by: (one) => one.role,
      cell: (one) => (
        <select
          className="compact"
          style={{ width: 'auto' }}
          aria-label={`Role of ${one.email}`}
          value={one.role}
          disabled={act.isPending}
          onChange={(event) => act.mutate({ member: one, role: event.target.value as Role })}
        >
          {roles.options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ),
    },
    {
      id: 'since',
      title: 'Member',
      by: (one) => one.createdAt,
      cell: (one) => <span title={time(one.createdAt)}>{ago(one.createdAt)}</span>,
    },
    { id: 'seen', title: 'Signed in', by: (one) => one.signedInAt, cell: (one) => (one.signedInAt ? ago(one.signedInAt) : 'never') },
    {
      id: 'remove',
      title: 'Remove',
      hidden: true,
      cell: (one) => (
        <Asking
          label="Remove"
          title={`Remove ${one.email} from the workspace?`}
          act="Remove"
          disabled={act.isPending}
          onAct={() => act.mutate({ member: one, role: null })}
        >
          What they made stays; they see nothing of it from now on.
        </Asking>
      ),
    },
  ];
  return (
    <section className="card stack">
      <h2>Members</h2>
      {act.error ? <Failure error={act.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => <DataTable label="Members" rows={items} columns={columns} rowKey={(one) => one.userId} />}
      </Await>
    </section>
  );
}

function Invitations() {
  const client = useClient();
  const cache = useQueryClient();
  const query = useAll('listInvitations', {});
  const { register, handleSubmit, reset } = useForm<{ email: string; role: Role }>({ defaultValues: { email: '', role: 'viewer' } });
  const refresh = () => cache.invalidateQueries({ queryKey: ['listInvitations'] });
  const invite = useMutation({
    mutationFn: (body: { email: string; role: Role }) => client.call('createInvitation', { body }),
    onSuccess: async () => {
      reset();
      await refresh();
    },
  });
  const takeBack = useMutation({
    mutationFn: (invitationId: string) => client.call('deleteInvitation', { params: { invitationId } }),
    onSuccess: refresh,
  });
  const columns: Column<Invitation>[] = [
    { id: 'email', title: 'E-mail address', by: (one) => one.email, cell: (one) => one.email },
    { id: 'role', title: 'Role', by: (one) => one.role, cell: (one) => one.role },
    { id: 'by', title: 'Invited by', by: (one) => one.invitedBy, cell: (one) => one.invitedBy },
    { id: 'until', title: 'Holds until', by: (one) => one.expiresAt, cell: (one) => time(one.expiresAt) },
    {
      id: 'back',
      title: 'Take back',
      hidden: true,
      cell: (one) => (
        <Asking
          label="Take back"
          title={`Take the invitation of ${one.email} back?`}
          act="Take it back"
          onAct={() => takeBack.mutate(one.id)}
        >
          The link opens nothing any more.
        </Asking>
      ),
    },
  ];
  return (
    <section className="card stack">
      <h2>Invitations</h2>
      <p className="muted">Almanac sends no mail: hand the link to whoever you invite. It is taken once, within seven days.</p>
      <form className="row" style={{ alignItems: 'end' }} onSubmit={(event) => void handleSubmit((given) => invite.mutate(given))(event)}>
        <Field id="invited" label="E-mail address">
          <input id="invited" type="email" required maxLength={254} placeholder="ada@example.org" {...register('email')} />
        </Field>
        <Field id="invited-role" label="Role">
          <select id="invited-role" style={{ width: 'auto' }} {...register('role')}>
            <Options of={MEANS} />
          </select>
        </Field>
        <button type="submit" disabled={invite.isPending}>
          Invite
        </button>
      </form>
      {invite.error ? <Failure error={invite.error} /> : null}
      {takeBack.error ? <Failure error={takeBack.error} /> : null}
      {invite.data && <Secret title={`The link for ${invite.data.email}, shown only now`} secret={invite.data.link} />}
      <Await query={query} height={60}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="muted">Nobody is invited at the moment.</p>
          ) : (
            <DataTable label="Invitations" rows={items} columns={columns} rowKey={(one) => one.id} />
          )
        }
      </Await>
    </section>
  );
}
