/** Who is signed in: the API key, kept in this browser, and the client that carries it. */
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';

const STORAGE = 'almanac.key';

/** `#key=…` signs in and leaves the address at once, so that it is not bookmarked or shared. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return;
  localStorage.setItem(STORAGE, key);
  history.replaceState(null, '', location.pathname + location.search);
}

interface Session {
  client: AlmanacClient | undefined;
  signIn(key: string): void;
  signOut(): void;
}

const SessionContext = createContext<Session | undefined>(undefined);

export const clientFor = (apiKey: string): AlmanacClient =>
  createClient({ baseUrl: location.origin, apiKey, fetch: (...request) => fetch(...request) });

export function SessionProvider({ children }: { children: ReactNode }) {
  const [key, setKey] = useState(() => localStorage.getItem(STORAGE));
  const cache = useQueryClient();
  const session = useMemo<Session>(
    () => ({
      client: key ? clientFor(key) : undefined,
      signIn(next) {
        localStorage.setItem(STORAGE, next);
        setKey(next);
      },
      signOut() {
        localStorage.removeItem(STORAGE);
        cache.clear();
        setKey(null);
      },
    }),
    [key, cache],
  );
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
