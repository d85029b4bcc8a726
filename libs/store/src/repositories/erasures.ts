/**
 * Erasure: rows go at once, in one transaction with the certificate that lists them and the files that only they used; the
 * files go right after, one by one.
 *
 * Invariants: a file goes only while nothing refers to its content, in any workspace, which is judged under a lock that
 * whoever refers to it anew takes as well (uploads.create); a certificate is complete when no file of it is left to judge.
 */
import { AlmanacError } from '@almanac/series';
import type { Erasures } from '../facade.js';
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { ErasedObject, ErasureRecord, Json } from '../records.js';

const FIELDS = 'id, kind, name, rows, objects, requested_at AS "requestedAt", completed_at AS "completedAt"';
/** So many files are looked at again at a time. */
const AT_ONCE = 1000;

/** Until the transaction ends nobody else judges or refers anew to this content. */
export async function holdObject(context: Context, sha256: string): Promise<void> {
  await context.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [sha256]);
}

/** @param inside sees all workspaces @returns what became of it */
async function removeUnused(inside: Context, sha256: string, remove: (sha256: string) => Promise<void>): Promise<'kept' | 'deleted'> {
  await holdObject(inside, sha256);
  const [row] = await inside.query<{ used: boolean }>(`SELECT ${USED} AS used`, [sha256]);
  if (row!.used) return 'kept';
  await remove(sha256);
  return 'deleted';
}

const USED = `EXISTS (SELECT FROM upload WHERE object_key = $1) OR EXISTS (SELECT FROM model_version WHERE manifest_key = $1 OR weights_key = $1)`;
const WEIGHTS = `SELECT DISTINCT k.key, k.what FROM model_version v JOIN model m ON m.id = v.model_id
  CROSS JOIN LATERAL (VALUES (v.manifest_key, 'manifest'), (v.weights_key, 'weights')) AS k(key, what)`;
/** What runs have learned of a dataset beside models: the shadows of online models, the kept state of trainings, results of parts. */
const LEARNED = `SELECT DISTINCT k.key, 'state' AS what FROM run r LEFT JOIN run part ON part.parent_id = r.id CROSS JOIN LATERAL (VALUES
  (CASE WHEN r.kind = 'learn' THEN r.result ->> 'state' END), (part.result ->> 'aside'),
  (r.progress #>> '{state,manifestKey}'), (r.progress #>> '{state,weightsKey}'),
  (part.progress #>> '{state,manifestKey}'), (part.progress #>> '{state,weightsKey}')) AS k(key)
  WHERE k.key IS NOT NULL AND r.parent_id IS NULL AND r.workspace_id = $1`;
/** Where a single series has left something, too: a model that learns online keeps a shadow of each. They start anew. */
const SHADOWS = `SELECT DISTINCT r.result ->> 'state' AS key, 'state' AS what FROM run r
  WHERE r.kind = 'learn' AND r.result ->> 'state' IS NOT NULL AND r.parent_id IS NULL AND r.workspace_id = $1`;
/** Of a dataset: its own, and those of its models. */
const RUNS_OF = '(r.dataset = $2 OR r.model IN (SELECT name FROM model WHERE dataset_id = $3))';
/** How good forecasts of each series were: of trainings, backtests, monitoring and what stood in for a model. */
const SCORES = `series_score x USING run r WHERE r.id = x.run_id AND r.workspace_id = $1 AND ${RUNS_OF}`;
/** Findings without what they quote: the shortest series and examples of rejected rows. */
const unquoted = (findings: string): string => `jsonb_set(jsonb_set(${findings}, '{shortest}', 'null'), '{rejections}',
  (SELECT coalesce(jsonb_agg(r || '{"examples": []}'), '[]') FROM jsonb_array_elements(${findings} -> 'rejections') r))`;

interface Found extends Json {
  key: string;
  what: string;
}

const write = async (inside: Context, kind: ErasureRecord['kind'], name: string, rows: Json, found: readonly Found[]): Promise<string> => {
  const id = newId();
  const files = found.filter(({ key }) => key !== 'erased' && key !== 'inline');
  const objects = [...new Map(files.map(({ key, what }) => [key, { sha256: key, what, fate: null }])).values()];
  await inside.query('INSERT INTO erasure (id, workspace_id, kind, name, rows, objects) VALUES ($1, $2, $3, $4, $5, $6)', [
    ...[id, inside.workspaceId, kind, name],
    ...[JSON.stringify(rows), JSON.stringify(objects)],
  ]);
  return id;
};
const countOf = async (inside: Context, sql: string, values: unknown[]): Promise<number> =>
  (await inside.query<{ n: number }>(`SELECT count(*)::float8 AS n FROM ${sql}`, values))[0]!.n;
const gone = async (inside: Context, sql: string, values: unknown[]): Promise<number> =>
  (await inside.query<{ n: number }>(`WITH gone AS (DELETE FROM ${sql} RETURNING 1) SELECT count(*)::float8 AS n FROM gone`, values))[0]!.n;

const COUNTED = {
  datasets: 'dataset',
  series: 'series',
  chunks: 'series_chunk',
  forecasts: 'forecast',
  models: 'model',
  runs: 'run',
  keys: 'api_key',
};

export function erasures(context: Context): Erasures {
  const { workspaceId } = context;

  /** Uploads into a dataset that have been read, or never will be. */
  const uploadsOf = `upload u WHERE u.workspace_id = $1 AND (u.mapping ->> 'dataset' = $2) AND NOT EXISTS (
    SELECT FROM run r WHERE r.workspace_id = $1 AND r.dataset = $2 AND r.kind = 'ingest' AND r.status IN ('queued', 'running') AND r.config ->> 'uploadId' = u.id::text)`;

  /** Finished runs never change but for this. @param text only what quotes it; null: everything */
  const unquote = async (inside: Context, dataset: string, datasetId: string, text: string | null): Promise<void> => {
    await inside.query(`SELECT set_config('almanac.erasing', 'on', true)`);
    const quotes = (column: string): string =>
      `jsonb_typeof(${column} -> 'rejections') = 'array' AND ($3::text IS NULL OR position($3 in ${column}::text) > 0)`;
    await inside.query(
      `UPDATE run SET result = jsonb_set(result, '{findings}', ${unquoted("(result -> 'findings')")})
       WHERE workspace_id = $1 AND dataset = $2 AND kind = 'ingest' AND ${quotes("(result -> 'findings')")}`,
      [workspaceId, dataset, text],
    );
    await inside.query(
      `UPDATE dataset_version SET findings = ${unquoted('findings')} WHERE workspace_id = $1 AND dataset_id = $2 AND ${quotes('findings')}`,
      [workspaceId, datasetId, text],
    );
    await inside.query(`SELECT set_config('almanac.erasing', '', true)`);
  };

  return {
    dataset: (name) =>
      context.transaction(async (inside) => {
        const [dataset] = await inside.query<{ id: string }>(
          'SELECT id FROM dataset WHERE workspace_id = $1 AND name = $2 AND current_version > 0 FOR UPDATE',
          [workspaceId, name],
        );
        if (!dataset) throw notFound('dataset', name);
        const one = [dataset.id];
        const found = [
          ...(await inside.query<Found>(`SELECT object_key AS key, 'upload' AS what FROM ${uploadsOf}`, [workspaceId, name])),
          ...(await inside.query<Found>(`${WEIGHTS} WHERE m.dataset_id = $1`, one)),
          ...(await inside.query<Found>(`${LEARNED} AND ${RUNS_OF}`, [workspaceId, name, dataset.id])),
        ];
        const rows = {
          series: await countOf(inside, 'series WHERE dataset_id = $1', one),
          forecasts: await countOf(inside, 'forecast f JOIN series s ON s.id = f.series_id WHERE s.dataset_id = $1', one),
          models: await countOf(inside, 'model WHERE dataset_id = $1', one),
          versions: await countOf(inside, 'dataset_version WHERE dataset_id = $1', one),
          // Chunks first and at once; the foreign keys would do it series by series.
          chunks: await gone(inside, 'series_chunk WHERE series_id IN (SELECT id FROM series WHERE dataset_id = $1)', one),
          // While its models say which runs are theirs.
          scores: await gone(inside, SCORES, [workspaceId, name, dataset.id]),
        };
        await unquote(inside, name, dataset.id, null);
        await inside.query('DELETE FROM dataset WHERE id = $1', one);
        const sources = await gone(inside, `source WHERE workspace_id = $1 AND options ->> 'dataset' = $2`, [workspaceId, name]);
        const rest = {
          rejectedRows: await gone(
            inside,
            `rejected_row x USING run r WHERE r.id = x.run_id AND r.workspace_id = $1 AND r.kind = 'ingest' AND r.dataset = $2 AND r.finished_at IS NOT NULL`,
            [workspaceId, name],
          ),
          uploads: await gone(inside, uploadsOf, [workspaceId, name]),
        };
        return write(inside, 'dataset', name, { ...rows, ...(sources > 0 ? { sources } : {}), ...rest }, found);
      }),
    series: (datasetId, datasetName, uniqueId) =>
      context.transaction(async (inside) => {
        const [one] = await inside.query<{ id: string }>(
          'SELECT s.id FROM series s JOIN dataset d ON d.id = s.dataset_id WHERE s.workspace_id = $1 AND d.id = $2 AND s.unique_id = $3 FOR NO KEY UPDATE OF d',
          [workspaceId, datasetId, uniqueId],
        );
        if (!one) throw notFound('series', uniqueId);
        const id = [one.id];
        await unquote(inside, datasetName, datasetId, uniqueId);
        const rows = {
          rejectedRows: await gone(
            inside,
            `rejected_row x USING run r WHERE r.id = x.run_id AND r.workspace_id = $1 AND r.dataset = $2 AND r.kind = 'ingest' AND position($3 in x.text) > 0`,
            [workspaceId, datasetName, uniqueId],
          ),
          forecasts: await countOf(inside, 'forecast WHERE series_id = $1', id),
          chunks: await gone(inside, 'series_chunk WHERE series_id = $1', id),
          scores: await gone(inside, `${SCORES} AND x.unique_id = $4`, [workspaceId, datasetName, datasetId, uniqueId]),
          series: await gone(inside, 'series WHERE id = $1', id),
        };
        // Files hold all series of the dataset: what they said about the others is stored. Those of which nothing was stored (a trial, a
        // repetition, one that was refused) hold it as well. Rows of the uploads stay, for the lineage.
        const found = [
          ...(await inside.query<Found>(`SELECT object_key AS key, 'upload' AS what FROM ${uploadsOf}`, [workspaceId, datasetName])),
          ...(await inside.query<Found>(`${SHADOWS} AND ${RUNS_OF}`, [workspaceId, datasetName, datasetId])),
        ];
        await inside.query(`UPDATE upload SET object_key = 'erased', content = NULL WHERE id IN (SELECT u.id FROM ${uploadsOf})`, [
          workspaceId,
          datasetName,
        ]);
        return write(inside, 'series', `${datasetName}/${uniqueId}`, rows, found);
      }),
    async get(id) {
      const [found] = await context.query<Json & ErasureRecord>(`SELECT ${FIELDS} FROM erasure WHERE workspace_id = $1 AND id = $2`, [
        workspaceId,
        id,
      ]);
      if (!found) throw notFound('erasure', id);
      return found;
    },
    async list(query) {
      const before = keyOf(query, 1)?.[0] ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff';
      const rows = await context.query<Json & ErasureRecord>(
        `SELECT ${FIELDS} FROM erasure WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
        [workspaceId, before, limitOf(query) + 1],
      );
      return toPage(rows, query, ({ id }) => [id]);
    },
    forget: (sha256, remove) =>
      context.everywhere().transaction(async (inside) => {
        await removeUnused(inside, sha256, remove);
      }),
    async carryOut(remove) {
      const all = context.everywhere();
      const open = await all.query<{ id: string; objects: ErasedObject[] }>(
        'SELECT id, objects FROM erasure WHERE completed_at IS NULL ORDER BY requested_at LIMIT $1',
        [AT_ONCE],
      );
      for (const { id, objects } of open) {
        for (const [at, { sha256, fate }] of objects.entries()) {
          if (fate !== null) continue;
          await all.transaction(async (inside) => {
            const became = await removeUnused(inside, sha256, remove);
            await inside.query(
              `UPDATE erasure SET objects = jsonb_set(objects, ARRAY[$2::text, 'fate'], to_jsonb($3::text)) WHERE id = $1`,
              [id, String(at), became],
            );
          });
        }
        await all.query('UPDATE erasure SET completed_at = now() WHERE id = $1 AND completed_at IS NULL', [id]);
      }
      return open.length;
    },
  };
}

/**
 * The files of runs that are about to go, while their rows still name them: should this come to nothing, whoever reads a run without
 * its file starts anew. @param inside sees all workspaces
 */
export async function removeKeptByRuns(
  inside: Context,
  workspaceId: string,
  runs: readonly string[],
  remove: (sha256: string) => Promise<void>,
): Promise<void> {
  const found = await inside.query<Found>(`${LEARNED} AND r.id = ANY ($2) ORDER BY key`, [workspaceId, runs]);
  for (const { key } of found) await removeUnused(inside, key, remove);
}

/** The certificate is the operator's: the workspace is no more. @param inside sees all workspaces */
export async function eraseWorkspace(inside: Context, id: string, name: string, remove: () => Promise<void>): Promise<string> {
  const one = [id];
  const found = [
    ...(await inside.query<Found>(`SELECT object_key AS key, 'upload' AS what FROM upload WHERE workspace_id = $1`, one)),
    ...(await inside.query<Found>(`${WEIGHTS} WHERE v.workspace_id = $1`, one)),
    ...(await inside.query<Found>(LEARNED, one)),
  ];
  const rows: Record<string, number> = {};
  for (const [what, table] of Object.entries(COUNTED)) rows[what] = await countOf(inside, `${table} WHERE workspace_id = $1`, one);
  await remove();
  return write(inside, 'workspace', name, rows, found);
}

/** @throws AlmanacError UPLOAD_ERASED */
export function refuseErased(objectKey: string, fileName: string): void {
  if (objectKey !== 'erased') return;
  throw new AlmanacError('UPLOAD_ERASED', `The file ${fileName} was erased.`, { subject: { file: fileName }, status: 410 });
}
