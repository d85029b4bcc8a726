/**
 * Reads the series of a dataset version as arrays, one series at a time, over COPY binary.
 *
 * Invariants: what is read belongs to one version and one view of the database, whatever is written meanwhile; memory holds
 * one series; there is no object per observation.
 */
import { AlmanacError } from '@almanac/series';
import { escapeLiteral } from 'pg';
import type { PoolClient } from 'pg';
import { notFound, versionDropped } from '../errors.js';
import { float8ArrayLength, readFloat8Array, readInt8 } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import { copyOut } from '../postgres/transfer.js';
import type { ReadPanel, StoredSeries } from '../records.js';
import { PLACE, TARGET } from './layout.js';

/** Values of one channel, growing chunk by chunk; steps between chunks are NaN. */
class Channel {
  private buffer: Float64Array;
  private length = 0;

  constructor(
    readonly firstStep: number,
    capacity: number,
  ) {
    this.buffer = new Float64Array(capacity);
  }

  append(firstStep: number, field: Buffer): void {
    const start = firstStep - this.firstStep;
    const end = start + float8ArrayLength(field);
    if (end > this.buffer.length) {
      const larger = new Float64Array(Math.max(end, 2 * this.buffer.length));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.fill(NaN, this.length, start);
    readFloat8Array(field, this.buffer, start);
    this.length = end;
  }

  /** A copy of the values up to a step, without missing ones at the end. */
  until(step: number): Float64Array {
    let end = Math.min(this.length, step - this.firstStep + 1);
    while (end > 0 && Number.isNaN(this.buffer[end - 1])) end -= 1;
    return this.buffer.slice(0, Math.max(0, end));
  }

  /** Values from `from` on; NaN before and after what is known. `length` steps, or as far as values reach. */
  aligned(from: number, length?: number): Float64Array {
    const out = new Float64Array(length ?? Math.max(0, this.firstStep + this.length - from)).fill(NaN);
    const start = Math.max(0, from - this.firstStep);
    const at = Math.max(0, this.firstStep - from);
    if (start < this.length && at < out.length) out.set(this.buffer.subarray(start, Math.min(this.length, start + out.length - at)), at);
    return out;
  }
}

interface Names {
  name: string;
  kind: 'target' | 'past' | 'future';
}

type Statics = Map<number, StoredSeries['staticCovariates']>;

export async function* readPanel(context: Context, datasetId: string, options: ReadPanel): AsyncGenerator<StoredSeries, void> {
  // A connection of its own: its transaction holds one view of the database for as long as the caller reads.
  const runner = context.dataSource.createQueryRunner();
  const client = (await runner.connect()) as PoolClient;
  let complete = false;
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const version = await versionOf(client, context.workspaceId, datasetId, options.version);
    const channels = await channelsOf(client, datasetId);
    const chosen = [
      `s.dataset_id = '${datasetId}'`,
      ...(options.between ? [`s.unique_id BETWEEN ${escapeLiteral(options.between.from)} AND ${escapeLiteral(options.between.to)}`] : []),
      ...(options.ids ? [`s.unique_id IN (SELECT jsonb_array_elements_text(${escapeLiteral(JSON.stringify(options.ids))}::jsonb))`] : []),
    ];
    const statics = await staticsOf(client, chosen, version);
    const until = options.untilStep ?? Infinity;
    let current: { seriesId: number; id: string; channels: Map<number, Channel> } | undefined;
    const conditions = [
      ...chosen,
      `c.valid_from <= ${version} AND (c.valid_to IS NULL OR c.valid_to > ${version})`,
      ...(options.covariates ? [] : [`c.channel IN (${TARGET}, ${PLACE.channel})`]),
      ...(options.places === undefined ? [`c.channel <> ${PLACE.channel}`] : []),
      // Future covariates are known beyond the cutoff: that is what they are for.
      ...(Number.isFinite(until) ? [`(c.first_step <= ${until} OR c.channel <> ${TARGET})`] : []),
    ];
    const sql = `SELECT s.id, s.unique_id, c.channel, c.first_step, ${valuesOf(channels, options)} FROM series s JOIN series_chunk c ON c.series_id = s.id
      WHERE ${conditions.join(' AND ')} ORDER BY s.unique_id, c.channel, c.chunk_no`;
    for await (const rows of copyOut(client, sql)) {
      for (const [idField, uniqueId, channelField, firstStepField, values] of rows) {
        const seriesId = readInt8(idField!);
        const channelNo = channelField!.readInt16BE();
        const firstStep = readInt8(firstStepField!);
        if (current?.seriesId !== seriesId) {
          options.signal?.throwIfAborted();
          const done = current && toSeries(current, channels, statics, options);
          current = { seriesId, id: uniqueId!.toString('utf8'), channels: new Map() };
          if (done) yield done;
        }
        let channel = current.channels.get(channelNo);
        if (!channel) current.channels.set(channelNo, (channel = new Channel(firstStep, float8ArrayLength(values!))));
        channel.append(firstStep, values!);
      }
    }
    complete = true;
    const done = current && toSeries(current, channels, statics, options);
    if (done) yield done;
  } finally {
    // A reader that stopped early leaves the connection in the middle of a COPY: it is thrown away.
    if (complete) await client.query('COMMIT');
    else await abandon(client);
    await runner.release();
  }
}

/** The values of a chunk, or others that are far outside them after a step. */
function valuesOf(channels: ReadonlyMap<number, Names>, { altered }: ReadPanel): string {
  if (!altered) return 'c.values';
  const future = [...channels].filter(([, { kind }]) => kind === 'future').map(([no]) => no);
  const after =
    future.length > 0 ? `CASE WHEN c.channel IN (${future.join()}) THEN ${altered.futureAfter} ELSE ${altered.after} END` : altered.after;
  return `CASE WHEN c.first_step + c.length - 1 <= ${after} THEN c.values ELSE
    (SELECT array_agg(CASE WHEN c.first_step + u.no - 1 <= ${after} THEN u.value
       ELSE (20 + 10 * sin(u.no * 12.9898 + c.channel)) * greatest(abs(c.min), abs(c.max), 1) END ORDER BY u.no)
     FROM unnest(c.values) WITH ORDINALITY u(value, no)) END AS values`;
}

async function abandon(client: PoolClient): Promise<void> {
  await (client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
}

function toSeries(
  read: { seriesId: number; id: string; channels: Map<number, Channel> },
  names: Map<number, Names>,
  statics: Statics,
  { untilStep = Infinity, places }: ReadPanel,
): StoredSeries | undefined {
  const target = read.channels.get(TARGET);
  const observed = target?.until(untilStep);
  const [firstStep, values] =
    target && observed && observed.length > 0
      ? [target.firstStep, observed]
      : places !== undefined && read.channels.has(PLACE.channel)
        ? [places, new Float64Array(0)]
        : [];
  if (firstStep === undefined || values === undefined) return undefined;
  const series: StoredSeries = {
    id: read.id,
    seriesId: read.seriesId,
    firstStep,
    values,
    staticCovariates: statics.get(read.seriesId) ?? {},
  };
  for (const [no, channel] of read.channels) {
    if (no === PLACE.channel) continue;
    const { name, kind } = names.get(no)!;
    if (kind === 'past') (series.pastCovariates ??= {})[name] = channel.aligned(firstStep, values.length);
    if (kind === 'future') (series.futureCovariates ??= {})[name] = channel.aligned(firstStep);
  }
  return series;
}

async function versionOf(client: PoolClient, workspaceId: string, datasetId: string, wanted: number | undefined): Promise<number> {
  const { rows } = await client.query<{ current: number }>(
    'SELECT current_version AS current FROM dataset WHERE workspace_id = $1 AND id = $2 AND current_version > 0',
    [workspaceId, datasetId],
  );
  if (!rows[0]) throw notFound('dataset', datasetId);
  const { current } = rows[0];
  if (wanted === undefined || wanted === current) return current;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > current) {
    throw new AlmanacError('DATASET_VERSION_NOT_FOUND', `The dataset has no version ${wanted}; the latest is ${current}.`, {
      hint: 'List the versions of the dataset.',
      subject: { version: wanted },
      status: 404,
    });
  }
  const { rows: dropped } = await client.query(
    'SELECT 1 FROM dataset_version WHERE dataset_id = $1 AND no = $2 AND dropped_at IS NOT NULL',
    [datasetId, wanted],
  );
  if (dropped.length > 0) throw versionDropped(wanted);
  return wanted;
}

async function channelsOf(client: PoolClient, datasetId: string): Promise<Map<number, Names>> {
  const { rows } = await client.query<Names & { channel: number }>(
    'SELECT channel, name, kind FROM dataset_channel WHERE dataset_id = $1',
    [datasetId],
  );
  return new Map(rows.map(({ channel, ...rest }) => [channel, rest]));
}

/** Static covariates of the chosen series, as the version had them: a run in parts reads the dataset many times, a few series each. */
async function staticsOf(client: PoolClient, chosen: readonly string[], version: number): Promise<Statics> {
  const { rows } = await client.query<{ id: string; static: StoredSeries['staticCovariates'] }>(
    `SELECT id, static FROM (
       SELECT s.id, coalesce((SELECT h.static FROM series_static_history h WHERE h.series_id = s.id AND h.valid_to > $1
         ORDER BY h.valid_to LIMIT 1), s.static) AS static FROM series s WHERE ${chosen.join(' AND ')}) v
     WHERE static <> '{}'`,
    [version],
  );
  return new Map(rows.map((row) => [Number(row.id), row.static]));
}
