/**
 * pull: what is new at a source becomes uploads with ingest runs, which store it and move the watermark in one transaction.
 *
 * Invariants: how far a source has been read is what was stored, never what was only read, so that whatever breaks off is read again;
 * nothing is read while what was read before is not stored; of two who read at a time one makes an upload (the turn of the source).
 * Steps that are read twice are the same steps, so nothing is doubled.
 */
import { type PullResult, pullResult } from '@almanac/contracts';
import {
  DEFAULT_SOURCE_LIMITS,
  listBucket,
  readHttps,
  readObject,
  readQuery,
  type SourceLimits,
  type StoredObject,
} from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import type { Json, SourceRecord, SourceUpload } from '@almanac/store';
import { forgetContent } from '../../erase/index.js';
import { type SourceMark, sourceMark } from '../../ingest/plan.js';
import { requestIngest } from '../../ingest/request.js';
import { withinBytes } from '../../quota/index.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readSource } from '../read.js';

/** Objects of a bucket that one run takes; the rest comes with the next. */
const OBJECTS_AT_ONCE = 50;

type Context = RunContext<PlannedRun<'pull'>>;
/** Something of the source that has arrived. */
interface Arrived {
  object: StoredObject;
  fileName: string;
  mark: Pick<SourceMark, 'since' | 'rows' | 'next' | 'object' | 'more'>;
}

/** @throws AlmanacError SOURCE_NOT_FOUND, SOURCE_EMPTY, QUOTA_EXCEEDED, and what readers and uploads are refused for */
export async function executePull(context: Context): Promise<Json> {
  const { store, run, report } = context;
  const source = await store.sources.get(run.config.source);
  await store.sources.began(source.id, run.id);
  const uploads = await store.sources.uploads(source.id, run.id);
  const mine = uploads.map(markOf).filter(({ mark }) => mark.pull === run.id);
  if (uploads.some(({ open, plan }) => open && sourceMark.parse(plan).pull !== run.id)) return result(context, 'busy', mine);
  void report({ phase: 'reading', message: `Reading ${source.name}`, fraction: null });
  const made = readSource(source).from.kind === 's3' ? await pullBucket(context, source, mine) : await pullOne(context, source, mine);
  return result(context, made.outcome, made.uploads);
}

interface Upload {
  runId: string;
  mark: SourceMark;
}
const markOf = ({ id, plan }: SourceUpload): Upload => ({ runId: id, mark: sourceMark.parse(plan) });

function result({ run }: Context, outcome: PullResult['outcome'], uploads: readonly Upload[]): Json {
  const marks = uploads.map(({ mark }) => mark);
  const rows = marks.flatMap((mark) => (mark.rows === null ? [] : [mark.rows]));
  return pullResult.parse({
    source: run.config.source,
    outcome: uploads.length > 0 ? 'read' : outcome,
    rows: rows.length > 0 ? rows.reduce((a, b) => a + b) : null,
    bytes: marks.reduce((sum, { bytes }) => sum + bytes, 0),
    ingestRunIds: uploads.map(({ runId }) => runId),
    since: marks[0]?.since ?? null,
    watermark: marks.at(-1)?.next.watermark ?? null,
    more: marks.at(-1)?.more ?? false,
  }) as unknown as Json;
}

interface Made {
  outcome: PullResult['outcome'];
  uploads: Upload[];
}

/** A query or a file. */
async function pullOne(context: Context, source: SourceRecord, mine: Upload[]): Promise<Made> {
  if (mine.length > 0) return { outcome: 'read', uploads: mine };
  const arrived = await (readSource(source).from.kind === 'https' ? file(context, source) : query(context, source));
  if (arrived === null) return { outcome: 'nothingNew', uploads: [] };
  const { state } = readSource(source);
  if (!context.run.config.full && arrived.object.sha256 === state.sha256) {
    await forgetContent(context, arrived.object.sha256);
    // The server may have said the same under another tag.
    await context.store.sources.advance(source.id, source.revision, { ...arrived.mark.next });
    return { outcome: 'nothingNew', uploads: [] };
  }
  const upload = await hand(context, source, source.turn, arrived);
  return upload ? { outcome: 'read', uploads: [upload] } : { outcome: 'busy', uploads: [] };
}

async function query(context: Context, source: SourceRecord): Promise<Arrived | null> {
  const { store, objects, signal, run } = context;
  const { from, options, state } = readSource(source);
  if (from.kind !== 'postgres') throw new Error(`A source of the kind ${from.kind} is no query.`);
  const since = run.config.full ? undefined : state.watermark;
  const password = await store.sources.secret(source.name);
  const watermark = from.watermark === undefined ? undefined : { column: from.watermark, since, reread: from.reread };
  const { content, read } = readQuery({ url: from.url, password, query: from.query, watermark }, limitsOf(context), signal);
  const object = await objects.put(withinBytes(context, content));
  if (read.rows === 0) {
    await forgetContent(context, object.sha256);
    if (options.mode === 'replace')
      throw new AlmanacError('SOURCE_EMPTY', `The query of "${source.name}" gives no rows: "${options.dataset}" stays as it was.`, {
        hint: 'Look whether the table is being filled anew; a dataset that is to be empty is deleted.',
        subject: { source: source.name, dataset: options.dataset },
        status: 422,
      });
    return null;
  }
  const next = { sha256: object.sha256, ...(read.watermark === null ? {} : { watermark: read.watermark }) };
  return { object, fileName: `${source.name}.csv`, mark: { since: since ?? null, rows: read.rows, next, more: false } };
}

async function file(context: Context, source: SourceRecord): Promise<Arrived | null> {
  const { store, objects, signal, run } = context;
  const { from, state } = readSource(source);
  if (from.kind !== 'https') throw new Error(`A source of the kind ${from.kind} is no file.`);
  const authorization = await store.sources.secret(source.name);
  const known = run.config.full ? {} : { etag: state.etag || undefined, lastModified: state.lastModified || undefined };
  const answer = await readHttps({ url: from.url, authorization, ...known }, limitsOf(context), signal);
  if (answer === null) return null;
  const object = await objects.put(withinBytes(context, answer.content));
  const { etag, lastModified, fileName } = answer;
  // What the server no longer says is forgotten, or the next question would be about an older file.
  const next = { sha256: object.sha256, etag: etag ?? '', lastModified: lastModified ?? '' };
  return { object, fileName, mark: { since: null, rows: null, next, more: false } };
}

async function pullBucket(context: Context, source: SourceRecord, mine: Upload[]): Promise<Made> {
  const { store, objects, signal, run, report } = context;
  const { from } = readSource(source);
  if (from.kind !== 's3') throw new Error(`A source of the kind ${from.kind} is no bucket.`);
  if (run.config.full && mine.length === 0) await store.sources.forgetObjects(source.id);
  const bucket = { ...from, secretAccessKey: (await store.sources.secret(source.name)) ?? '' };
  const limits = limitsOf(context);
  const listed = await listBucket(bucket, limits, signal);
  const stored = await store.sources.stored(source.id, listed);
  const made = new Set(mine.map(({ mark }) => mark.object?.key));
  const waiting = listed.filter(({ key }) => !stored.has(key) && !made.has(key));
  const taken = waiting.slice(0, Math.max(0, OBJECTS_AT_ONCE - mine.length));
  const uploads = [...mine];
  let turn = source.turn;
  for (const [at, { key, etag }] of taken.entries()) {
    void report({ phase: 'reading', message: `Reading ${key}`, fraction: at / taken.length });
    const object = await objects.put(withinBytes(context, await readObject(bucket, { key, etag }, limits, signal)));
    const more = waiting.length > taken.length;
    const mark = { since: null, rows: null, next: {}, object: { key, etag }, more };
    const upload = await hand(context, source, turn, { object, fileName: key.split('/').at(-1)!, mark });
    if (!upload) return { outcome: 'busy', uploads };
    uploads.push(upload);
    turn += 1;
  }
  return { outcome: 'nothingNew', uploads };
}

/** Undefined where somebody else reads it, or it was changed or deleted meanwhile: then nothing was made. */
async function hand(
  context: Context,
  source: SourceRecord,
  turn: number,
  { object, fileName, mark }: Arrived,
): Promise<Upload | undefined> {
  const { id, name, revision } = source;
  const full: SourceMark = { ...mark, id, name, revision, pull: context.run.id, bytes: object.bytes };
  const { options } = readSource(source);
  try {
    context.signal.throwIfAborted();
    const { runId } = await requestIngest(context, {
      fileName,
      object,
      options,
      source: full,
      beside: async (within) => {
        if (!(await within.sources.takeTurn(id, { revision, turn }))) throw new TurnTaken();
      },
    });
    return { runId, mark: full };
  } catch (error) {
    await forgetContent(context, object.sha256);
    if (error instanceof TurnTaken) return undefined;
    throw error;
  }
}

class TurnTaken extends Error {}

const limitsOf = ({ sources = DEFAULT_SOURCE_LIMITS }: Context): SourceLimits => sources;
