/** Binary rows in, binary rows out, over one connection. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg, { type ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { copiedRows, type CopyRows, type Field } from './binary.js';

const SLICE_BYTES = 1 << 18;

/**
 * Into a table with a policy, which COPY refuses to whom it holds for: the transaction puts the login on for this statement, and
 * the rows say themselves whose they are.
 * @param client within a transaction
 */
export async function copyInAsOwner(client: ClientBase, into: string, rows: CopyRows): Promise<void> {
  const { rows: before } = await client.query<{ role: string }>('SELECT current_user AS role');
  await client.query('SET LOCAL ROLE NONE');
  await copyIn(client, into, rows);
  await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(before[0]!.role)}`);
}

export async function copyIn(client: ClientBase, into: string, rows: CopyRows): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${into} FROM STDIN (FORMAT binary)`));
  await pipeline(Readable.from(slices(rows.finish())), stream);
}

function* slices(buffer: Buffer): Generator<Buffer, void> {
  for (let at = 0; at < buffer.length; at += SLICE_BYTES) yield buffer.subarray(at, at + SLICE_BYTES);
}

/** @param sql without parameters: COPY takes none */
export async function* copyOut(client: ClientBase, sql: string): AsyncGenerator<Field[][], void> {
  const stream = client.query(copyTo(`COPY (${sql}) TO STDOUT (FORMAT binary)`));
  yield* copiedRows(stream);
}

/** All rows at once, for small answers. @param sql see `copyOut` */
export async function copyOutAll(client: ClientBase, sql: string): Promise<Field[][]> {
  const all: Field[][] = [];
  for await (const rows of copyOut(client, sql)) all.push(...rows);
  return all;
}

/** An SQL literal of whole numbers, for statements that take no parameters. */
export function literal(numbers: readonly number[], type: 'bigint' | 'smallint' | 'integer'): string {
  if (!numbers.every(Number.isSafeInteger)) throw new RangeError('not a whole number');
  return `'{${numbers.join(',')}}'::${type}[]`;
}
