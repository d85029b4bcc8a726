/** The first thing seen without a key. */
import { ApiError } from '@almanac/contracts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { clientFor, useSession } from '../app/session';
import { Failure, Field } from '../ui/parts';

export function SignIn() {
  const { signIn } = useSession();
  const [key, setKey] = useState('');
  const check = useMutation({
    mutationFn: (candidate: string) => clientFor(candidate).call('listDatasets', { query: { limit: 1 } }),
    onSuccess: (_, candidate) => signIn(candidate),
  });
  const refused = check.error instanceof ApiError && check.error.problem.status === 401;
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          check.mutate(key.trim());
        }}
      >
        <div className="row">
          <img src="/icon.svg" alt="" width="30" height="30" />
          <h1>Almanac</h1>
        </div>
        <Field
          id="key"
          label="API key"
          help="npm start prints it at the first start, and keeps it in connection.json in the data folder."
          {...(refused ? { wrong: 'This key opens nothing. Has it been revoked?' } : {})}
        >
          <input
            id="key"
            type="password"
            autoComplete="current-password"
            autoFocus
            required
            placeholder="alm_…"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        {check.error && !refused ? <Failure error={check.error} /> : null}
        <button type="submit" className="primary" disabled={check.isPending}>
          {check.isPending ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
