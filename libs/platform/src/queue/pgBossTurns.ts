/**
 * Whose job is next. Groups take turns by numbers (start-time fair queueing, Goyal et al. 1996): a job's number follows the last of
 * its own group, or the highest that was served where the group had none waiting; the lowest goes next. So a job never waits for more
 * than one of each other group before it. Within a priority of ours, pg-boss's own priority is that number.
 */
import { type Db, SCHEMA } from './pgBossNotes.js';
import type { EnqueueOptions } from './queue.js';

const TURNS = `${SCHEMA}.job_turn`;
/** Beside the groups in the table of turns: the highest number that was served, and jobs of no group. */
const ANYBODY = '*';
const NOBODY = '-';
/** Eleven priorities of so many turns fill the 31 bits of pg-boss's. */
const TURNS_OF_A_PRIORITY = 190_000_000;

/** Numbers begin anew where a queue starts empty. */
export async function createTurns(db: Db): Promise<void> {
  await db.executeSql(
    `do $$ begin
       perform pg_advisory_xact_lock(hashtext('${TURNS}'));
       create table if not exists ${TURNS} (name text, whose text, last integer not null, primary key (name, whose));
       delete from ${TURNS} t where not exists
         (select 1 from ${SCHEMA}.job where job.name = t.name and state in ('created', 'retry', 'active'));
     end $$`,
  );
}

/**
 * Numbers of jobs, by their ids.
 * @param again whether those that are there already get another
 */
export async function takeTurns(
  db: Db,
  name: string,
  group: string | null | undefined,
  ids: readonly string[],
  again = false,
): Promise<Map<string, number>> {
  const { rows } = await db.executeSql(
    `with fresh as (select id, no from unnest($3::uuid[]) with ordinality as asked(id, no)
         where $4 or not exists (select 1 from ${SCHEMA}.job where name = $1 and job.id = asked.id)),
       served as (select coalesce((select last from ${TURNS} where name = $1 and whose = '${ANYBODY}'), 0) as last),
       taken as (insert into ${TURNS} as t (name, whose, last)
         select $1, $2, served.last + (select count(*) from fresh) from served where exists (select 1 from fresh)
         on conflict (name, whose) do update set last = greatest(t.last, (select last from served)) + (select count(*) from fresh)
         returning last)
     select fresh.id, taken.last - (row_number() over (order by fresh.no desc))::int + 1 as turn from fresh, taken`,
    [name, group ?? NOBODY, ids, again],
  );
  return new Map(rows.map((row: { id: string; turn: number }) => [row.id, row.turn]));
}

export async function turnCame(db: Db, name: string, turn: number): Promise<void> {
  await db.executeSql(
    `insert into ${TURNS} as t (name, whose, last) values ($1, '${ANYBODY}', $2)
     on conflict (name, whose) do update set last = greatest(t.last, excluded.last)`,
    [name, turn],
  );
}

/** pg-boss serves the highest first. */
export const priorityOf = (priority: EnqueueOptions['priority'] = 0, turn: number): number => priority * TURNS_OF_A_PRIORITY - turn;
const unturned = (priority: number): number => Math.ceil(priority / TURNS_OF_A_PRIORITY);
export const turnOf = (priority: number): number => unturned(priority) * TURNS_OF_A_PRIORITY - priority;
/** The same priority of ours, with another turn. */
export const inTurn = (priority: number, turn: number): number => priorityOf(unturned(priority), turn);
