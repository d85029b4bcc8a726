/**
 * Runs. Every transition is one guarded UPDATE, so that of two processes one wins; the table itself refuses any change of
 * a finished run. Each change is announced on `almanac_run` when it commits.
 */
import { AlmanacError } from '@almanac/series';
import type { FindManyOptions, FindOptionsWhere } from 'typeorm';
import { In, IsNull, LessThan } from 'typeorm';
import type { Runs } from '../facade.js';
import { RunEntity } from '../entities/runs.js';
import { notFound, versionDropped } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import { madeUnder } from './idempotency.js';
import { seriesScores } from './seriesScores.js';
import type { Json, PartState, RejectedRow, RunInput, RunKind, RunPoint, RunRecord } from '../records.js';

const CHANNEL = 'almanac_run';
const REJECTS_PER_READ = 5000;
const OPEN = `'queued', 'running'`;
/** False while the run that this one waits for is open or, where that ended without a start, the one that it waited for in turn. */
const MAY_START = `(after_id IS NULL OR NOT EXISTS (
  WITH RECURSIVE before AS (
    SELECT b.status, b.started_at, b.after_id FROM run b WHERE b.id = run.after_id
    UNION ALL SELECT b.status, b.started_at, b.after_id FROM before JOIN run b ON b.id = before.after_id
      WHERE before.started_at IS NULL AND before.status NOT IN (${OPEN}))
  SELECT 1 FROM before WHERE status IN (${OPEN})))`;

const KINDS: Record<RunKind, true> = {
  ingest: true,
  train: true,
  forecast: true,
  backtest: true,
  search: true,
  monitor: true,
  learn: true,
  predict: true,
  part: true,
  import: true,
  pull: true,
};
const isKind = (kind: string): kind is RunKind => Object.hasOwn(KINDS, kind);

/** @throws AlmanacError RUN_KIND_UNKNOWN */
function asRecord({ workspaceId: _, ...row }: RunEntity): RunRecord {
  const { kind } = row;
  if (isKind(kind)) return { ...row, kind };
  throw new AlmanacError('RUN_KIND_UNKNOWN', `Run ${row.id} is of the kind "${kind}", which nobody here knows.`, {
    hint: 'A later version of Almanac made it; run that one.',
    subject: { run: row.id, kind },
    status: 500,
  });
}

export function runs(context: Context): Runs {
  const table = context.repository(RunEntity);
  const { workspaceId } = context;

  const get: Runs['get'] = async (id) => {
    const run = await table.findOneBy({ id, workspaceId });
    if (!run) throw notFound('run', id);
    return asRecord(run);
  };
  const find = async (options: FindManyOptions<RunEntity>): Promise<RunRecord[]> => (await table.find(options)).map(asRecord);
  /** Announces what a statement changes, and returns the ids. @param update returns `id`; its $1 is the workspace */
  const change = async (update: string, values: unknown[]): Promise<string[]> => {
    const rows = await context.query<{ id: string }>(
      `WITH changed AS (${update})
       SELECT id, pg_notify('${CHANNEL}', workspace || ' ' || id) FROM changed, (SELECT $1::text AS workspace) AS asked`,
      [workspaceId, ...values],
    );
    return rows.map((row) => row.id);
  };
  const finished = async (id: string, update: string, values: unknown[]): Promise<RunRecord> => {
    const [changed] = await change(update, [id, ...values]);
    const run = await get(id);
    if (changed !== undefined) return run;
    throw new AlmanacError('RUN_ALREADY_FINISHED', `Run ${id} is ${run.status}; that cannot change any more.`, {
      hint: 'Somebody else finished it: it was cancelled, or taken over after its worker went silent.',
      subject: { run: id, status: run.status },
      status: 409,
    });
  };

  return {
    get,
    create: (run) =>
      context.transaction(async (inside) => {
        const id = newId();
        await madeUnder(inside, id);
        const row = { ...run, id, workspaceId, status: 'queued' as const, cancelRequested: false, attempts: 0 };
        await inside.repository(RunEntity).insert(row as never);
        await inside.query('SELECT pg_notify($1, $2)', [CHANNEL, `${workspaceId} ${id}`]);
        return runs(inside).get(id);
      }),
    createParts: (parentId, list) =>
      context.transaction(async (inside) => {
        await inside.query(
          `INSERT INTO run (id, workspace_id, parent_id, part_no, kind, queue, dataset, model, config, seed, code_version)
           SELECT p.id, $1, $2, p.no, p.kind, p.queue, p.dataset, p.model, p.config, p.seed, p.code
           FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::bigint[], $11::text[])
             AS p(id, no, kind, queue, dataset, model, config, seed, code)
           ON CONFLICT DO NOTHING`,
          [
            workspaceId,
            parentId,
            list.map(() => newId()),
            list.map((_, no) => no),
            list.map(({ kind }) => kind),
            list.map((part) => part.queue ?? null),
            list.map((part) => part.dataset ?? null),
            list.map((part) => part.model ?? null),
            list.map(({ config }) => JSON.stringify(config)),
            list.map((part) => part.seed ?? null),
            list.map((part) => part.codeVersion ?? null),
          ],
        );
        return runs(inside).parts(parentId);
      }),
    parts: (parentId) => find({ where: { workspaceId, parentId }, order: { partNo: 'ASC' } }),
    async known(ids) {
      const rows = await context.query<{ id: string }>('SELECT id FROM run WHERE workspace_id = $1 AND id = ANY ($2::uuid[])', [
        workspaceId,
        ids,
      ]);
      const own = new Set(rows.map(({ id }) => id));
      return ids.filter((id) => own.has(id));
    },
    partStates: (parentId) =>
      context.query<PartState & Json>(
        'SELECT id, status, progress, part_no AS "partNo" FROM run WHERE workspace_id = $1 AND parent_id = $2 ORDER BY part_no',
        [workspaceId, parentId],
      ),
    async cancelParts(parentId) {
      await change(
        `UPDATE run SET cancel_requested = true, status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
           finished_at = CASE status WHEN 'queued' THEN now() END
         WHERE workspace_id = $1 AND parent_id = $2 AND status IN (${OPEN}) RETURNING id`,
        [parentId],
      );
    },
    followers: (id) => find({ where: { workspaceId, afterId: id, status: 'queued' } }),
    async lastOpenUpload(dataset) {
      await context.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 5))', [`${workspaceId} ${dataset}`]);
      const [row] = await context.query<{ id: string }>(
        `SELECT id FROM run WHERE workspace_id = $1 AND dataset = $2 AND kind = 'ingest' AND status IN (${OPEN})
           AND config -> 'options' ->> 'dryRun' IS DISTINCT FROM 'true' ORDER BY id DESC LIMIT 1`,
        [workspaceId, dataset],
      );
      return row?.id ?? null;
    },
    async list(query = {}) {
      const before = keyOf(query, 1);
      const where: FindOptionsWhere<RunEntity> = { workspaceId, parentId: query.parentId ?? IsNull() };
      if (query.kind !== undefined) where.kind = query.kind;
      if (query.status !== undefined) where.status = query.status;
      if (query.dataset !== undefined) where.dataset = query.dataset;
      if (query.model !== undefined) where.model = query.model;
      if (before) where.id = LessThan(String(before[0]));
      return toPage(await find({ where, order: { id: 'DESC' }, take: limitOf(query) + 1 }), query, (run) => [run.id]);
    },
    async claim(id, workerId) {
      const [changed] = await change(
        `UPDATE run SET status = 'running', worker_id = $3, attempts = attempts + 1, started_at = coalesce(started_at, now()), heartbeat_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status = 'queued' AND ${MAY_START} RETURNING id`,
        [id, workerId],
      );
      return changed === undefined ? null : get(id);
    },
    async heartbeat(id, workerId) {
      const [row] = await context.query<{ cancel: boolean }>(
        `UPDATE run SET heartbeat_at = now() WHERE workspace_id = $1 AND id = $2 AND worker_id = $3 AND status = 'running'
         RETURNING cancel_requested AS cancel`,
        [workspaceId, id, workerId],
      );
      return { lost: !row, cancel: row?.cancel ?? true };
    },
    async progress(id, progress, points = []) {
      const changed = await change(`UPDATE run SET progress = $3 WHERE workspace_id = $1 AND id = $2 AND status = 'running' RETURNING id`, [
        id,
        JSON.stringify(progress),
      ]);
      if (changed.length === 0 || points.length === 0) return;
      // Of several points at a step the last counts, as the statement may touch a row only once.
      const last = [...new Map(points.map((point) => [point.step, point])).values()];
      await context.query(
        `INSERT INTO run_point (workspace_id, run_id, step, loss, validation, steps_per_second)
         SELECT $1, $2, * FROM unnest($3::integer[], $4::float8[], $5::float8[], $6::float8[])
         ON CONFLICT (run_id, step) DO UPDATE SET loss = excluded.loss, steps_per_second = excluded.steps_per_second,
           validation = coalesce(excluded.validation, run_point.validation)`,
        [
          workspaceId,
          id,
          ...(['step', 'loss', 'validation', 'stepsPerSecond'] as const).map((column) => last.map((point) => point[column])),
        ],
      );
    },
    ...seriesScores(context),
    async copyCurve(from, to) {
      await context.query(
        `INSERT INTO run_point (workspace_id, run_id, step, loss, validation, steps_per_second)
         SELECT workspace_id, $3, step, loss, validation, steps_per_second FROM run_point WHERE workspace_id = $1 AND run_id = $2
         ON CONFLICT DO NOTHING`,
        [workspaceId, from, to],
      );
    },
    curve: (id) =>
      context.query<RunPoint & Json>(
        `SELECT step, loss, validation, steps_per_second AS "stepsPerSecond" FROM run_point
         WHERE workspace_id = $1 AND run_id = $2 ORDER BY step`,
        [workspaceId, id],
      ),
    async setEngine(id, engine) {
      await change(`UPDATE run SET engine = $3 WHERE workspace_id = $1 AND id = $2 AND status = 'running' RETURNING id`, [
        id,
        JSON.stringify(engine),
      ]);
    },
    succeed: (id, result) =>
      finished(
        id,
        `UPDATE run SET status = 'succeeded', result = $3, finished_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status = 'running' RETURNING id`,
        [JSON.stringify(result)],
      ),
    fail: (id, error) =>
      finished(
        id,
        `UPDATE run SET status = 'failed', error = $3, finished_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status IN (${OPEN}) RETURNING id`,
        [JSON.stringify(error)],
      ),
    markCancelled: (id) =>
      finished(
        id,
        `UPDATE run SET status = 'cancelled', finished_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status IN (${OPEN}) RETURNING id`,
        [],
      ),
    async requestCancel(id) {
      await change(
        `UPDATE run SET cancel_requested = true, status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
           finished_at = CASE status WHEN 'queued' THEN now() END
         WHERE workspace_id = $1 AND (id = $2 OR parent_id = $2) AND status IN (${OPEN}) RETURNING id`,
        [id],
      );
      return get(id);
    },
    async release(id, workerId) {
      await change(
        `UPDATE run SET status = 'queued', worker_id = NULL, heartbeat_at = NULL
         WHERE workspace_id = $1 AND id = $2 AND worker_id = $3 AND status = 'running' RETURNING id`,
        [id, workerId],
      );
    },
    async isAlive(id, silentForMs) {
      const rows = await context.query(
        `SELECT 1 FROM run WHERE workspace_id = $1 AND id = $2 AND status = 'running' AND heartbeat_at >= now() - $3 * interval '1 millisecond'`,
        [workspaceId, id, silentForMs],
      );
      return rows.length > 0;
    },
    async requeueStale(silentForMs) {
      const ids = await change(
        `UPDATE run SET status = 'queued', worker_id = NULL, heartbeat_at = NULL
         WHERE workspace_id = $1 AND status = 'running' AND NOT cancel_requested AND heartbeat_at < now() - $2 * interval '1 millisecond'
         RETURNING id`,
        [silentForMs],
      );
      // Nobody is left to obey these.
      await change(
        `UPDATE run SET status = 'cancelled', finished_at = now()
         WHERE workspace_id = $1 AND status = 'running' AND cancel_requested AND heartbeat_at < now() - $2 * interval '1 millisecond'
         RETURNING id`,
        [silentForMs],
      );
      return Promise.all(ids.map(get));
    },
    async listQueued(olderThanMs, kinds = Object.keys(KINDS) as RunKind[]) {
      const ids = await context.query<{ id: string }>(
        `SELECT id FROM run WHERE workspace_id = $1 AND status = 'queued' AND created_at < now() - $2 * interval '1 millisecond' AND kind = ANY ($3) AND ${MAY_START}`,
        [workspaceId, olderThanMs, kinds],
      );
      return ids.length === 0 ? [] : find({ where: { id: In(ids.map(({ id }) => id)) }, order: { id: 'ASC' } });
    },
    async cameFurther(id, howFar) {
      const rows = await context.query(
        `UPDATE run SET parked_at = $3 WHERE workspace_id = $1 AND id = $2 AND status IN (${OPEN}) AND parked_at IS DISTINCT FROM $3 RETURNING 1`,
        [workspaceId, id, howFar],
      );
      return rows.length > 0;
    },
    async pinVersion(runId, datasetId, version) {
      const kept = await context.query(
        `WITH kept AS (SELECT no FROM dataset_version WHERE dataset_id = $3 AND no = $4 AND dropped_at IS NULL FOR SHARE),
           pinned AS (INSERT INTO run_dataset_version (workspace_id, run_id, dataset_id, version)
             SELECT $1, $2, $3, no FROM kept ON CONFLICT DO NOTHING)
         SELECT no FROM kept`,
        [workspaceId, runId, datasetId, version],
      );
      if (kept.length === 0) throw versionDropped(version);
    },
    inputs: (runId) =>
      context.query<Json & RunInput>(
        `SELECT p.dataset_id AS "datasetId", d.name AS dataset, p.version,
           coalesce((SELECT array_agg(u.sha256 ORDER BY v.no) FROM dataset_version v JOIN upload u ON u.id = v.upload_id
             WHERE v.dataset_id = p.dataset_id AND v.no <= p.version AND v.no >= coalesce((SELECT max(r.no) FROM dataset_version r
               WHERE r.dataset_id = p.dataset_id AND r.no <= p.version AND r.mode = 'replace'), 0)), '{}') AS uploads
         FROM run_dataset_version p JOIN dataset d ON d.id = p.dataset_id
         WHERE p.workspace_id = $1 AND p.run_id = $2 ORDER BY d.name, p.version`,
        [workspaceId, runId],
      ),
    async addRejectedRows(runId, rows) {
      await context.query(
        `INSERT INTO rejected_row (workspace_id, run_id, line, rule, text)
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[])`,
        [
          workspaceId,
          runId,
          rows.map((row) => row.line),
          rows.map((row) => row.rule),
          rows.map((row) => row.text.replaceAll('\0', '\uFFFD')),
        ],
      );
    },
    async clearRejectedRows(runId) {
      await context.query('DELETE FROM rejected_row WHERE workspace_id = $1 AND run_id = $2', [workspaceId, runId]);
    },
    async *rejectedRows(runId) {
      let after = '0';
      for (;;) {
        const rows: (RejectedRow & { no: string })[] = await context.query(
          `SELECT no, line::float8 AS line, rule, text FROM rejected_row
           WHERE workspace_id = $1 AND run_id = $2 AND no > $3 ORDER BY no LIMIT ${REJECTS_PER_READ}`,
          [workspaceId, runId, after],
        );
        for (const { line, rule, text } of rows) yield { line, rule, text };
        if (rows.length < REJECTS_PER_READ) return;
        after = rows.at(-1)!.no;
      }
    },
    onChange: (callback) =>
      context.listener.listen(CHANNEL, (payload) => {
        const [workspace, id] = payload.split(' ');
        if (workspace === workspaceId && id !== undefined) callback(id);
      }),
  };
}
