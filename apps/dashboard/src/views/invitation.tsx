/** What a link of invitation opens: who invites where, and the way in for a new user, a known one, and one who is signed in. */
import { type InvitationSeen, LEAST_PASSWORD } from '@almanac/contracts';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useNavigate } from 'react-router';
import { time } from '../app/format';
import { anybody, useSession } from '../app/session';
import { Await, Failure, Field } from '../ui/parts';
import { Door, OidcLink, SignInForm } from './signIn';

const MEANS = {
  viewer: 'you can look at everything',
  editor: 'you can upload, train and forecast',
  admin: 'you look after keys and people, too',
};

export function Component() {
  // Behind `#`, where no server sees it; it stays there, so that a reload shows the same.
  const [token] = useState(() => location.hash.slice(1));
  const query = useQuery({
    queryKey: ['seeInvitation', token],
    queryFn: ({ signal }) => anybody.call('seeInvitation', { body: { token } }, signal),
    enabled: token.length >= 20,
  });
  if (token.length < 20)
    return (
      <Door title="Invitation" heading="Invitation">
        <p>The link is not whole: copy all of it into the address bar.</p>
      </Door>
    );
  return (
    <Door title="Invitation" heading={query.data ? `Join ${query.data.workspace}` : 'Invitation'}>
      <Await query={query}>{(seen) => <Seen seen={seen} token={token} />}</Await>
    </Door>
  );
}

function Seen({ seen, token }: { seen: InvitationSeen; token: string }) {
  const { state, signOut } = useSession();
  const user = state?.user;
  return (
    <>
      <p>
        {seen.invitedBy} invites <strong>{seen.email}</strong> to the workspace <strong>{seen.workspace}</strong> as{' '}
        {seen.role === 'viewer' ? 'a' : 'an'} {seen.role}: {MEANS[seen.role]}. The invitation holds until {time(seen.expiresAt)}.
      </p>
      {user && user.email !== seen.email ? (
        <>
          <p>You are signed in as {user.email}.</p>
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </>
      ) : user ? (
        <Join seen={seen} token={token} />
      ) : seen.known ? (
        <SignInForm email={seen.email} />
      ) : (
        <>
          {state?.ways.oidc && (
            <>
              <OidcLink name={state.ways.oidc} />
              <div className="or">or with a password</div>
            </>
          )}
          <NewUser seen={seen} token={token} />
        </>
      )}
    </>
  );
}

/** Where the new member goes. */
function useAccept(seen: InvitationSeen, token: string) {
  const { enter, switchTo, clientOver, state } = useSession();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (given: { name?: string; password?: string }) =>
      (state?.user ? clientOver((...request) => fetch(...request)) : anybody).call('acceptInvitation', { body: { token, ...given } }),
    onSuccess: (next) => {
      enter(next);
      switchTo(seen.workspace);
      void navigate('/overview', { replace: true });
    },
  });
}

function Join({ seen, token }: { seen: InvitationSeen; token: string }) {
  const accept = useAccept(seen, token);
  return (
    <>
      {accept.error ? <Failure error={accept.error} /> : null}
      <button type="button" className="primary" disabled={accept.isPending} onClick={() => accept.mutate({})}>
        Join
      </button>
    </>
  );
}

function NewUser({ seen, token }: { seen: InvitationSeen; token: string }) {
  const accept = useAccept(seen, token);
  const { register, handleSubmit } = useForm({ defaultValues: { name: '', password: '' } });
  return (
    <form className="stack" onSubmit={(event) => void handleSubmit((given) => accept.mutate(given))(event)}>
      <input type="hidden" autoComplete="username" value={seen.email} readOnly />
      <Field id="name" label="Your name">
        <input id="name" autoComplete="name" autoFocus required maxLength={100} {...register('name')} />
      </Field>
      <Field
        id="password"
        label="A password"
        help={`At least ${LEAST_PASSWORD} characters; four words that have nothing to do with each other are good.`}
      >
        <input
          id="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={LEAST_PASSWORD}
          maxLength={200}
          {...register('password')}
        />
      </Field>
      {accept.error ? <Failure error={accept.error} /> : null}
      <button type="submit" className="primary" disabled={accept.isPending}>
        Join
      </button>
    </form>
  );
}
