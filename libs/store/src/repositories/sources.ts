/** Sources: where datasets get their rows from, with sealed secrets and how far each has been read. */
import { AlmanacError } from '@almanac/series';
import type { Sources } from '../facade.js';
import { isDuplicate, notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { Json, SourceRecord, SourceUpload } from '../records.js';

const FIELDS = `s.id, s.name, s.origin AS "from", s.secret IS NOT NULL AS "hasSecret", s.options, s.state, s.revision, s.turn,
  s.created_at AS "createdAt", r.id AS "runId", r.status AS "runStatus", r.result AS "runResult", r.error AS "runError",
  r.created_at AS "runAt", (SELECT jsonb_build_object('failed', count(*) FILTER (WHERE i.status IN ('failed', 'cancelled')),
    'open', count(*) FILTER (WHERE i.finished_at IS NULL))
    FROM run i WHERE i.workspace_id = s.workspace_id AND i.kind = 'ingest'
      AND i.id::text IN (SELECT jsonb_array_elements_text(r.result -> 'ingestRunIds'))) AS "ingests"`;
const purposeOf = (id: string): string => `source:${id}`;
const text = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

export function sources(context: Context): Sources {
  const { workspaceId, cipher } = context;
  const list = (rest: string, values: unknown[]): Promise<SourceRecord[]> =>
    context.query<Json & SourceRecord>(
      `SELECT ${FIELDS} FROM source s LEFT JOIN run r ON r.id = s.last_run_id WHERE s.workspace_id = $1 ${rest}`,
      [workspaceId, ...values],
    );
  const get: Sources['get'] = async (name) => {
    const [source] = await list('AND s.name = $2', [name]);
    if (!source) throw notFound('source', name);
    return source;
  };
  return {
    get,
    async create({ name, from, secret, options }) {
      const id = newId();
      try {
        await context.query('INSERT INTO source (id, workspace_id, name, origin, secret, options) VALUES ($1, $2, $3, $4, $5, $6)', [
          ...[id, workspaceId, name, text(from), secret === undefined ? null : cipher.seal(secret, purposeOf(id)), text(options)],
        ]);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw new AlmanacError('SOURCE_EXISTS', `There is a source "${name}" already.`, {
          hint: 'Choose another name, or change that source.',
          subject: { source: name },
          status: 409,
        });
      }
      return get(name);
    },
    async list({ dataset, ...query }) {
      const after = keyOf(query, 1)?.[0] ?? '';
      const found = await list(`AND s.name > $2 AND ($4::text IS NULL OR s.options ->> 'dataset' = $4) ORDER BY s.name LIMIT $3`, [
        ...[after, limitOf(query) + 1, dataset ?? null],
      ]);
      return toPage(found, query, ({ name }) => [name]);
    },
    update: (name, { from, secret, options, anew }) =>
      context.transaction(async (inside) => {
        const [row] = await inside.query<{ id: string }>('SELECT id FROM source WHERE workspace_id = $1 AND name = $2 FOR UPDATE', [
          workspaceId,
          name,
        ]);
        if (!row) throw notFound('source', name);
        const sealed = typeof secret === 'string' ? cipher.seal(secret, purposeOf(row.id)) : null;
        await inside.query(
          `UPDATE source SET origin = coalesce($2, origin), options = coalesce($3, options),
             secret = CASE WHEN $4 THEN $5 ELSE secret END, state = CASE WHEN $6 THEN '{}' ELSE state END,
             revision = revision + CASE WHEN $6 THEN 1 ELSE 0 END WHERE id = $1`,
          [row.id, text(from), text(options), secret !== undefined, sealed, anew],
        );
        if (anew) await inside.query('DELETE FROM source_object WHERE source_id = $1', [row.id]);
        return sources(inside).get(name);
      }),
    async secret(name) {
      const [row] = await context.query<{ id: string; secret: string | null }>(
        'SELECT id, secret FROM source WHERE workspace_id = $1 AND name = $2',
        [workspaceId, name],
      );
      if (!row) throw notFound('source', name);
      return row.secret === null ? undefined : cipher.open(row.secret, purposeOf(row.id));
    },
    async delete(name) {
      const gone = await context.query('DELETE FROM source WHERE workspace_id = $1 AND name = $2 RETURNING 1', [workspaceId, name]);
      if (gone.length === 0) throw notFound('source', name);
    },
    async began(id, runId) {
      await context.query('UPDATE source SET last_run_id = $3 WHERE workspace_id = $1 AND id = $2', [workspaceId, id, runId]);
    },
    uploads: (id, pullId) =>
      context.query<SourceUpload & Json>(
        `SELECT id, config -> 'source' AS plan, finished_at IS NULL AS open FROM run
         WHERE workspace_id = $1 AND kind = 'ingest' AND config -> 'source' IS NOT NULL AND config -> 'source' ->> 'id' = $2
           AND (finished_at IS NULL OR config -> 'source' ->> 'pull' = $3) ORDER BY id`,
        [workspaceId, id, pullId],
      ),
    async takeTurn(id, { revision, turn }) {
      const taken = await context.query(
        'UPDATE source SET turn = turn + 1 WHERE workspace_id = $1 AND id = $2 AND revision = $3 AND turn = $4 RETURNING 1',
        [workspaceId, id, revision, turn],
      );
      return taken.length === 1;
    },
    async advance(id, revision, state, object) {
      const moved = await context.query(
        `UPDATE source SET state = state || $4::jsonb || jsonb_build_object('storedAt', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         WHERE workspace_id = $1 AND id = $2 AND revision = $3 RETURNING 1`,
        [workspaceId, id, revision, text(state)],
      );
      if (moved.length === 0 || !object) return;
      await context.query(
        `INSERT INTO source_object (workspace_id, source_id, key, etag) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source_id, key) DO UPDATE SET etag = excluded.etag`,
        [workspaceId, id, object.key, object.etag],
      );
    },
    async stored(id, objects) {
      const rows = await context.query<{ key: string }>(
        `SELECT o.key FROM source_object o JOIN unnest($3::text[], $4::text[]) AS g(key, etag) ON g.key = o.key AND g.etag = o.etag
         WHERE o.workspace_id = $1 AND o.source_id = $2`,
        [workspaceId, id, objects.map(({ key }) => key), objects.map(({ etag }) => etag)],
      );
      return new Set(rows.map(({ key }) => key));
    },
    async forgetObjects(id) {
      await context.query('DELETE FROM source_object WHERE workspace_id = $1 AND source_id = $2', [workspaceId, id]);
    },
  };
}
