/**
 * Who is signed in: the API key, kept in this browser, and the client that carries it. A key opens one workspace; the keys of
 * the others that this browser has seen are kept beside it, to switch between them.
 */
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';

const STORAGE = 'almanac.key';
const KEYS = 'almanac.keys';

const storedKeys = (): Record<string, string> => JSON.parse(localStorage.getItem(KEYS) ?? '{}') as Record<string, string>;

/** `#key=…` signs in and leaves the address at once, so that it is not bookmarked or shared. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return;
  localStorage.setItem(STORAGE, key);
  history.replaceState(null, '', location.pathname + location.search);
}

interface Session {
  client: AlmanacClient | undefined;
  /** The same, over another `fetch`. */
  clientOver(own: typeof fetch): AlmanacClient;
  /** Workspaces that this browser has a key of. */
  workspaces: string[];
  signIn(key: string): void;
  /** Notes which workspace a key opens; that of the one who is signed in unless given. */
  remember(workspace: string, key?: string): void;
  switchTo(workspace: string): void;
  forget(workspace: string): void;
  signOut(): void;
}

const SessionContext = createContext<Session | undefined>(undefined);

export const clientFor = (apiKey: string, own: typeof fetch = (...request) => fetch(...request)): AlmanacClient =>
  createClient({ baseUrl: location.origin, apiKey, fetch: own });

export function SessionProvider({ children }: { children: ReactNode }) {
  const [key, setKey] = useState(() => localStorage.getItem(STORAGE));
  const [keys, setKeys] = useState(storedKeys);
  const cache = useQueryClient();
  const session = useMemo<Session>(() => {
    const keep = (next: Record<string, string>): void => {
      localStorage.setItem(KEYS, JSON.stringify(next));
      setKeys(next);
    };
    const session: Session = {
      client: key ? clientFor(key) : undefined,
      clientOver: (own) => clientFor(key ?? '', own),
      workspaces: Object.keys(keys).sort(),
      signIn(next) {
        localStorage.setItem(STORAGE, next);
        cache.clear();
        setKey(next);
      },
      remember(workspace, own = key ?? '') {
        if (keys[workspace] !== own) keep({ ...keys, [workspace]: own });
      },
      switchTo(workspace) {
        const next = keys[workspace];
        if (next !== undefined) session.signIn(next);
      },
      forget(workspace) {
        keep(Object.fromEntries(Object.entries(keys).filter(([name]) => name !== workspace)));
      },
      signOut() {
        localStorage.removeItem(STORAGE);
        keep({});
        cache.clear();
        setKey(null);
      },
    };
    return session;
  }, [key, keys, cache]);
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
  if (!client) throw new Error('No key.');
  return client;
}
