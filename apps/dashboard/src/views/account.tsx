/** The own account: name, password, and where it is signed in. */
import { LEAST_PASSWORD, type Session as OneSession, type User } from '@almanac/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { ago, time } from '../app/format';
import { useCall } from '../app/queries';
import { useClient, useSession } from '../app/session';
import { Asking } from '../ui/confirm';
import { type Column, DataTable } from '../ui/dataTable';
import { Await, Fact, Failure, Field, Page } from '../ui/parts';

export function Component() {
  const { state, signOut } = useSession();
  const user = state?.user;
  if (!user) return null;
  return (
    <Page
      title="Your account"
      actions={
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      }
    >
      <Who user={user} />
      <Password user={user} />
      <Sessions />
    </Page>
  );
}

function Who({ user }: { user: User }) {
  const client = useClient();
  const { state, refresh } = useSession();
  const { register, handleSubmit } = useForm({ defaultValues: { name: user.name } });
  const rename = useMutation({
    mutationFn: ({ name }: { name: string }) => client.call('changeAccount', { body: { name } }),
    onSuccess: refresh,
  });
  return (
    <section className="card stack">
      <h2>Who you are</h2>
      <dl className="facts">
        <Fact name="E-mail address">{user.email}</Fact>
        <Fact name="Signs in by">
          {[user.hasPassword && 'password', user.hasIdentity && (state?.ways.oidc ?? 'OpenID provider')].filter(Boolean).join(', ') ||
            'a link at the machine'}
        </Fact>
        <Fact name="Member of">
          {state?.workspaces.map(({ workspace, role }) => `${workspace} (${role})`).join(', ') || 'no workspace'}
        </Fact>
      </dl>
      <form className="row" style={{ alignItems: 'end' }} onSubmit={(event) => void handleSubmit((given) => rename.mutate(given))(event)}>
        <Field id="name" label="Name">
          <input id="name" autoComplete="name" required maxLength={100} {...register('name')} />
        </Field>
        <button type="submit" disabled={rename.isPending}>
          Save
        </button>
      </form>
      {rename.error ? <Failure error={rename.error} /> : null}
    </section>
  );
}

function Password({ user }: { user: User }) {
  const client = useClient();
  const cache = useQueryClient();
  const { enter } = useSession();
  const { register, handleSubmit, reset } = useForm({ defaultValues: { current: '', password: '' } });
  const change = useMutation({
    mutationFn: ({ current, password }: { current: string; password: string }) =>
      client.call('changePassword', { body: { password, ...(user.hasPassword ? { current } : {}) } }),
    onSuccess: async (state) => {
      enter(state);
      reset();
      await cache.invalidateQueries({ queryKey: ['listSessions'] });
    },
  });
  return (
    <section className="card stack">
      <h2>Password</h2>
      <p className="muted">
        {user.hasPassword
          ? 'With a new password, you are signed out everywhere else.'
          : 'You have none. With one you can sign in from any browser that reaches this Almanac.'}
      </p>
      <form
        className="fields"
        style={{ alignItems: 'end' }}
        onSubmit={(event) => void handleSubmit((given) => change.mutate(given))(event)}
      >
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        {user.hasPassword && (
          <Field id="current" label="Current password">
            <input id="current" type="password" autoComplete="current-password" required {...register('current')} />
          </Field>
        )}
        <Field id="password" label="New password">
          <input
            id="password"
            type="password"
            autoComplete="new-password"
            placeholder={`at least ${LEAST_PASSWORD} characters`}
            required
            minLength={LEAST_PASSWORD}
            maxLength={200}
            {...register('password')}
          />
        </Field>
        <div>
          <button type="submit" disabled={change.isPending}>
            {user.hasPassword ? 'Change it' : 'Set it'}
          </button>
        </div>
      </form>
      {change.error ? <Failure error={change.error} /> : null}
      {change.isSuccess && (
        <p role="status" className="small muted">
          It is changed.
        </p>
      )}
    </section>
  );
}

const BY: Record<OneSession['method'], string> = {
  password: 'password',
  link: 'link',
  oidc: 'OpenID provider',
  invitation: 'invitation',
};

/** A browser in two words; what it sends is long. */
function browserOf(agent: string): string {
  const name = [/Edg/, /Firefox/, /Chrom/, /Safari/].find((one) => one.test(agent))?.source;
  const called = { Edg: 'Edge', Firefox: 'Firefox', Chrom: 'Chrome', Safari: 'Safari' }[name ?? ''];
  const system = /Windows|Mac OS|Android|iPhone|iPad|Linux/.exec(agent)?.[0];
  return [called ?? 'another program', system && `on ${system}`].filter(Boolean).join(' ');
}

function Sessions() {
  const client = useClient();
  const cache = useQueryClient();
  const query = useCall('listSessions', {});
  const end = useMutation({
    mutationFn: (sessionId: string | null) =>
      sessionId === null ? client.call('endOtherSessions', {}) : client.call('endSession', { params: { sessionId } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['listSessions'] }),
  });
  const columns: Column<OneSession>[] = [
    {
      id: 'agent',
      title: 'Browser',
      by: (one) => browserOf(one.agent),
      cell: (one) => (
        <>
          <span title={one.agent}>{browserOf(one.agent)}</span> {one.current && <span className="badge good">this one</span>}
        </>
      ),
    },
    { id: 'address', title: 'From', by: (one) => one.address, cell: (one) => <span className="mono">{one.address}</span> },
    { id: 'method', title: 'By', by: (one) => one.method, cell: (one) => BY[one.method] },
    {
      id: 'made',
      title: 'Since',
      by: (one) => one.createdAt,
      cell: (one) => <span title={time(one.createdAt)}>{ago(one.createdAt)}</span>,
    },
    { id: 'seen', title: 'Last used', by: (one) => one.seenAt, cell: (one) => ago(one.seenAt) },
    { id: 'until', title: 'Ends', by: (one) => one.expiresAt, cell: (one) => time(one.expiresAt) },
    {
      id: 'end',
      title: 'End it',
      hidden: true,
      cell: (one) =>
        one.current ? null : (
          <Asking label="End" needs="read" title="End this session?" act="End it" disabled={end.isPending} onAct={() => end.mutate(one.id)}>
            Whoever uses it has to sign in again.
          </Asking>
        ),
    },
  ];
  return (
    <section className="card stack">
      <h2>Where you are signed in</h2>
      {end.error ? <Failure error={end.error} /> : null}
      <Await query={query} height={80}>
        {({ items }) => (
          <>
            <DataTable label="Sessions" rows={items} columns={columns} rowKey={(one) => one.id} />
            {items.length > 1 && (
              <div>
                <Asking
                  label="End all others"
                  needs="read"
                  compact={false}
                  title="End all other sessions?"
                  act="End them"
                  onAct={() => end.mutate(null)}
                />
              </div>
            )}
          </>
        )}
      </Await>
    </section>
  );
}
