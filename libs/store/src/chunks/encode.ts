/** A chunk as a row of COPY binary. */
import type { CopyRows } from '../postgres/binary.js';
import type { Chunk } from './layout.js';

export const CHUNK_COLUMNS =
  'workspace_id, series_id, channel, chunk_no, valid_from, first_step, length, count, min, max, lows, highs, values';

export interface ChunkPlace {
  workspaceId: string;
  seriesId: number;
  channel: number;
  chunkNo: number;
  /** First version that has it. */
  version: number;
}

export function encodeChunk(rows: CopyRows, place: ChunkPlace, chunk: Chunk): void {
  rows.row(13);
  rows.bytes(Buffer.from(place.workspaceId.replaceAll('-', ''), 'hex'));
  rows.int8(place.seriesId);
  rows.int2(place.channel);
  rows.int4(place.chunkNo);
  rows.int4(place.version);
  rows.int8(chunk.firstStep);
  rows.int4(chunk.values.length);
  rows.int4(chunk.count);
  rows.float8(chunk.min);
  rows.float8(chunk.max);
  if (chunk.lows) rows.float8Array(chunk.lows);
  else rows.null();
  if (chunk.highs) rows.float8Array(chunk.highs);
  else rows.null();
  rows.float8Array(chunk.values);
}
