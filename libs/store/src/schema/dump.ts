/** The schema as SQL, read from the catalog and in a stable order, for `database/schema.sql`. */
import type { ClientBase } from 'pg';

const RELATIONS = `
  SELECT c.oid, c.relname AS name, c.relkind AS kind, c.relpersistence = 'u' AS unlogged, c.relrowsecurity AS secured, c.reloptions AS options, obj_description(c.oid) AS comment,
    CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid, true) END AS view
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
  ORDER BY c.relkind, c.relname COLLATE "C"`;
const COLUMNS = `
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, a.attidentity AS identity,
    a.attstorage AS storage, t.typstorage AS usual, pg_get_expr(d.adbin, d.adrelid) AS "default",
    CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(collname) FROM pg_collation WHERE oid = a.attcollation) END AS collation,
    col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`;
// Not-null constraints have names since version 18; the columns say as much.
const CONSTRAINTS = `
  SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
  WHERE conrelid = $1 AND contype IN ('p', 'u', 'f', 'c') ORDER BY contype DESC, conname COLLATE "C"`;
const INDEXES = `
  SELECT pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
  WHERE i.indrelid = $1 AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
  ORDER BY 1`;
const TRIGGERS = `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal ORDER BY 1`;
const POLICIES = `
  SELECT format('CREATE POLICY %I ON %s USING (%s);', polname, polrelid::regclass, pg_get_expr(polqual, polrelid)) AS definition
  FROM pg_policy WHERE polrelid = $1 ORDER BY polname`;
const FUNCTIONS = `
  SELECT pg_get_functiondef(oid) AS definition FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname`;

interface Relation {
  oid: number;
  name: string;
  kind: 'r' | 'v';
  unlogged: boolean;
  secured: boolean;
  options: string[] | null;
  comment: string | null;
  view: string | null;
}

interface Column {
  name: string;
  type: string;
  required: boolean;
  identity: string;
  storage: string;
  usual: string;
  default: string | null;
  collation: string | null;
  comment: string | null;
}

const STORAGE: Record<string, string> = { p: 'PLAIN', e: 'EXTERNAL', m: 'MAIN', x: 'EXTENDED' };

export async function dumpSchema(client: ClientBase): Promise<string> {
  const parts = ['-- The schema after every migration. Written by `npm run db:dump`; a test compares it with the migrations.'];
  const { rows: functions } = await client.query<{ definition: string }>(FUNCTIONS);
  const { rows: relations } = await client.query<Relation>(RELATIONS);
  for (const relation of relations) {
    parts.push(
      relation.kind === 'v'
        ? `CREATE VIEW ${relation.name}${options(relation)} AS\n${relation.view!.trim()}`
        : await table(client, relation),
    );
    if (relation.comment !== null)
      parts.push(`COMMENT ON ${relation.kind === 'v' ? 'VIEW' : 'TABLE'} ${relation.name} IS ${quote(relation.comment)};`);
  }
  for (const { definition } of functions) parts.push(`${definition.trim()};`);
  return `${parts.join('\n\n')}\n`;
}

async function table(client: ClientBase, relation: Relation): Promise<string> {
  const list = async (sql: string): Promise<{ name: string; definition: string }[]> =>
    (await client.query<{ name: string; definition: string }>(sql, [relation.oid])).rows;
  const { rows: columns } = await client.query<Column>(COLUMNS, [relation.oid]);
  const constraints = await list(CONSTRAINTS);
  const lines = [...columns.map(columnLine), ...constraints.map(({ name, definition }) => `CONSTRAINT ${name} ${definition}`)];
  return [
    `CREATE ${relation.unlogged ? 'UNLOGGED ' : ''}TABLE ${relation.name} (\n  ${lines.join(',\n  ')}\n)${options(relation)};`,
    ...columns
      .filter((column) => column.storage !== column.usual)
      .map((column) => `ALTER TABLE ${relation.name} ALTER COLUMN ${column.name} SET STORAGE ${STORAGE[column.storage]};`),
    ...(await list(INDEXES)).map(({ definition }) => `${definition};`),
    ...(relation.secured ? [`ALTER TABLE ${relation.name} ENABLE ROW LEVEL SECURITY;`] : []),
    ...(await list(POLICIES)).map(({ definition }) => definition),
    ...(await list(TRIGGERS)).map(({ definition }) => `${definition};`),
    ...columns
      .filter((column) => column.comment !== null)
      .map((column) => `COMMENT ON COLUMN ${relation.name}.${column.name} IS ${quote(column.comment!)};`),
  ].join('\n');
}

const options = (relation: Relation): string => (relation.options ? ` WITH (${relation.options.join(', ')})` : '');

function columnLine(column: Column): string {
  return [
    column.name,
    column.type,
    column.collation && `COLLATE ${column.collation}`,
    column.required && 'NOT NULL',
    column.default && `DEFAULT ${column.default}`,
    column.identity === 'a' && 'GENERATED ALWAYS AS IDENTITY',
  ]
    .filter(Boolean)
    .join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
