/** How steps lie in chunks: fixed ranges of the absolute grid, so that a step's chunk is known without a lookup. */

/** Steps per chunk: 40 days of hours, ten days of quarter hours. */
export const CHUNK_STEPS = 960;
/** Steps per block, whose minimum and maximum are kept beside the values. */
export const BLOCK_STEPS = 60;
/** Shorter chunks keep no block extremes; their values are as quick to read. */
export const BLOCKS_FROM_STEPS = 2 * BLOCK_STEPS;
export const TARGET = 0;
/**
 * The channel of a mark without values: in the versions that hold it, the series has a place though it may have no observation. It
 * lies behind every chunk, so that no cut by time reaches it.
 */
export const PLACE = { channel: -1, chunkNo: 2_147_483_647 } as const;

export function chunkOf(step: number): number {
  return Math.floor(step / CHUNK_STEPS);
}

export function blockOf(step: number): number {
  return Math.floor(step / BLOCK_STEPS);
}

/** A chunk ready to be stored: no missing values at either end. */
export interface Chunk {
  firstStep: number;
  values: Float64Array;
  count: number;
  min: number;
  max: number;
  /** Extremes per block from the one that holds `firstStep`; NaN where a block has no value; null for short chunks. */
  lows: Float64Array | null;
  highs: Float64Array | null;
}

/** @param dense all CHUNK_STEPS values of a chunk; NaN is missing. @returns undefined where nothing is there */
export function toChunk(chunkNo: number, dense: Float64Array): Chunk | undefined {
  let start = 0;
  let end = dense.length;
  while (start < end && Number.isNaN(dense[start])) start += 1;
  while (end > start && Number.isNaN(dense[end - 1])) end -= 1;
  if (start === end) return undefined;
  const firstStep = chunkNo * CHUNK_STEPS + start;
  const values = dense.subarray(start, end);
  const withBlocks = values.length >= BLOCKS_FROM_STEPS;
  const base = blockOf(firstStep);
  const blocks = blockOf(firstStep + values.length - 1) - base + 1;
  const lows = new Float64Array(blocks).fill(NaN);
  const highs = new Float64Array(blocks).fill(NaN);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    count += 1;
    const block = blockOf(firstStep + i) - base;
    // Written so that a comparison with NaN takes the value.
    if (!(lows[block]! <= value)) lows[block] = value;
    if (!(highs[block]! >= value)) highs[block] = value;
  }
  let min = Infinity;
  let max = -Infinity;
  for (let block = 0; block < blocks; block += 1) {
    if (lows[block]! < min) min = lows[block]!;
    if (highs[block]! > max) max = highs[block]!;
  }
  return { firstStep, values, count, min, max, lows: withBlocks ? lows : null, highs: withBlocks ? highs : null };
}
