/**
 * The histories of a file, forecast and not stored. The file is read by the reader of uploads, with its rules, its refusals by line and
 * what it says of the data; rows without a value after the last one of a series are its future, and hold what is known of it.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type FilePredictionRequest, type IngestOptions, ingestOptions, PREDICTION_LIMITS, type Run } from '@almanac/contracts';
import { DEFAULT_INGEST_LIMITS } from '@almanac/platform';
import { AlmanacError, Frequency } from '@almanac/series';
import { closuresOf, declaresClosures, hasClosures } from '../ingest/closures.js';
import { enoughSteps, leftOutWarning, partialWarning, stepFindings } from '../ingest/findings.js';
import type { Piece } from '../ingest/frames.js';
import { oddWarnings } from '../ingest/oddWords.js';
import type { HeadMessage } from '../ingest/protocol.js';
import { type Reading, reading } from '../ingest/reading.js';
import { Tally } from '../ingest/tally.js';
import { categoryOf } from '../runs/categories.js';
import type { FlowContext } from '../runs/context.js';
import { type InlineSeries, refuseLaid } from './inline.js';
import { coldOf, gridOf, horizonOf, modelOf, type Named, otherClosures, predictOn } from './request.js';

const MOST_BYTES = 64 * 2 ** 20;

export interface SentFile {
  fileName: string;
  content: Readable;
  /** To be asked once it was read. @throws AlmanacError where it did not arrive whole */
  whole: () => Promise<void>;
}

/** @throws AlmanacError PREDICTION_TOO_LARGE, what a file is refused with, and what `requestPrediction` refuses */
export async function requestFilePrediction(context: FlowContext, file: SentFile, asked: FilePredictionRequest): Promise<Run> {
  const named = await modelOf(context, asked.model);
  const folder = await mkdtemp(join(tmpdir(), 'almanac-file-'));
  try {
    const path = join(folder, 'file');
    await pipeline(file.content, upTo(MOST_BYTES), createWriteStream(path));
    await file.whole();
    const limits = context.ingest ?? DEFAULT_INGEST_LIMITS;
    const job = { path, fileName: file.fileName, limits, now: context.now().getTime(), ...(await waysOf(asked, named)) };
    const { grid, series, horizon, warnings } = await reading(job, {}, (read) => historiesOf(read, asked, named));
    const request = { ...asked, series, horizon, frequency: grid.code, timeZone: grid.timeZone };
    return await predictOn(context, request, { named, grid, warnings: () => warnings });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Ways = Pick<Parameters<typeof reading>[0], 'options' | 'grid' | 'closures'>;

/** How the file is read; a model has a grid, which its series fit. */
async function waysOf(asked: FilePredictionRequest, named: Named | undefined): Promise<Ways> {
  const known = Object.entries(asked).filter(([key]) => Object.hasOwn(ingestOptions.shape, key));
  const grid = named && gridOf({ series: [], ...asked }, named.dataset);
  if (named && grid && declaresClosures(asked) && !hasClosures(grid, asked)) throw otherClosures(named, grid);
  const timeZone = grid?.timeZone ?? asked.timeZone ?? 'UTC';
  // A file without a column of ids holds one series.
  const options: IngestOptions = ingestOptions.parse({ ...Object.fromEntries(known), timeZone, dataset: 'series' });
  return { options, grid: grid?.code, closures: grid ? undefined : await closuresOf(asked) };
}

interface Histories {
  grid: Frequency;
  series: InlineSeries[];
  horizon: number | undefined;
  warnings: string[];
}

async function historiesOf(read: Reading, asked: FilePredictionRequest, named: Named | undefined): Promise<Histories> {
  const { head, spans } = read;
  const grid = Frequency.parse(head.frequency, head.timeZone);
  const channels = 1 + head.channels.length;
  refuseLaid({
    series: spans.length,
    observations: spans.reduce((sum, { rows }) => sum + rows, 0),
    laid: spans.reduce((sum, { firstStep, lastStep }) => sum + channels * (lastStep - firstStep + 1), 0),
  });
  const seasons = grid.seasonLengths();
  const tally = new Tally(enoughSteps(seasons), seasons);
  const pieces = new Map<string, Piece[]>();
  for await (const piece of tally.after(tally.before(read.pieces()))) {
    // The arrays belong to whoever takes them.
    const known = pieces.get(piece.id);
    if (known) known.push(piece);
    else pieces.set(piece.id, [piece]);
  }
  const future = head.channels.flatMap((name, no) => (asked.futureCovariates.includes(categoryOf(name) ?? name) ? [no + 1] : []));
  const lastOf = (of: readonly Piece[], wanted: readonly number[]): number =>
    of.reduce(
      (last, { channel, firstStep, values }) =>
        wanted.includes(channel) && values.length > 0 ? Math.max(last, firstStep + values.length - 1) : last,
      -Infinity,
    );
  const observed = [...pieces].filter(([, of]) => lastOf(of, [0]) > -Infinity);
  // Rows without a value: what is known of a series that a model which starts cold forecasts from the first of them on.
  const startOf = new Map(spans.map(({ id, firstStep }) => [id, firstStep]));
  const unobserved = coldOf(named) ? [...pieces].filter(([, of]) => lastOf(of, [0]) === -Infinity) : [];
  const ahead = Math.max(0, ...observed.map(([, of]) => lastOf(of, future) - lastOf(of, [0])));
  const horizon = asked.horizon ?? (ahead > 0 ? ahead : undefined);
  const steps = horizonOf({ ...asked, horizon }, grid, named);
  const series = [...observed, ...unobserved].map(([id, of]) =>
    historyOf(id, of, { head, grid, future, ahead: steps, start: startOf.get(id)! }),
  );
  const taken = new Set(series.map(({ uniqueId }) => uniqueId));
  const empty = spans.flatMap(({ id }) => (taken.has(id) ? [] : [id]));
  const warnings = [
    ...head.warnings,
    ...oddWarnings(head.odd, grid),
    ...leftOutWarning(head.leftOut),
    ...head.rejections.map(({ rule, count, examples }) => {
      const lines = examples.flatMap(({ line }) => line ?? []).join(', ');
      return `${count.toLocaleString('en')} ${count === 1 ? 'row was' : 'rows were'} rejected as ${rule}${lines === '' ? '' : ` (first at line ${lines})`}.`;
    }),
    ...partialWarning(grid, head.partial, asked.dropPartialSteps),
    ...(empty.length > 0
      ? [`Without any value, and without a forecast: ${empty.slice(0, 5).join(', ')}${empty.length > 5 ? ' …' : ''}.`]
      : []),
    ...stepFindings(grid, tally, named?.version.model),
  ];
  if (series.length > 0) return { grid, series, horizon, warnings };
  throw new AlmanacError('NO_VALUES', 'The file has rows, but no value in any of them.', {
    hint: head.leftOut > 0 ? 'Give another `from` or `to`.' : 'Name the column that holds the values with valueColumn.',
    subject: { series: empty.slice(0, 5) },
  });
}

interface Frame {
  head: HeadMessage;
  grid: Frequency;
  /** Channels of future covariates. */
  future: readonly number[];
  /** Steps for which they are wanted. */
  ahead: number;
  /** First step that the series has a row for. */
  start: number;
}

/** One series of a request. */
function historyOf(id: string, pieces: readonly Piece[], { head, grid, future, ahead, start }: Frame): InlineSeries {
  const target = pieces.filter(({ channel, values }) => channel === 0 && values.length > 0);
  const [from, to] = [target[0], target.at(-1)];
  const first = from?.firstStep ?? start;
  const length = to ? to.firstStep + to.values.length - first : 0;
  const laid = (channel: number, size: number): (number | null)[] => {
    const all = new Array<number | null>(size).fill(null);
    for (const piece of pieces)
      if (piece.channel === channel)
        for (const [at, value] of piece.values.entries()) {
          const place = piece.firstStep + at - first;
          if (place >= 0 && place < size && !Number.isNaN(value)) all[place] = value;
        }
    return all;
  };
  const named = (wanted: boolean, size: number): Record<string, (number | null)[]> =>
    Object.fromEntries(
      head.channels.flatMap((name, no) =>
        future.includes(no + 1) === wanted && pieces.some(({ channel }) => channel === no + 1) ? [[name, laid(no + 1, size)]] : [],
      ),
    );
  const statics = Object.entries(pieces.find((piece) => piece.statics)?.statics ?? {});
  const staticCovariates = Object.fromEntries(statics.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
  const [past, known] = [named(false, length), named(true, length + ahead)];
  return {
    uniqueId: id,
    start: grid.wire(first),
    y: laid(0, length),
    ...(Object.keys(past).length > 0 ? { pastCovariates: past } : {}),
    ...(Object.keys(known).length > 0 ? { futureCovariates: known } : {}),
    ...(statics.length > 0 ? { staticCovariates } : {}),
  };
}

/** @throws AlmanacError PREDICTION_TOO_LARGE */
function upTo(most: number): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void> {
  return async function* (source) {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > most)
        throw new AlmanacError('PREDICTION_TOO_LARGE', `The file has more than ${most / 2 ** 20} MB.`, {
          hint: `Send at most ${PREDICTION_LIMITS.observations.toLocaleString('en')} rows, or upload the file as a dataset.`,
          subject: { bytes: most },
          status: 413,
        });
      yield chunk;
    }
  };
}
