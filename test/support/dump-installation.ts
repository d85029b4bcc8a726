/** `node test/support/dump-installation.ts DATABASE_URL OBJECTS_FOLDER TARGET`: an installation as a fixture; see installation.ts. */
import { cpSync, createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';

/** Tables of schema `public` with the columns that can be written (no generated ones). */
const TABLES = `
  SELECT c.table_name AS "table", array_agg(quote_ident(c.column_name) ORDER BY c.ordinal_position)::text[] AS columns
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' AND c.table_name <> 'migration'
  GROUP BY c.table_name ORDER BY c.table_name`;

const [databaseUrl, objects, target] = process.argv.slice(2);
if (databaseUrl === undefined || objects === undefined || target === undefined)
  throw new Error('Usage: node test/support/dump-installation.ts DATABASE_URL OBJECTS_FOLDER TARGET');
const write = (file: string, rows: unknown): void => writeFileSync(join(target, file), `${JSON.stringify(rows, null, 2)}\n`);

mkdirSync(join(target, 'tables'), { recursive: true });
const client = new pg.Client({ connectionString: databaseUrl });
await client.connect();
try {
  write('migrations.json', (await client.query('SELECT name, sha256 FROM migration ORDER BY name')).rows);
  const { rows: tables } = await client.query<{ table: string; columns: string[] }>(TABLES);
  for (const { table, columns } of tables) {
    const { rows } = await client.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM "${table}") AS some`);
    if (!rows[0]?.some) continue;
    const sql = `COPY "${table}" (${columns.join(', ')}) TO STDOUT (FORMAT text, HEADER)`;
    await pipeline(client.query(copyTo(sql)), createWriteStream(join(target, 'tables', `${table}.copy`)));
  }
  const sequences = `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL`;
  write('sequences.json', (await client.query(sequences)).rows);
} finally {
  await client.end();
}
cpSync(objects, join(target, 'objects'), { recursive: true });
