/** What every repository works with: the connection or transaction it is part of, and its workspace. */
import { type DataSource, EntityManager, type EntityTarget, type ObjectLiteral, type QueryRunner, type Repository } from 'typeorm';
import type { PoolClient, QueryResultRow } from 'pg';
import type { Cipher } from '../facade.js';
import type { Acting, HeldKey } from '../records.js';
import type { Listener } from './listener.js';
import { EVERYWHERE, type Scope, scopedRunner, scopedSource, willRollBack } from './scope.js';

export class Context {
  private readonly source: DataSource;
  /** Set inside a transaction. */
  readonly runner: QueryRunner | undefined;

  /** @param scope whose rows its statements see */
  constructor(
    readonly dataSource: DataSource,
    readonly listener: Listener,
    readonly workspaceId: string,
    /** What secrets go through on their way in and out. */
    readonly cipher: Cipher,
    private readonly transactionRunner?: QueryRunner,
    private readonly scope: Scope = { sees: workspaceId, acting: '' },
    /** What waits for the end of the transaction. */
    private readonly waiting?: ((outside: Context) => Promise<unknown>)[],
  ) {
    this.source = scopedSource(dataSource, scope);
    this.runner = transactionRunner && scopedRunner(this.source, transactionRunner, scope);
  }

  private with(workspaceId: string, scope: Partial<Scope>): Context {
    const { dataSource, listener, cipher, transactionRunner, waiting } = this;
    return new Context(dataSource, listener, workspaceId, cipher, transactionRunner, { ...this.scope, ...scope }, waiting);
  }

  /** For the few questions that are about all workspaces: they say so here, and nowhere else. */
  everywhere(): Context {
    return this.with(this.workspaceId, { sees: EVERYWHERE });
  }

  /** In the same transaction, where there is one. */
  of(workspaceId: string): Context {
    return this.with(workspaceId, { sees: workspaceId });
  }

  /** The audit log says of every change that it makes who made it. */
  by({ actor, action, address, requestId }: Acting): Context {
    const acting = { workspace: this.workspaceId, ...actor, action, address, request: requestId };
    return this.with(this.workspaceId, { acting: JSON.stringify(acting) });
  }

  /** What it makes is made under an idempotency key. */
  under(held: HeldKey): Context {
    return this.with(this.workspaceId, { held });
  }

  get held(): HeldKey | undefined {
    return this.scope.held;
  }

  get manager(): EntityManager {
    return this.runner?.manager ?? (this.ownManager ??= new EntityManager(this.source));
  }
  private ownManager: EntityManager | undefined;

  repository<T extends ObjectLiteral>(entity: EntityTarget<T>): Repository<T> {
    return this.manager.getRepository(entity);
  }

  /** Rows of a statement, as pg gives them (bigint comes as text). */
  async query<T extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return this.withClient(async (client) => (await client.query<T>(sql, values as unknown[])).rows);
  }

  /** The bare connection: that of the transaction, or one from the pool for as long as `work` takes. */
  async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    if (this.runner) return work((await this.runner.connect()) as PoolClient);
    const runner = this.source.createQueryRunner();
    try {
      return await work((await runner.connect()) as PoolClient);
    } finally {
      await runner.release();
    }
  }

  /** Joins the transaction it is in, or makes one. */
  async transaction<T>(work: (inside: Context) => Promise<T>): Promise<T> {
    if (this.runner) return work(this);
    const runner = this.source.createQueryRunner();
    const waiting: ((outside: Context) => Promise<unknown>)[] = [];
    let result: T;
    try {
      await runner.startTransaction();
      result = await work(new Context(this.dataSource, this.listener, this.workspaceId, this.cipher, runner, this.scope, waiting));
      await runner.commitTransaction();
    } catch (error) {
      if (runner.isTransactionActive) {
        willRollBack(runner, this.scope);
        await runner.rollbackTransaction().catch(() => undefined);
      }
      throw error;
    } finally {
      await runner.release();
    }
    for (const one of waiting) await one(this);
    return result;
  }

  /** What must not be done before it is certain: once the transaction it is in has been committed, or at once where it is in none. */
  async afterCommit(work: (outside: Context) => Promise<unknown>): Promise<void> {
    if (this.waiting) this.waiting.push(work);
    else await work(this);
  }
}
