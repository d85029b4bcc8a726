/**
 * Appends of a few rows would be a file each: thousands in a month. They lie in the row of their upload until there are `PACKED` of
 * them, and then become one file together, a line each.
 *
 * Invariants: whoever is killed in between leaves what the next one finishes. An upload names its file before the file is there,
 * and keeps its content until it is; so whoever erases it meanwhile knows the file, and no file comes to be that no upload names.
 */
import { createHash } from 'node:crypto';
import type { Context } from '../postgres/context.js';
import { holdObject } from './erasures.js';

/** The object key of what lies in the row. */
export const INLINE = 'inline';
const PACKED = 200;

interface Pending {
  workspaceId: string;
  dataset: string;
}

interface Row {
  id: string;
  content: Buffer;
}

/** @returns how many files were made */
export async function packAppends(context: Context, put: (content: Buffer) => Promise<unknown>): Promise<number> {
  const all = context.everywhere();
  const pending = await all.query<Pending & Record<string, unknown>>(
    `SELECT workspace_id AS "workspaceId", mapping ->> 'dataset' AS dataset FROM upload
     WHERE content IS NOT NULL AND object_key = $1 GROUP BY 1, 2 HAVING count(*) >= $2`,
    [INLINE, PACKED],
  );
  for (const one of pending) while (await name(all, one));
  const named = await all.query<{ key: string }>(
    'SELECT DISTINCT object_key AS key FROM upload WHERE content IS NOT NULL AND object_key <> $1',
    [INLINE],
  );
  let made = 0;
  for (const { key } of named) if (await make(all, key, put)) made += 1;
  return made;
}

/** The oldest get the name of the file that they will be. */
function name(all: Context, { workspaceId, dataset }: Pending): Promise<boolean> {
  return all.transaction(async (inside) => {
    // Whoever erases the dataset or the workspace has listed its files before this, or does after it. Who is storing an upload is let be.
    const held = await inside.query(
      `SELECT 1 FROM dataset d JOIN workspace w ON w.id = d.workspace_id WHERE d.workspace_id = $1 AND d.name = $2
       FOR NO KEY UPDATE OF d SKIP LOCKED`,
      [workspaceId, dataset],
    );
    if (held.length === 0 || (await inside.query('SELECT 1 FROM workspace WHERE id = $1 FOR KEY SHARE', [workspaceId])).length === 0)
      return false;
    const rows = await inside.query<Row & Record<string, unknown>>(
      `SELECT id, content FROM upload WHERE workspace_id = $1 AND mapping ->> 'dataset' = $2 AND content IS NOT NULL AND object_key = $3
       ORDER BY id LIMIT $4`,
      [workspaceId, dataset, INLINE, PACKED],
    );
    if (rows.length < PACKED) return false;
    const key = keyOf(fileOf(rows));
    await holdObject(inside, key);
    await inside.query('UPDATE upload SET object_key = $2 WHERE id = ANY ($1::uuid[])', [rows.map(({ id }) => id), key]);
    return true;
  });
}

/** Writes the file, unless its uploads were erased meanwhile: all of them are, or none. */
function make(all: Context, key: string, put: (content: Buffer) => Promise<unknown>): Promise<boolean> {
  return all.transaction(async (inside) => {
    await holdObject(inside, key);
    const rows = await inside.query<Row & Record<string, unknown>>(
      'SELECT id, content FROM upload WHERE object_key = $1 AND content IS NOT NULL ORDER BY id FOR UPDATE',
      [key],
    );
    if (rows.length === 0) return false;
    const file = fileOf(rows);
    if (keyOf(file) !== key) throw new Error(`The appends of the file ${key} are not what it was named for.`);
    await put(file);
    await inside.query('UPDATE upload SET content = NULL WHERE id = ANY ($1::uuid[])', [rows.map(({ id }) => id)]);
    return true;
  });
}

const fileOf = (rows: readonly Row[]): Buffer => Buffer.concat(rows.flatMap(({ content }) => [content, Buffer.from('\n')]));
const keyOf = (file: Buffer): string => createHash('sha256').update(file).digest('hex');
