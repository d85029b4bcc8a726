/** What of the database a backup holds. */
import type { ClientBase } from 'pg';

/**
 * What is true of a moment only: workers and what they hold, who is signed in, answers kept for a repeated request; and logins
 * of the server, which are no rows.
 */
const OF_THE_MOMENT = ['worker', 'lease', 'rate_bucket', 'session', 'sign_in_link', 'sign_in_attempt', 'idempotency_key', 'sql_user'];

export interface BackupTable {
  name: string;
  /** Those that can be written, in the order of their rows' fields. */
  columns: string[];
}

/** In the order of their names. */
export async function tablesOf(client: ClientBase): Promise<BackupTable[]> {
  const { rows } = await client.query<BackupTable>(
    `SELECT c.table_name AS name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
       AND c.table_name <> 'migration' AND c.table_name <> ALL ($1)
     GROUP BY c.table_name ORDER BY c.table_name COLLATE "C"`,
    [OF_THE_MOMENT],
  );
  return rows;
}
