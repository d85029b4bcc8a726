/**
 * Puts pieces of series into chunks of one dataset version, inside the caller's transaction.
 *
 * Invariants: a piece overwrites only the steps it has values for; a chunk that would stay as it is is not written; of
 * one chunk at most one row is current. Memory holds two batches: one being filled, one on its way.
 */
import type { PoolClient } from 'pg';
import { CopyRows, float8ArrayLength, readFloat8Array, readInt8 } from '../postgres/binary.js';
import { copyInAsOwner, copyOutAll, literal } from '../postgres/transfer.js';
import type { SeriesPiece } from '../records.js';
import { CHUNK_COLUMNS, encodeChunk } from './encode.js';
import { CHUNK_STEPS, chunkOf, PLACE, TARGET, toChunk } from './layout.js';
import { resolveSeries, type SeriesIds } from './seriesIds.js';

/** 2048 chunks are 16 MB. */
const BATCH_CHUNKS = 2048;

export interface ChunkTarget {
  workspaceId: string;
  datasetId: string;
  version: number;
  /** Channel numbers by name. */
  channels: ReadonlyMap<string, number>;
}

interface Part {
  id: string;
  channel: number;
  chunkNo: number;
  /** All steps of the chunk; NaN where the pieces say nothing. */
  dense: Float64Array;
}

export class ChunkWriter {
  private parts = new Map<string, Part>();
  private statics = new Map<string, NonNullable<SeriesPiece['staticCovariates']>>();
  /** Series without an observation that keep a place. */
  private places = new Set<string>();
  private last: Part | undefined;
  private sending: Promise<void> = Promise.resolve();
  /** Chunks written, and observations of the target added (corrections add none). */
  chunks = 0;
  observations = 0;
  /** True where a static covariate changed. */
  staticsChanged = false;

  constructor(
    private readonly client: PoolClient,
    private readonly target: ChunkTarget,
  ) {}

  async add(piece: SeriesPiece): Promise<void> {
    const channel = piece.channel === undefined ? TARGET : this.target.channels.get(piece.channel);
    if (channel === undefined) throw new Error(`Channel "${piece.channel}" is not among those the dataset was written with.`);
    if (piece.staticCovariates) this.statics.set(piece.id, piece.staticCovariates);
    if (channel === TARGET && piece.values.length === 0) this.places.add(piece.id);
    const end = piece.firstStep + piece.values.length;
    for (let step = piece.firstStep; step < end;) {
      const chunkNo = chunkOf(step);
      const stop = Math.min(end, (chunkNo + 1) * CHUNK_STEPS);
      const part = await this.part(piece.id, channel, chunkNo);
      for (let s = step; s < stop; s += 1) {
        const value = piece.values[s - piece.firstStep]!;
        if (!Number.isNaN(value)) part.dense[s - chunkNo * CHUNK_STEPS] = value;
      }
      step = stop;
    }
  }

  async finish(): Promise<void> {
    await this.send();
    await this.sending;
  }

  private async part(id: string, channel: number, chunkNo: number): Promise<Part> {
    const { last } = this;
    if (last && last.chunkNo === chunkNo && last.channel === channel && last.id === id) return last;
    const key = `${channel} ${chunkNo} ${id}`;
    let part = this.parts.get(key);
    if (!part) {
      if (this.parts.size >= BATCH_CHUNKS) await this.send();
      part = { id, channel, chunkNo, dense: new Float64Array(CHUNK_STEPS).fill(NaN) };
      this.parts.set(key, part);
    }
    this.last = part;
    return part;
  }

  /** Waits for the batch before, then lets this one go without waiting. */
  private async send(): Promise<void> {
    await this.sending;
    const { parts, statics, places } = this;
    this.parts = new Map();
    this.statics = new Map();
    this.places = new Set();
    this.last = undefined;
    this.sending = this.write([...parts.values()], statics, places);
    // Awaited by the next send or by finish; this only keeps Node from calling it unhandled meanwhile.
    this.sending.catch(() => undefined);
  }

  private async write(parts: Part[], statics: Map<string, object>, places: ReadonlySet<string>): Promise<void> {
    const ids = new Set(parts.map((part) => part.id));
    for (const id of [...statics.keys(), ...places]) ids.add(id);
    if (ids.size === 0) return;
    const series = await resolveSeries(this.client, this.target, [...ids]);
    if (statics.size > 0) await this.writeStatics(series, statics);
    if (places.size > 0) await this.writePlaces([...places].map((id) => series.ids.get(id)!));
    const stored = await this.lookUp(parts, series);
    const rows = new CopyRows();
    const replaced: Part[] = [];
    let written = 0;
    for (const part of parts) {
      const before = stored.get(keyOf(series.ids.get(part.id)!, part.channel, part.chunkNo));
      if (before && !overlay(part.dense, before.dense)) continue;
      const chunk = toChunk(part.chunkNo, part.dense);
      if (!chunk) continue;
      if (before) replaced.push(part);
      const { workspaceId, version } = this.target;
      encodeChunk(rows, { workspaceId, seriesId: series.ids.get(part.id)!, channel: part.channel, chunkNo: part.chunkNo, version }, chunk);
      written += 1;
      if (part.channel === TARGET) this.observations += chunk.count - (before?.count ?? 0);
    }
    if (written === 0) return;
    await this.close(replaced, series);
    await copyInAsOwner(this.client, `series_chunk (${CHUNK_COLUMNS})`, rows);
    this.chunks += written;
    await this.measure(series, parts);
  }

  /** Current rows of these chunks, spread over all their steps. */
  private async lookUp(parts: Part[], series: SeriesIds): Promise<Map<string, { dense: Float64Array; count: number }>> {
    const known = parts.filter((part) => !series.made.has(part.id));
    const found = new Map<string, { dense: Float64Array; count: number }>();
    if (known.length === 0) return found;
    const [ids, channels, numbers] = keysOf(known, series);
    const rows = await copyOutAll(
      this.client,
      `SELECT c.series_id, c.channel, c.chunk_no, c.first_step, c.count, c.values
       FROM unnest(${literal(ids, 'bigint')}, ${literal(channels, 'smallint')}, ${literal(numbers, 'integer')}) AS k(series_id, channel, chunk_no)
       JOIN series_chunk c ON c.series_id = k.series_id AND c.channel = k.channel AND c.chunk_no = k.chunk_no AND c.valid_to IS NULL`,
    );
    for (const [seriesId, channel, chunkNo, firstStep, count, values] of rows) {
      const no = chunkNo!.readInt32BE();
      const dense = new Float64Array(CHUNK_STEPS).fill(NaN);
      if (float8ArrayLength(values!) > 0) readFloat8Array(values!, dense, readInt8(firstStep!) - no * CHUNK_STEPS);
      found.set(keyOf(readInt8(seriesId!), channel!.readInt16BE(), no), { dense, count: count!.readInt32BE() });
    }
    return found;
  }

  /** Ends the current rows of these chunks; those that this very version made were never seen and go away. */
  private async close(parts: Part[], series: SeriesIds): Promise<void> {
    if (parts.length === 0) return;
    const values = [...keysOf(parts, series), this.target.version];
    await this.client.query(
      `DELETE FROM series_chunk c USING unnest($1::bigint[], $2::smallint[], $3::integer[]) AS k(series_id, channel, chunk_no)
       WHERE c.series_id = k.series_id AND c.channel = k.channel AND c.chunk_no = k.chunk_no AND c.valid_to IS NULL AND c.valid_from = $4`,
      values,
    );
    await this.client.query(
      `UPDATE series_chunk c SET valid_to = $4 FROM unnest($1::bigint[], $2::smallint[], $3::integer[]) AS k(series_id, channel, chunk_no)
       WHERE c.series_id = k.series_id AND c.channel = k.channel AND c.chunk_no = k.chunk_no AND c.valid_to IS NULL`,
      values,
    );
  }

  /** First step and length of the series whose target was written. */
  private async measure(series: SeriesIds, parts: Part[]): Promise<void> {
    const ids = new Set(parts.filter((part) => part.channel === TARGET).map((part) => series.ids.get(part.id)!));
    await this.client.query(
      `UPDATE series s SET first_step = m.first_step, length = m.length
       FROM (SELECT series_id, min(first_step) AS first_step, max(first_step + length) - min(first_step) AS length
             FROM series_chunk WHERE series_id = ANY ($1) AND channel = ${TARGET} AND valid_to IS NULL GROUP BY series_id) m
       WHERE s.id = m.series_id AND (s.first_step, s.length) IS DISTINCT FROM (m.first_step, m.length)`,
      [[...ids]],
    );
  }

  private async writePlaces(ids: readonly number[]): Promise<void> {
    const { rowCount } = await this.client.query(
      `INSERT INTO series_chunk (workspace_id, series_id, channel, chunk_no, valid_from, first_step, length, count, min, max, values)
       SELECT $1, g.id, ${PLACE.channel}, ${PLACE.chunkNo}, $2, 0, 0, 0, 0, 0, '{}' FROM unnest($3::bigint[]) AS g(id)
       WHERE NOT EXISTS (SELECT 1 FROM series_chunk c WHERE c.series_id = g.id AND c.channel = ${PLACE.channel} AND c.valid_to IS NULL)`,
      [this.target.workspaceId, this.target.version, ids],
    );
    this.chunks += rowCount ?? 0;
  }

  private async writeStatics(series: SeriesIds, statics: Map<string, object>): Promise<void> {
    const ids = [...statics.keys()].map((id) => series.ids.get(id)!);
    const values = [ids, [...statics.values()].map((value) => JSON.stringify(value))];
    const made = [...series.made].map((id) => series.ids.get(id)!);
    await this.client.query(
      `INSERT INTO series_static_history (workspace_id, series_id, valid_to, static)
       SELECT s.workspace_id, s.id, $3, s.static FROM series s JOIN unnest($1::bigint[], $2::jsonb[]) AS g(id, static) USING (id)
       WHERE s.static <> g.static AND s.id <> ALL ($4) ON CONFLICT DO NOTHING`,
      [...values, this.target.version, made],
    );
    const { rowCount } = await this.client.query(
      `UPDATE series s SET static = g.static FROM unnest($1::bigint[], $2::jsonb[]) AS g(id, static)
       WHERE s.id = g.id AND s.static <> g.static`,
      values,
    );
    if (rowCount) this.staticsChanged = true;
  }
}

function keyOf(seriesId: number, channel: number, chunkNo: number): string {
  return `${seriesId} ${channel} ${chunkNo}`;
}

function keysOf(parts: Part[], series: SeriesIds): [number[], number[], number[]] {
  return [parts.map((part) => series.ids.get(part.id)!), parts.map((part) => part.channel), parts.map((part) => part.chunkNo)];
}

/** Fills what `dense` does not say from `before`; false where that leaves everything as it was. */
function overlay(dense: Float64Array, before: Float64Array): boolean {
  let changed = false;
  for (let i = 0; i < dense.length; i += 1) {
    const old = before[i]!;
    if (Number.isNaN(dense[i])) dense[i] = old;
    else if (dense[i] !== old) changed = true;
  }
  return changed;
}
