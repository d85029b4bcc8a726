/** Forecasts: arrays of quantiles, in by COPY, out as bytes. */
import { AlmanacError } from '@almanac/series';
import type { Forecasts } from '../facade.js';
import { ensureGridSteps } from '../chunks/gridSteps.js';
import { limitOf, keyOf, toPage, type Key } from '../pages.js';
import { CopyRows, toFloat64Array } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import { copyIn } from '../postgres/transfer.js';
import type { ForecastQuery, ForecastRecord, NewForecast, RunNote } from '../records.js';

/** Series whose forecasts are read at a time: the memory that a stream takes, and no connection is held in between. */
const SERIES_AT_ONCE = 500;
/** Rows of a run from which on its pages are read by ranges of series. */
const LONG_RUN = 2000;
/** PostgreSQL counts microseconds from 2000-01-01. */
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

const FIELDS = `f.run_id AS "runId", m.name AS model, mv.no AS version, d.id AS "datasetId", d.name AS dataset, d.frequency,
  d.time_zone AS "timeZone", s.id::float8 AS "seriesId", s.unique_id AS "uniqueId", f.cutoff_step::float8 AS "cutoffStep",
  f.cutoff_time AS "cutoffTime", f.horizon, f.levels, array_send(f.quantiles) AS quantiles, f.calibration, f.notes`;
const MADE_BY = 'JOIN model_version mv ON mv.id = f.model_version_id JOIN model m ON m.id = mv.model_id';

type Row = Omit<ForecastRecord, 'quantiles'> & { quantiles: Buffer };

export function forecasts(context: Context): Forecasts {
  const list: Forecasts['list'] = async (query) => {
    const rows = (await isLong(context, query))
      ? await pageOfMany(context, query)
      : await context.query<Row>(...statement(context.workspaceId, query));
    const records = rows.map((row) => ({ ...row, quantiles: toFloat64Array(row.quantiles) }));
    return toPage(records, query, (forecast) => [forecast.dataset, forecast.uniqueId, forecast.cutoffStep, forecast.runId]);
  };
  return {
    list,
    async history(seriesId, query) {
      const values: unknown[] = [context.workspaceId, seriesId];
      const where = ['d.workspace_id = $1', 'f.series_id = $2'];
      if (query.model !== undefined) where.push(`m.name = $${values.push(query.model)}`);
      const after = keyOf(query, 3);
      if (after) {
        values.push(...after);
        where.push(`(f.cutoff_step, f.made_at, f.run_id) < ($${values.length - 2}, $${values.length - 1}, $${values.length})`);
      }
      const rows = await context.query<Row & { madeAt: string }>(
        `SELECT ${FIELDS}, f.made_at::text AS "madeAt" FROM forecast f JOIN run r ON r.id = f.run_id AND r.status = 'succeeded'
           JOIN series s ON s.id = f.series_id JOIN dataset d ON d.id = s.dataset_id ${MADE_BY}
         WHERE ${where.join(' AND ')} ORDER BY f.cutoff_step DESC, f.made_at DESC, f.run_id DESC LIMIT ${limitOf(query) + 1}`,
        values,
      );
      const page = toPage(rows, query, (row) => [row.cutoffStep, row.madeAt, row.runId]);
      return { items: page.items.map((row) => ({ ...row, quantiles: toFloat64Array(row.quantiles) })), next: page.next };
    },
    insert: (runId, modelVersionId, rows) =>
      context.transaction(async (inside) => {
        if (rows.length === 0) return;
        await ensureHorizon(inside, rows);
        await inside.withClient(async (client) => {
          // COPY knows no ON CONFLICT, so rows pass through a table of this transaction.
          await client.query(
            'CREATE TEMP TABLE IF NOT EXISTS forecast_in (LIKE forecast INCLUDING DEFAULTS INCLUDING STORAGE) ON COMMIT DROP',
          );
          await client.query('TRUNCATE forecast_in');
          const columns =
            'workspace_id, run_id, series_id, model_version_id, cutoff_step, cutoff_time, horizon, levels, quantiles, calibration, model_quantiles, notes';
          await copyIn(client, `forecast_in (${columns})`, encode(context.workspaceId, runId, modelVersionId, rows));
          await client.query('INSERT INTO forecast SELECT * FROM forecast_in ON CONFLICT DO NOTHING');
        });
      }),
    // By ranges of series, which an index gives: however far a stream has come, the next rows cost what the first did.
    async *stream(query) {
      for (const dataset of await datasetsOf(context, query)) {
        for await (const ids of rangesOf(context, dataset, { named: [query.uniqueId ?? []].flat(), size: SERIES_AT_ONCE }))
          for (const row of await rowsOf(context, query, dataset, ids)) yield { ...row, quantiles: toFloat64Array(row.quantiles) };
      }
    },
    async haveNotes(query) {
      const [sql, values] = statement(context.workspaceId, query, () => ['f.notes IS NOT NULL']);
      return (await context.query<{ some: boolean }>(`SELECT EXISTS (${sql}) AS some`, values))[0]!.some;
    },
    notesOf: (runId, examples) =>
      context.query<RunNote>(
        `SELECT n->>'code' AS code, n->>'detail' AS detail, count(*)::int AS series,
           (array_agg(s.unique_id ORDER BY s.unique_id))[1:$3] AS examples
         FROM forecast f JOIN series s ON s.id = f.series_id CROSS JOIN LATERAL json_array_elements(f.notes) n
         WHERE f.workspace_id = $1 AND f.run_id = $2 AND f.notes IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`,
        [context.workspaceId, runId, examples],
      ),
    async saveAttention(rows) {
      for (const row of rows) {
        const names = Object.keys(row.maps);
        await context.query(
          `INSERT INTO attention_map (workspace_id, run_id, series_id, cutoff_step, horizon, context_length, column_steps, names, maps, branches, gate)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
          [
            context.workspaceId,
            row.runId,
            row.seriesId,
            row.cutoffStep,
            row.horizon,
            row.contextLength,
            row.columnSteps,
            names,
            names.flatMap((name) => [...row.maps[name]!]),
            row.branches,
            [...row.gate],
          ],
        );
      }
    },
    async attention(runId, uniqueId) {
      const [row] = await context.query<AttentionRow>(
        `SELECT a.run_id AS "runId", a.series_id::float8 AS "seriesId", a.cutoff_step::float8 AS "cutoffStep", a.horizon,
           a.context_length AS "contextLength", a.column_steps AS "columnSteps", a.names, a.maps, a.branches, a.gate
         FROM attention_map a JOIN series s ON s.id = a.series_id
         WHERE a.workspace_id = $1 AND a.run_id = $2 AND s.unique_id = $3 ORDER BY a.cutoff_step DESC LIMIT 1`,
        [context.workspaceId, runId, uniqueId],
      );
      if (!row) {
        throw new AlmanacError('ATTENTION_NOT_FOUND', `Run ${runId} kept no attention maps of "${uniqueId}".`, {
          hint: 'Ask for them when forecasting (`attention: true`); models without attention have none.',
          subject: { run: runId, uniqueId },
          status: 404,
        });
      }
      const { names, maps, ...rest } = row;
      const size = maps.length / names.length;
      const named = Object.fromEntries(names.map((name, i) => [name, Float32Array.from(maps.slice(i * size, (i + 1) * size))]));
      return { ...rest, maps: named, gate: Float32Array.from(row.gate) };
    },
    async saveContributions(rows) {
      for (const { runId, seriesId, cutoffStep, horizon, parts } of rows)
        await context.query(
          `INSERT INTO contribution (workspace_id, run_id, series_id, cutoff_step, horizon, kinds, names, parts)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
          [
            ...[context.workspaceId, runId, seriesId, cutoffStep, horizon],
            ...[parts.map(({ kind }) => kind), parts.map(({ name }) => name), parts.flatMap(({ values }) => [...values])],
          ],
        );
    },
    async contributions(runId, uniqueId) {
      const [row] = await context.query<ContributionRow>(
        `SELECT c.run_id AS "runId", c.series_id::float8 AS "seriesId", c.cutoff_step::float8 AS "cutoffStep", c.horizon, c.kinds, c.names, c.parts
         FROM contribution c JOIN series s ON s.id = c.series_id
         WHERE c.workspace_id = $1 AND c.run_id = $2 AND s.unique_id = $3 ORDER BY c.cutoff_step DESC LIMIT 1`,
        [context.workspaceId, runId, uniqueId],
      );
      if (!row) return undefined;
      const { kinds, names, parts, ...rest } = row;
      const of = (i: number): Float64Array => Float64Array.from(parts.slice(i * row.horizon, (i + 1) * row.horizon));
      return { ...rest, parts: names.map((name, i) => ({ kind: kinds[i]!, name, values: of(i) })) };
    },
  };
}

interface ContributionRow {
  runId: string;
  seriesId: number;
  cutoffStep: number;
  horizon: number;
  kinds: string[];
  names: string[];
  parts: number[];
}

interface AttentionRow {
  runId: string;
  seriesId: number;
  cutoffStep: number;
  horizon: number;
  contextLength: number;
  columnSteps: number;
  names: string[];
  maps: number[];
  branches: string[];
  gate: number[];
}

/** Ids of the datasets that a selection is about, in the order of their names. */
async function datasetsOf(context: Context, { dataset, runId }: ForecastQuery): Promise<string[]> {
  const values: unknown[] = [context.workspaceId];
  const where = ['d.workspace_id = $1'];
  if (dataset !== undefined) where.push(`d.name = $${values.push(dataset)}`);
  if (runId !== undefined)
    where.push(
      `d.id = (SELECT s.dataset_id FROM forecast f JOIN series s ON s.id = f.series_id WHERE f.run_id = $${values.push(runId)} LIMIT 1)`,
    );
  const rows = await context.query<{ id: string }>(`SELECT d.id FROM dataset d WHERE ${where.join(' AND ')} ORDER BY d.name`, values);
  return rows.map(({ id }) => id);
}

/** Where a page would join and sort so much more than it shows that ranges of series are faster. */
async function isLong(context: Context, { dataset, runId, uniqueId }: ForecastQuery): Promise<boolean> {
  if (uniqueId !== undefined) return false;
  if (runId === undefined) return dataset !== undefined;
  const [row] = await context.query<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM (SELECT FROM forecast WHERE run_id = $1 LIMIT ${LONG_RUN}) few`,
    [runId],
  );
  return row!.rows === LONG_RUN;
}

/** The rows of a page, and one more where there is one. */
async function pageOfMany(context: Context, query: ForecastQuery): Promise<Row[]> {
  const wanted = limitOf(query) + 1;
  const from = keyOf(query, 4)?.[1] as string | undefined;
  const rows: Row[] = [];
  for (const dataset of await datasetsOf(context, query)) {
    for await (const ids of rangesOf(context, dataset, { named: [], from, size: wanted })) {
      rows.push(...(await rowsOf(context, query, dataset, ids)));
      if (rows.length >= wanted) return rows.slice(0, wanted);
    }
  }
  return rows;
}

function rowsOf(context: Context, query: ForecastQuery, dataset: string, ids: readonly number[]): Promise<Row[]> {
  const conditions = (value: (given: unknown) => string): string[] => [`d.id = ${value(dataset)}`, `s.id = ANY(${value(ids)}::bigint[])`];
  return context.query<Row>(...statement(context.workspaceId, query, conditions));
}

/** Ids of the series of a dataset, so many at a time, in the order of their names. @param of.named none: all of them */
async function* rangesOf(
  context: Context,
  dataset: string,
  { named, from, size }: { named: readonly string[]; from?: string | undefined; size: number },
): AsyncGenerator<number[], void> {
  for (let [place, begins] = [from, '>=']; ;) {
    const values: unknown[] = [dataset];
    const where = ['dataset_id = $1'];
    if (named.length > 0) where.push(`unique_id = ANY($${values.push(named)}::text[])`);
    if (place !== undefined) where.push(`unique_id ${begins} $${values.push(place)}`);
    const rows = await context.query<{ id: number; uniqueId: string }>(
      `SELECT id::float8 AS id, unique_id AS "uniqueId" FROM series WHERE ${where.join(' AND ')} ORDER BY unique_id LIMIT ${size}`,
      values,
    );
    if (rows.length > 0) yield rows.map(({ id }) => id);
    if (rows.length < size) return;
    [place, begins] = [rows.at(-1)!.uniqueId, '>'];
  }
}

/** @param also further conditions, in place of a limit */
function statement(workspaceId: string, query: ForecastQuery, also?: (value: (given: unknown) => string) => string[]): [string, unknown[]] {
  const values: unknown[] = [workspaceId];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const where = ['d.workspace_id = $1', ...(also?.(value) ?? [])];
  if (query.dataset !== undefined) where.push(`d.name = ${value(query.dataset)}`);
  if (query.uniqueId !== undefined) where.push(`s.unique_id = ANY(${value([query.uniqueId].flat())}::text[])`);
  const byModel = query.model === undefined ? '' : `AND m.name = ${value(query.model)}`;
  const after: Key | undefined = keyOf(query, 4);
  const order = 'd.name, s.unique_id, f.cutoff_step, f.run_id';
  if (after) where.push(`(${order}) > (${after.map(value).join(', ')})`);
  const all = `FROM forecast f JOIN series s ON s.id = f.series_id JOIN dataset d ON d.id = s.dataset_id ${MADE_BY}`;
  let from = all;
  if (query.runId !== undefined) where.push(`f.run_id = ${value(query.runId)} ${byModel}`);
  else if (query.history) from = `${all} ${byModel} JOIN run r ON r.id = f.run_id AND r.status = 'succeeded'`;
  else
    from = `FROM dataset d JOIN series s ON s.dataset_id = d.id
         CROSS JOIN LATERAL (SELECT f.* FROM forecast f JOIN run r ON r.id = f.run_id AND r.status = 'succeeded' ${MADE_BY}
           WHERE f.series_id = s.id ${byModel} ORDER BY f.cutoff_step DESC, f.made_at DESC LIMIT 1) f ${MADE_BY}`;
  const limit = also ? '' : `LIMIT ${limitOf(query) + 1}`;
  return [`SELECT ${FIELDS} ${from} WHERE ${where.join(' AND ')} ORDER BY ${order} ${limit}`, values];
}

/** Calendar grids: the view needs the steps of the horizon, which no observation has reached yet. */
async function ensureHorizon(context: Context, rows: readonly NewForecast[]): Promise<void> {
  const grids = await context.query<{ frequency: string; timeZone: string }>(
    `SELECT DISTINCT d.frequency, d.time_zone AS "timeZone" FROM series s JOIN dataset d ON d.id = s.dataset_id
     WHERE s.id = ANY ($1) AND d.step_ms IS NULL`,
    [rows.map((row) => row.seriesId)],
  );
  let from = Infinity;
  let to = -Infinity;
  for (const row of rows) {
    from = Math.min(from, row.cutoffStep + 1);
    to = Math.max(to, row.cutoffStep + row.horizon);
  }
  for (const { frequency, timeZone } of grids) await ensureGridSteps(context, frequency, timeZone, from, to);
}

function encode(workspaceId: string, runId: string, modelVersionId: string, rows: readonly NewForecast[]): CopyRows {
  const out = new CopyRows();
  const [workspace, run, version] = [workspaceId, runId, modelVersionId].map((id) => Buffer.from(id.replaceAll('-', ''), 'hex'));
  for (const row of rows) {
    out.row(12);
    out.bytes(workspace!);
    out.bytes(run!);
    out.int8(row.seriesId);
    out.bytes(version!);
    out.int8(row.cutoffStep);
    out.int8((row.cutoffTime.getTime() - POSTGRES_EPOCH_MS) * 1000);
    out.int4(row.horizon);
    out.float8Array(row.levels);
    out.float8Array(row.quantiles);
    if (row.calibration === undefined) out.null();
    else out.bytes(Buffer.from(row.calibration));
    if (row.modelQuantiles === undefined) out.null();
    else out.float8Array(row.modelQuantiles);
    if (row.notes === undefined || row.notes.length === 0) out.null();
    else out.bytes(Buffer.from(JSON.stringify(row.notes)));
  }
  return out;
}
