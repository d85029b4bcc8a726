/** The first thing seen by whoever is not signed in. */
import { ApiError } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode } from 'react';
import { useForm } from 'react-hook-form';
import { anybody, useSession } from '../app/session';
import { Failure, Field, Title } from '../ui/parts';

/** What an OpenID provider's way back can end with. */
const REFUSALS: Record<string, string> = {
  OIDC_FAILED: 'The provider did not confirm who you are. Try again.',
  OIDC_NOT_INVITED: 'Nobody has invited you yet. Ask an admin of the workspace for an invitation to the address that you have there.',
  OIDC_EMAIL_UNVERIFIED: 'The provider does not say that your e-mail address is yours. Confirm it there, or sign in with a password.',
};

export function SignIn() {
  const { refusal } = useSession();
  return (
    <Door title="Sign in" heading="Almanac">
      {refusal instanceof ApiError ? (
        <Failure error={refusal} />
      ) : (
        refusal && <Refused>{REFUSALS[refusal] ?? REFUSALS['OIDC_FAILED']}</Refused>
      )}
      <SignInForm />
    </Door>
  );
}

/** A card in the middle of an empty page. */
export function Door({ title, heading, children }: { title: string; heading: ReactNode; children: ReactNode }) {
  return (
    <main className="sign-in">
      <Title>{title}</Title>
      <div className="card">
        <div className="row">
          <img src="/icon.svg" alt="" width="30" height="30" />
          <h1>{heading}</h1>
        </div>
        {children}
      </div>
    </main>
  );
}

const Refused = ({ children }: { children: ReactNode }) => (
  <div className="note bad" role="alert">
    <strong>{children}</strong>
  </div>
);

/** @param email whose turn it is, where that is known */
export function SignInForm({ email }: { email?: string }) {
  const { enter, state } = useSession();
  const { register, handleSubmit } = useForm({ defaultValues: { email: email ?? '', password: '' } });
  const signIn = useMutation({
    mutationFn: (given: { email: string; password: string }) => anybody.call('signIn', { body: given }),
    onSuccess: enter,
  });
  const refused = signIn.error instanceof ApiError && signIn.error.code === 'SIGN_IN_REFUSED';
  return (
    <>
      {state?.ways.oidc && (
        <>
          <OidcLink name={state.ways.oidc} />
          <div className="or">or with a password</div>
        </>
      )}
      <form className="stack" onSubmit={(event) => void handleSubmit((given) => signIn.mutate(given))(event)}>
        <Field id="email" label="E-mail address">
          <input
            id="email"
            type="email"
            autoComplete="username"
            autoFocus={email === undefined}
            required
            readOnly={email !== undefined}
            {...register('email')}
          />
        </Field>
        <Field id="password" label="Password" {...(refused ? { wrong: 'The e-mail address or the password is wrong.' } : {})}>
          <input
            id="password"
            type="password"
            autoComplete="current-password"
            autoFocus={email !== undefined}
            required
            {...register('password')}
          />
        </Field>
        {signIn.error && !refused ? <Failure error={signIn.error} /> : null}
        <button type="submit" className="primary" disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
      <p className="small muted">
        {state?.ways.link ? (
          <>
            At the machine that Almanac runs on, <code>npx almanac users link</code> prints a link that signs in.
          </>
        ) : (
          'No account? An admin of the workspace can send you an invitation.'
        )}
      </p>
    </>
  );
}

/** The way to the provider and back to this page. */
export const OidcLink = ({ name }: { name: string }) => (
  <a className="button" href={`/v1/session/oidc?returnTo=${encodeURIComponent(location.pathname + location.search + location.hash)}`}>
    Continue with {name}
  </a>
);
