/** What pg-boss does not keep of a job: its progress, and the wish that it stop. */
import type { PgBoss } from 'pg-boss';
import type { JobNotes } from './delivery.js';

/** Of pg-boss, and of what stands beside its tables. */
export const SCHEMA = 'job_queue';
export type Db = ReturnType<PgBoss['getDb']>;

export async function createNotes(db: Db): Promise<void> {
  // Under a lock: of two programs that start at once, "if not exists" lets both try, and one fails.
  await db.executeSql(
    `do $$ begin
       perform pg_advisory_xact_lock(hashtext('${SCHEMA}.job_note'));
       create table if not exists ${SCHEMA}.job_note (
         id uuid primary key, progress jsonb, cancel_asked boolean not null default false, written_at timestamptz not null default now());
     end $$`,
  );
}

export function postgresNotes(db: Db): JobNotes {
  const table = `${SCHEMA}.job_note`;
  return {
    async setProgress(id, progress) {
      await db.executeSql(
        `insert into ${table} (id, progress) values ($1, $2) on conflict (id) do update set progress = excluded.progress, written_at = now()`,
        [id, JSON.stringify(progress)],
      );
    },
    async progress(id) {
      const { rows } = await db.executeSql(`select progress from ${table} where id = $1`, [id]);
      return ((rows[0] as { progress: Record<string, unknown> | null } | undefined)?.progress ?? undefined) as
        Record<string, unknown> | undefined;
    },
    async askToCancel(id) {
      await db.executeSql(
        `insert into ${table} (id, cancel_asked) values ($1, true) on conflict (id) do update set cancel_asked = true, written_at = now()`,
        [id],
      );
    },
    async isCancelAsked(id) {
      const { rows } = await db.executeSql(`select 1 from ${table} where id = $1 and cancel_asked`, [id]);
      return rows.length > 0;
    },
    async forget(id) {
      await db.executeSql(`delete from ${table} where id = $1`, [id]);
    },
  };
}
