/**
 * Who is signed in. The session itself is a cookie that no script reads; what is kept here is what the API says of it, and in this
 * browser only which workspace was looked at last. Each tab is in one workspace and names it with every request, so that a
 * switch in one tab never turns what another does.
 */
import { type AlmanacClient, ApiError, createClient, type Role, type Scope, SCOPE_OF_ROLE, type SessionState } from '@almanac/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';

const WORKSPACE = 'almanac.workspace';
export const SESSION_KEY = ['getSession'] as const;

/** For whoever has not signed in yet; the cookie goes along all the same. */
export const anybody = createClient({ baseUrl: location.origin, fetch: (...request) => fetch(...request) });

/** `#link=…` signs in, `#failed=…` says why it did not; either leaves the address at once, so that it is not bookmarked or shared. */
function takeFromAddress(name: 'link' | 'failed'): string | undefined {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (!value) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return value;
}
let link = takeFromAddress('link');
const failed = takeFromAddress('failed');

interface Asked {
  state: SessionState;
  /** Why nobody is signed in who wanted to be. */
  refusal: ApiError | string | undefined;
}

async function ask(): Promise<Asked> {
  const token = link;
  link = undefined;
  let refusal: Asked['refusal'] = failed;
  if (token !== undefined) {
    try {
      return { state: await anybody.call('signInByLink', { body: { token } }), refusal: undefined };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refusal = error;
    }
  }
  return { state: await anybody.call('getSession', {}), refusal };
}

export interface Session {
  /** Undefined until the API has said it. */
  state: SessionState | undefined;
  error: unknown;
  refusal: Asked['refusal'];
  /** Undefined where nobody is signed in. */
  client: AlmanacClient | undefined;
  /** The same, over another `fetch`. */
  clientOver(own: typeof fetch): AlmanacClient;
  workspace: string | undefined;
  role: Role | undefined;
  switchTo(workspace: string): void;
  /** After signing in, or a change of the own account. */
  enter(state: SessionState): void;
  /** Asks the API again who is signed in. */
  refresh(): Promise<void>;
  signOut(): Promise<void>;
}

const SessionContext = createContext<Session | undefined>(undefined);
const ordinary: typeof fetch = (...request) => fetch(...request);

export function SessionProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [chosen, choose] = useState(() => sessionStorage.getItem(WORKSPACE) ?? localStorage.getItem(WORKSPACE));
  const { data, error } = useQuery({ queryKey: SESSION_KEY, queryFn: ask, staleTime: Infinity });
  const session = useMemo<Session>(() => {
    const state = data?.state;
    const here = state?.workspaces.find(({ workspace }) => workspace === chosen) ?? state?.workspaces[0];
    const clientOver = (own: typeof fetch): AlmanacClient =>
      createClient({
        baseUrl: location.origin,
        session: { csrfToken: state?.csrfToken ?? '', ...(here && { workspace: here.workspace }) },
        fetch: own,
      });
    const forget = (): void => cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
    const enter = (next: SessionState): void => {
      if (next.user?.id !== state?.user?.id) forget();
      cache.setQueryData<Asked>(SESSION_KEY, { state: next, refusal: undefined });
    };
    const refresh = async (): Promise<void> => enter(await anybody.call('getSession', {}));
    return {
      state,
      error: data ? undefined : error,
      refusal: data?.refusal,
      client: state?.user ? clientOver(ordinary) : undefined,
      clientOver,
      workspace: here?.workspace,
      role: here?.role,
      switchTo(workspace) {
        sessionStorage.setItem(WORKSPACE, workspace);
        localStorage.setItem(WORKSPACE, workspace);
        forget();
        choose(workspace);
      },
      enter,
      refresh,
      async signOut() {
        await clientOver(ordinary).call('signOut', {});
        sessionStorage.removeItem(WORKSPACE);
        localStorage.removeItem(WORKSPACE);
        await refresh();
      },
    };
  }, [data, error, chosen, cache]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside SessionProvider');
  return session;
}

/** The client of a signed-in view; the shell draws no view before that. */
export function useClient(): AlmanacClient {
  const { client } = useSession();
  if (!client) throw new Error('Nobody is signed in.');
  return client;
}

const RANK: readonly Scope[] = ['read', 'write', 'admin'];

/** Whether the role in this workspace includes a scope. */
export function useMay(scope: Scope): boolean {
  const { role } = useSession();
  return role !== undefined && RANK.indexOf(SCOPE_OF_ROLE[role]) >= RANK.indexOf(scope);
}
