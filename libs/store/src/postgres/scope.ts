/**
 * Tells each connection whose rows it is about to see, and who acts, for the audit log. A connection of the pool keeps what was
 * set last, so an installation with one workspace tells each connection that only reads once.
 *
 * Invariant: no statement of a repository runs before its connection was given the workspace of its context, or `EVERYWHERE`
 * by a context that says so, and who acts in it.
 */
import { type DataSource, EntityManager, type QueryRunner } from 'typeorm';
import type { PoolClient } from 'pg';
import type { HeldKey } from '../records.js';

/** What the operator's few statements about all workspaces say. */
export const EVERYWHERE = '*';

export interface Scope {
  /** Whose rows are seen: one workspace, or `EVERYWHERE`. */
  readonly sees: string;
  /** Who acts, as the triggers of the audit log read it; empty: nobody in particular. */
  readonly acting: string;
  /** The idempotency key of the request, where it has one: a run that is made is noted beside it. */
  readonly held?: HeldKey;
}

const scopeOf = new WeakMap<PoolClient, Scope>();
const taken = new WeakMap<QueryRunner, PoolClient>();

async function tell(client: PoolClient, scope: Scope): Promise<PoolClient> {
  const last = scopeOf.get(client);
  if (last?.sees !== scope.sees || last.acting !== scope.acting) {
    await client.query(`SELECT set_config('almanac.workspace', $1, false), set_config('almanac.acting', $2, false)`, [
      scope.sees,
      scope.acting,
    ]);
    scopeOf.set(client, scope);
  }
  return client;
}

/** The same pool; what is taken from it sees one workspace. */
export function scopedSource(source: DataSource, scope: Scope): DataSource {
  const scoped = Object.create(source) as DataSource;
  scoped.createQueryRunner = (mode) => {
    const runner = source.createQueryRunner(mode);
    const connect = runner.connect.bind(runner);
    runner.connect = async () => {
      const client = (await connect()) as PoolClient;
      taken.set(runner, client);
      return tell(client, scope);
    };
    return runner;
  };
  return scoped;
}

/** The connection of a transaction that another workspace began. */
export function scopedRunner(source: DataSource, runner: QueryRunner, scope: Scope): QueryRunner {
  const scoped = Object.create(runner) as QueryRunner & { manager: EntityManager };
  scoped.connect = async () => tell((await runner.connect()) as PoolClient, scope);
  Object.defineProperty(scoped, 'manager', { value: new EntityManager(source, scoped) });
  return scoped;
}

/**
 * Before a rollback, which makes the setting again what it was when the transaction began; nothing can be asked until then.
 * @param scope of the context that began it
 */
export function willRollBack(runner: QueryRunner, scope: Scope): void {
  const client = taken.get(runner);
  if (client) scopeOf.set(client, scope);
}
