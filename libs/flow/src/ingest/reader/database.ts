/**
 * DuckDB in a sandbox: it can read one file and its own scratch folder, reaches no network, installs nothing, and cannot
 * change any of that. A sort that outgrows its memory goes to the scratch folder.
 */
import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api';

export interface Limits {
  /** Of the process; DuckDB takes half of it, and what it does not count itself has the other. */
  memoryMb: number;
  threads: number;
  /** Of the scratch folder; without it, what the disk has. */
  scratchMb?: number;
}

export class Database {
  private constructor(private readonly connection: DuckDBConnection) {}

  static async open(file: string, scratch: string, limits: Limits): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(limits.threads),
      memory_limit: `${Math.ceil(limits.memoryMb / 2)}MB`,
      temp_directory: scratch,
      ...(limits.scratchMb === undefined ? {} : { max_temp_directory_size: `${limits.scratchMb}MB` }),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const database = new Database(await instance.connect());
    for (const statement of [
      `SET TimeZone = 'UTC'`,
      `SET allowed_paths = [${literal(file)}]`,
      `SET enable_external_access = false`,
      `SET lock_configuration = true`,
    ]) {
      await database.run(statement);
    }
    return database;
  }

  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /** All rows of a small answer. */
  async rows<T extends Record<string, Json>>(sql: string): Promise<T[]> {
    return (await this.connection.runAndReadAll(sql)).getRowObjectsJson() as T[];
  }

  /** The one row of an answer that always has one. */
  async one<T extends Record<string, Json>>(sql: string): Promise<T> {
    return (await this.rows<T>(sql))[0]!;
  }

  /**
   * The columns of a large answer, INTEGER or DOUBLE and without nulls, chunk by chunk.
   * The arrays are only valid until the next chunk is asked for.
   */
  async *stream(sql: string): AsyncGenerator<{ rows: number; columns: (Int32Array | Float64Array)[] }> {
    const result = await this.connection.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      // The arrays behind the vectors: DuckDB's own types hide them and offer only one value at a time.
      const columns = Array.from(
        { length: chunk.columnCount },
        (_, index) => (chunk.getColumnVector(index) as unknown as { items: Int32Array | Float64Array }).items,
      );
      yield { rows: chunk.rowCount, columns };
    }
  }

  close(): void {
    this.connection.closeSync();
  }
}

/** Whether it was memory or disk that something failed for, and not what it was about. */
export function isOutOfRoom(cause: unknown): boolean {
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    if (OUT_OF_ROOM.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`)) return true;
  }
  return false;
}

const OUT_OF_ROOM =
  /out of memory|could not allocate|failed to allocate|bad alloc|Z_MEM_ERROR|ENOMEM|no space left|ENOSPC|max_temp_directory_size/i;

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
