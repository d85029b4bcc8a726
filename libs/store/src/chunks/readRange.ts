/**
 * Values of one series for a chart: never more points than asked for. A long range is cut into buckets of equal width, of
 * which minimum and maximum are kept, so that no peak is lost; wide buckets are made of stored block extremes, without
 * reading a value.
 *
 * One prepared statement finds the series, decides what to read, and reads it: dashboards ask this many times a second.
 */
import { notFound, versionDropped } from '../errors.js';
import { toFloat64Array } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import type { SeriesKey, SeriesRange } from '../records.js';
import { BLOCK_STEPS, blockOf, CHUNK_STEPS, PLACE } from './layout.js';

/** Buckets of three blocks and more are rounded to whole blocks: at most a third wider than asked for. */
const BLOCKS_FROM_WIDTH = 3 * BLOCK_STEPS;

const IN_VERSION =
  'c.series_id = t.series_id AND c.channel = t.channel AND c.valid_from <= t.version AND (c.valid_to IS NULL OR c.valid_to > t.version)';

/**
 * @param series FROM and WHERE that find the one series, its dataset and its channel
 * $1 workspace, $2 first and $3 last step, $4 points, $5 version, $6 channel, $7 stamp that the caller has. Arrays come in
 * the binary form that COPY has, which is read without an object per value. Each step is worked out once: a step that
 * is merged into the next is asked again for every chunk.
 */
const sqlFor = (series: string): string => `
  WITH t AS MATERIALIZED (
    SELECT d.id AS dataset_id, d.frequency, d.time_zone, coalesce($5::integer, d.current_version) AS version, s.id AS series_id, ch.channel
    ${series}
  ), range AS MATERIALIZED (
    SELECT t.*, t.dataset_id || '.' || t.version AS stamp,
      $5 IS NOT NULL AND EXISTS (SELECT 1 FROM dataset_version v WHERE v.dataset_id = t.dataset_id AND v.no = $5 AND v.dropped_at IS NOT NULL) AS dropped,
      greatest((SELECT c.first_step FROM series_chunk c WHERE ${IN_VERSION} ORDER BY c.chunk_no LIMIT 1), $2::bigint) AS first,
      least((SELECT c.first_step + c.length - 1 FROM series_chunk c WHERE ${IN_VERSION} ORDER BY c.chunk_no DESC LIMIT 1), $3::bigint) AS last
    FROM t
  ), plan AS MATERIALIZED (
    SELECT r.*, (last - first + 1)::float8 > $4::float8
      AND ceil((last - first + 1) / greatest(1, floor($4::float8 / 2))) >= ${BLOCKS_FROM_WIDTH} AS by_block
    FROM range r
  )
  SELECT t.dataset_id, t.frequency, t.time_zone, t.version, t.series_id, t.channel, t.stamp, t.dropped, t.first, t.last, t.by_block, c.first_step,
    CASE WHEN t.by_block THEN array_send(c.lows) END, CASE WHEN t.by_block THEN array_send(c.highs) END,
    CASE WHEN c.lows IS NULL OR NOT t.by_block THEN array_send(c.values) END
  FROM plan t LEFT JOIN series_chunk c ON ${IN_VERSION} AND t.stamp IS DISTINCT FROM $7
    AND c.chunk_no BETWEEN floor(t.first / ${CHUNK_STEPS}.0)::integer AND floor(t.last / ${CHUNK_STEPS}.0)::integer
  ORDER BY c.chunk_no`;

const BY_ID = {
  name: 'range-by-id',
  text: sqlFor(`FROM series s JOIN dataset d ON d.id = s.dataset_id AND s.id = $8
    LEFT JOIN dataset_channel ch ON ch.dataset_id = d.id AND ch.name = $6
    WHERE d.workspace_id = $1`),
};
const BY_NAME = {
  name: 'range-by-name',
  text: sqlFor(`FROM dataset d LEFT JOIN series s ON s.dataset_id = d.id AND s.unique_id = $9
      AND (s.length > 0 OR EXISTS (SELECT 1 FROM series_chunk p WHERE p.series_id = s.id AND p.channel = ${PLACE.channel} AND p.valid_to IS NULL))
    LEFT JOIN dataset_channel ch ON ch.dataset_id = d.id AND ch.name = $6
    WHERE d.workspace_id = $1 AND d.name = $8 AND d.current_version > 0`),
};

type Row = [
  datasetId: string,
  frequency: string,
  timeZone: string,
  version: number,
  seriesId: string | null,
  channel: number | null,
  stamp: string,
  dropped: boolean,
  first: string | null,
  last: string | null,
  byBlock: boolean | null,
  firstStep: string,
  lows: Buffer | null,
  highs: Buffer | null,
  values: Buffer | null,
];
type Chunk = { firstStep: number; lows: Buffer | null; highs: Buffer | null; values: Buffer | null };

export interface RangeQuery {
  fromStep?: number;
  toStep?: number;
  maxPoints?: number;
  channel?: string;
  version?: number;
  /** The `stamp` of an earlier answer: nothing is read where it would be the same again. */
  known?: string;
}

export async function readRange(context: Context, key: SeriesKey, query: RangeQuery): Promise<SeriesRange> {
  const { maxPoints = Infinity, channel = 'y', version = null } = query;
  const named = typeof key === 'object';
  const given = [context.workspaceId, query.fromStep ?? null, query.toStep ?? null, maxPoints, version, channel, query.known ?? null];
  const { rows } = await context.withClient((client) =>
    client.query<Row>({
      ...(named ? BY_NAME : BY_ID),
      values: [...given, ...(named ? [key.dataset, key.uniqueId] : [key])],
      rowMode: 'array',
    }),
  );
  if (!rows[0]) throw named ? notFound('dataset', key.dataset) : notFound('series', String(key));
  const [, frequency, timeZone, found, seriesId, channelNo, stamp, dropped, first, last, byBlock] = rows[0];
  if (seriesId === null && named) throw notFound('series', key.uniqueId);
  if (channelNo === null) throw notFound('channel', channel);
  if (dropped) throw versionDropped(found);
  const about = { frequency, timeZone, stamp };
  if (first === null || last === null || Number(last) < Number(first) || stamp === query.known) return { ...about, ...empty() };
  const chunks = rows.map(([, , , , , , , , , , , firstStep, lows, highs, values]): Chunk => ({
    firstStep: Number(firstStep),
    lows,
    highs,
    values,
  }));
  const plan = planOf(Number(first), Number(last), maxPoints, byBlock === true);
  return { ...about, ...(plan.width === 1 ? exact(chunks, plan) : bucketed(chunks, plan)) };
}

type Values = Pick<SeriesRange, 'steps' | 'values' | 'downsampled'>;

interface Plan {
  from: number;
  to: number;
  /** Steps per bucket. */
  width: number;
  buckets: number;
  byBlock: boolean;
}

function planOf(from: number, to: number, maxPoints: number, byBlock: boolean): Plan {
  const steps = to - from + 1;
  if (steps <= maxPoints) return { from, to, width: 1, buckets: steps, byBlock: false };
  const wanted = Math.max(1, Math.floor(maxPoints / 2));
  const width = Math.ceil(steps / wanted);
  if (!byBlock) return { from, to, width, buckets: Math.ceil(steps / width), byBlock: false };
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

function exact(chunks: readonly Chunk[], { from, to }: Plan): Values {
  const length = to - from + 1;
  const values = new Float64Array(length).fill(NaN);
  for (const { firstStep: first, values: field } of chunks) {
    if (!field) continue;
    const chunk = toFloat64Array(field);
    const start = Math.max(first, from);
    const end = Math.min(first + chunk.length, to + 1);
    if (start < end) values.set(chunk.subarray(start - first, end - first), start - from);
  }
  return { steps: Float64Array.from({ length }, (_, i) => from + i), values, downsampled: false };
}

/** Two points per bucket: its minimum at its first step, its maximum in its middle. */
function bucketed(chunks: readonly Chunk[], plan: Plan): Values {
  const lows = new Float64Array(plan.buckets).fill(NaN);
  const highs = new Float64Array(plan.buckets).fill(NaN);
  const take = (step: number, low: number, high: number): void => {
    if (step < plan.from || step > plan.to || Number.isNaN(low)) return;
    const bucket = Math.floor((step - plan.from) / plan.width);
    if (!(lows[bucket]! <= low)) lows[bucket] = low;
    if (!(highs[bucket]! >= high)) highs[bucket] = high;
  };
  for (const { firstStep: first, lows: lowField, highs: highField, values: valueField } of chunks) {
    if (valueField) {
      const values = toFloat64Array(valueField);
      for (let i = 0; i < values.length; i += 1) take(first + i, values[i]!, values[i]!);
    } else if (lowField && highField) {
      const low = toFloat64Array(lowField);
      const high = toFloat64Array(highField);
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

function empty(): Values {
  return { steps: new Float64Array(0), values: new Float64Array(0), downsampled: false };
}
