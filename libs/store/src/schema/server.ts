/**
 * Whether a PostgreSQL server, and what may stand before it, can be worked with.
 *
 * A pooler that gives a connection's statements to whichever server is free (PgBouncer with `pool_mode = transaction`) is
 * refused: the workspace that a connection sees, locks and LISTEN belong to a session, and with it rows of another workspace would be
 * seen. One that lends a server for as long as a client is connected (`session`) does as well as the server itself.
 */
import type pg from 'pg';
import type { ClientBase } from 'pg';
import { AlmanacError } from '@almanac/series';

export const OLDEST_SERVER = 15;
/** The newest that tests run on. */
export const NEWEST_SERVER = 18;
/** Others may take the server in between, so one look is not enough to find that it is shared. */
const LOOKS = 5;

export interface Server {
  /** e.g. 18.4 */
  version: string;
  major: number;
  /** Something stands between, which does not pass on all that a client says as it connects. */
  pooled: boolean;
}

/** @param connect to the same address, for a second connection @throws AlmanacError POSTGRES_TOO_OLD, POOLER_TRANSACTION_MODE */
export async function inspectServer(client: ClientBase, connect: () => Promise<pg.Client>): Promise<Server> {
  const { rows } = await client.query<{ version: string; no: string; pid: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS no, pg_backend_pid() AS pid`,
  );
  const { version, no, pid } = rows[0]!;
  const major = Math.floor(Number(no) / 10_000);
  if (major < OLDEST_SERVER)
    throw new AlmanacError(
      'POSTGRES_TOO_OLD',
      `The server is PostgreSQL ${version.split(' ')[0]}; Almanac needs ${OLDEST_SERVER} or later.`,
      {
        hint: `Upgrade the server to a version from ${OLDEST_SERVER} to ${NEWEST_SERVER}, or unset DATABASE_URL to use the one that comes with Almanac.`,
        subject: { version },
        status: 500,
      },
    );
  // A pooler gives its clients numbers of its own.
  const pooled = (client as unknown as { processID: number | null }).processID !== pid;
  if (pooled) await refuseSharing(connect);
  return { version: version.split(' ')[0]!, major, pooled };
}

async function refuseSharing(connect: () => Promise<pg.Client>): Promise<void> {
  const clients = [await connect(), await connect()];
  const pidOf = async (client: pg.Client): Promise<number> =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
  try {
    for (let look = 0; look < LOOKS; look++) {
      const [first, second] = [await pidOf(clients[0]!), await pidOf(clients[1]!)];
      if (first !== second && first === (await pidOf(clients[0]!))) continue;
      throw new AlmanacError('POOLER_TRANSACTION_MODE', 'The pooler at DATABASE_URL shares a connection of the server among clients.', {
        hint: 'Set pool_mode = session for the database of Almanac in PgBouncer, or connect to the server itself; Almanac has a pool of its own.',
        status: 500,
      });
    }
  } finally {
    for (const client of clients) await client.end();
  }
}
