/**
 * Values of one series for a chart: never more points than asked for. A long range is cut into buckets of equal width, of
 * which minimum and maximum are kept, so that no peak is lost; wide buckets are made of stored block extremes, without
 * reading a value.
 */
import { notFound, versionDropped } from '../errors.js';
import { readInt8, toFloat64Array, type Field } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import { copyOutAll } from '../postgres/transfer.js';
import type { SeriesRange } from '../records.js';
import { BLOCK_STEPS, blockOf, chunkOf } from './layout.js';

/** Buckets of three blocks and more are rounded to whole blocks: at most a third wider than asked for. */
const BLOCKS_FROM_WIDTH = 3 * BLOCK_STEPS;

/** What there is of a channel in a version: first step, and the step after the last. */
const EXTENT = `
  SELECT min(c.first_step)::float8 AS first, max(c.first_step + c.length)::float8 AS end, v.channel, v.version, v.dropped
  FROM (SELECT s.id, ch.channel, coalesce($3::integer, d.current_version) AS version,
          EXISTS (SELECT 1 FROM dataset_version dv WHERE dv.dataset_id = d.id AND dv.no = $3 AND dv.dropped_at IS NOT NULL) AS dropped
        FROM series s JOIN dataset d ON d.id = s.dataset_id JOIN dataset_channel ch ON ch.dataset_id = d.id
        WHERE s.id = $1 AND s.workspace_id = $2 AND ch.name = $4) v
  LEFT JOIN series_chunk c ON c.series_id = v.id AND c.channel = v.channel
    AND c.valid_from <= v.version AND (c.valid_to IS NULL OR c.valid_to > v.version)
  GROUP BY v.channel, v.version, v.dropped`;

interface Extent {
  first: number | null;
  end: number | null;
  channel: number;
  version: number;
  dropped: boolean;
}

export interface RangeQuery {
  fromStep?: number;
  toStep?: number;
  maxPoints?: number;
  channel?: string;
  version?: number;
}

export async function readRange(context: Context, seriesId: number, query: RangeQuery): Promise<SeriesRange> {
  return context.withClient(async (client) => {
    const { rows: found } = await client.query<Extent>(EXTENT, [
      seriesId,
      context.workspaceId,
      query.version ?? null,
      query.channel ?? 'y',
    ]);
    const extent = found[0];
    if (!extent) throw notFound(query.channel === undefined ? 'series' : 'channel', query.channel ?? String(seriesId));
    if (extent.dropped) throw versionDropped(extent.version);
    if (extent.first === null || extent.end === null) return empty();
    const from = Math.max(extent.first, query.fromStep ?? -Infinity);
    const to = Math.min(extent.end - 1, query.toStep ?? Infinity);
    if (to < from) return empty();
    const plan = planOf(from, to, query.maxPoints ?? Infinity);
    const rows = await copyOutAll(
      client,
      `SELECT first_step, ${plan.byBlock ? 'lows, highs, CASE WHEN lows IS NULL THEN values END' : 'NULL, NULL, values'}
       FROM series_chunk WHERE series_id = ${seriesId} AND channel = ${extent.channel} AND chunk_no BETWEEN ${chunkOf(from)} AND ${chunkOf(to)}
         AND valid_from <= ${extent.version} AND (valid_to IS NULL OR valid_to > ${extent.version}) ORDER BY chunk_no`,
    );
    return plan.width === 1 ? exact(rows, from, to) : bucketed(rows, plan);
  });
}

interface Plan {
  from: number;
  to: number;
  /** Steps per bucket. */
  width: number;
  buckets: number;
  byBlock: boolean;
}

function planOf(from: number, to: number, maxPoints: number): Plan {
  const steps = to - from + 1;
  if (steps <= maxPoints) return { from, to, width: 1, buckets: steps, byBlock: false };
  const wanted = Math.max(1, Math.floor(maxPoints / 2));
  const width = Math.ceil(steps / wanted);
  if (width < BLOCKS_FROM_WIDTH) return { from, to, width, buckets: Math.ceil(steps / width), byBlock: false };
  // Whole blocks: the first and the last bucket may reach up to 59 steps beyond the range.
  const firstBlock = blockOf(from);
  const blocks = blockOf(to) - firstBlock + 1;
  const perBucket = Math.ceil(blocks / wanted);
  const start = firstBlock * BLOCK_STEPS;
  return {
    from: start,
    to: start + blocks * BLOCK_STEPS - 1,
    width: perBucket * BLOCK_STEPS,
    buckets: Math.ceil(blocks / perBucket),
    byBlock: true,
  };
}

function exact(rows: Field[][], from: number, to: number): SeriesRange {
  const length = to - from + 1;
  const values = new Float64Array(length).fill(NaN);
  for (const [firstStep, , , field] of rows) {
    const first = readInt8(firstStep!);
    const chunk = toFloat64Array(field!);
    const start = Math.max(first, from);
    const end = Math.min(first + chunk.length, to + 1);
    if (start < end) values.set(chunk.subarray(start - first, end - first), start - from);
  }
  return { steps: Float64Array.from({ length }, (_, i) => from + i), values, downsampled: false };
}

/** Two points per bucket: its minimum at its first step, its maximum in its middle. */
function bucketed(rows: Field[][], plan: Plan): SeriesRange {
  const lows = new Float64Array(plan.buckets).fill(NaN);
  const highs = new Float64Array(plan.buckets).fill(NaN);
  const take = (step: number, low: number, high: number): void => {
    if (step < plan.from || step > plan.to || Number.isNaN(low)) return;
    const bucket = Math.floor((step - plan.from) / plan.width);
    if (!(lows[bucket]! <= low)) lows[bucket] = low;
    if (!(highs[bucket]! >= high)) highs[bucket] = high;
  };
  for (const [firstStep, lowField, highField, valueField] of rows) {
    const first = readInt8(firstStep!);
    if (valueField) {
      const values = toFloat64Array(valueField);
      for (let i = 0; i < values.length; i += 1) take(first + i, values[i]!, values[i]!);
    } else {
      const low = toFloat64Array(lowField!);
      const high = toFloat64Array(highField!);
      for (let i = 0; i < low.length; i += 1) take((blockOf(first) + i) * BLOCK_STEPS, low[i]!, high[i]!);
    }
  }
  const steps = new Float64Array(2 * plan.buckets);
  const values = new Float64Array(2 * plan.buckets);
  for (let bucket = 0; bucket < plan.buckets; bucket += 1) {
    const start = plan.from + bucket * plan.width;
    steps[2 * bucket] = start;
    steps[2 * bucket + 1] = Math.min(plan.to, start + Math.floor(plan.width / 2));
    values[2 * bucket] = lows[bucket]!;
    values[2 * bucket + 1] = highs[bucket]!;
  }
  return { steps, values, downsampled: true };
}

function empty(): SeriesRange {
  return { steps: new Float64Array(0), values: new Float64Array(0), downsampled: false };
}
