/** What every repository works with: the connection or transaction it is part of, and its workspace. */
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner, Repository } from 'typeorm';
import type { PoolClient, QueryResultRow } from 'pg';
import type { Cipher } from '../facade.js';
import type { Listener } from './listener.js';

export class Context {
  constructor(
    readonly dataSource: DataSource,
    readonly listener: Listener,
    readonly workspaceId: string,
    /** What secrets go through on their way in and out. */
    readonly cipher: Cipher,
    /** Set inside a transaction. */
    readonly runner?: QueryRunner,
  ) {}

  get manager(): EntityManager {
    return this.runner?.manager ?? this.dataSource.manager;
  }

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
    const runner = this.dataSource.createQueryRunner();
    try {
      return await work((await runner.connect()) as PoolClient);
    } finally {
      await runner.release();
    }
  }

  /** Joins the transaction it is in, or makes one. */
  async transaction<T>(work: (inside: Context) => Promise<T>): Promise<T> {
    if (this.runner) return work(this);
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const result = await work(new Context(this.dataSource, this.listener, this.workspaceId, this.cipher, runner));
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}
