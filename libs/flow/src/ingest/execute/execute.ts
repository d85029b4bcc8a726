/**
 * ingest: an uploaded file becomes a version of a dataset, whole or not at all.
 *
 * The file is read by a process of its own (reader.ts), which finds out what it is, puts every row on the grid and sends
 * series as arrays; this side applies the fill policy and hands them to the store, which writes them in one transaction.
 */
import { AlmanacError, canMean, Frequency } from '@almanac/series';
import { asSeasonLengths, type Findings, type IngestOptions, type IngestResult, type RunProgress } from '@almanac/contracts';
import { DEFAULT_INGEST_LIMITS, type IngestLimits, type ObjectStore } from '@almanac/platform';
import { conflictWith, type DatasetDefinition, type DatasetRecord, type SeriesPiece, type Store } from '@almanac/store';
import { type Quotas, refuseSize } from '../../quota/index.js';
import { categoryOf, textsAmong } from '../../runs/categories.js';
import { closedDays } from '../closedDays.js';
import { closuresOf, declaresClosures, hasClosures } from '../closures.js';
import { describe, enoughSteps } from '../findings.js';
import { fillZeros, NOTHING_STORED, type Stored } from '../fill.js';
import type { Piece } from '../frames.js';
import type { HeadMessage, RejectedLine } from '../protocol.js';
import { reading } from '../reading.js';
import { byLine, zerosRefusal } from '../oddWords.js';
import { spanRefusal } from '../span.js';
import { storedSteps } from '../stored.js';
import { Tally } from '../tally.js';

export interface IngestDependencies {
  store: Store;
  objects: ObjectStore;
  limits?: IngestLimits | undefined;
  quotas?: Quotas | undefined;
  /** By the database's clock. */
  now: () => Date;
}

export interface IngestRequest {
  uploadId: string;
  options: IngestOptions;
  /** Rejected rows are kept under it, and the version it makes counts it as its maker. */
  runId?: string;
  onProgress?: (progress: RunProgress) => void;
  signal?: AbortSignal;
  /** Stands or falls with what is stored: one transaction. */
  beside?: ((within: Store) => Promise<unknown>) | undefined;
}

const PROGRESS_MS = 250;

/**
 * Reads an upload into its dataset. The same bytes read the same way twice change nothing; a dry run never does.
 * @returns what was found, and the version that was made; null after a dry run
 * @throws AlmanacError with the reason why the file was refused; nothing was changed then
 */
export async function ingestUpload(
  { store, objects, limits = DEFAULT_INGEST_LIMITS, quotas, now }: IngestDependencies,
  request: IngestRequest,
): Promise<IngestResult> {
  const started = performance.now();
  const { options, runId, signal } = request;
  const seconds = (): number => (performance.now() - started) / 1000;
  const upload = await store.uploads.get(request.uploadId);
  const dataset = await store.datasets.find(options.dataset);
  const before = options.dryRun ? null : await store.uploads.findCommitted(options.dataset, upload.sha256, upload.mapping);
  if (before?.findings && before.no === dataset?.currentVersion) {
    await request.beside?.(store);
    return {
      dataset: options.dataset,
      version: before.no,
      unchanged: true,
      seconds: seconds(),
      refusal: null,
      findings: before.findings as Findings,
    };
  }

  // A run that is tried again starts from nothing.
  if (runId !== undefined) await store.runs.clearRejectedRows(runId);
  request.onProgress?.({ phase: 'reading', message: `Reading ${upload.fileName}`, fraction: null });
  return objects.withFile(upload.objectKey, async (path) => {
    const known = gridFor(options, dataset);
    const closures = known === undefined ? await closuresOf(options) : undefined;
    const channels = dataset === null ? [] : await store.datasets.channels(dataset.id);
    const storedTexts = textsAmong(channels.map(({ name }) => name));
    const job = {
      path,
      fileName: upload.fileName,
      options,
      grid: known,
      stored: extentOf(options, dataset),
      closures,
      limits,
      storedTexts,
      now: now().getTime(),
    };
    const onRejects = async (rows: RejectedLine[]): Promise<void> => {
      if (runId !== undefined) await store.runs.addRejectedRows(runId, rows);
    };
    return reading(job, { signal, onRejects }, async (read) => {
      const { head, spans } = read;
      const readSeconds = seconds();
      const seasons = seasonsOf(head, options, dataset);
      const tally = new Tally(enoughSteps(seasons), seasons);
      const named = tally.before(read.pieces());
      const zero = options.fillPolicy === 'zero';
      const stored =
        options.mode === 'append' && dataset !== null
          ? (): Promise<Stored> => storedSteps(store, options.dataset, zero ? undefined : spans.map(({ id }) => id))
          : (): Promise<Stored> => Promise.resolve(NOTHING_STORED);
      const grid = Frequency.parse(head.frequency, head.timeZone);
      const tooFar = (known: Stored): AlmanacError | undefined =>
        spanRefusal({ spans, dataset: options.dataset, grid, filled: zero, stored: known, limits, where: lineAt(head) }) ??
        (zero ? zerosRefusal(head.odd, grid) : undefined);
      // A dry run says what it found before it says that it is too far; nothing is filled then.
      const refusedSpan = options.dryRun ? tooFar(await stored()) : undefined;
      const inReach = async (): Promise<Stored> => {
        const known = await stored();
        const refused = options.dryRun ? undefined : tooFar(known);
        if (refused) throw refused;
        return known;
      };
      const filled = zero && !refusedSpan ? filledWith(named, head.lastStep, inReach) : checked(named, inReach);
      const pieces = reported(tally.after(filled), tally, head, request.onProgress);
      const whole = options.mode === 'replace' || dataset === null;
      const findings = (): Findings => {
        const first = Math.min(tally.firstStep ?? Infinity, dataset?.firstStep ?? Infinity);
        const last = Math.max(tally.lastStep ?? -Infinity, dataset?.lastStep ?? -Infinity);
        const seasonLengths = seasonsOf(head, options, dataset, last - first + 1);
        const named = spans.map(({ id }) => id);
        return describe(head, tally, {
          named,
          duplicates: read.duplicates,
          seconds: readSeconds,
          whole,
          seasonLengths,
          dropped: options.dropPartialSteps,
        });
      };

      if (options.dryRun) {
        while (!(await pieces.next()).done) signal?.throwIfAborted();
        const refusal =
          read.refusal ??
          inShort(refusedSpan) ??
          inShort(await refusalBy(store, dataset, definitionOf(options, head), tally, upload.fileName, head));
        const { firstStep, lastStep } = tally;
        const closed = firstStep === null ? null : await closedDays(grid, tally.rhythms.absent(), firstStep, lastStep ?? firstStep);
        const found = { ...findings(), closedDays: closed };
        return { dataset: options.dataset, version: null, unchanged: false, seconds: seconds(), refusal, findings: found };
      }
      // A series without an event in a part of a step is no zero of the step.
      const zeroed: { id: string; step: number }[] = [];
      const version = {
        dataset: definitionOf(options, head),
        uploadId: upload.id,
        runId: runId ?? null,
        mode: options.mode,
        pieces: asStored(withZeros(pieces, head, zeroed), head.channels),
        summary: () => {
          if (tally.observations === 0) throw noValues(upload.fileName, head);
          const found = findings();
          const partialSteps = options.dropPartialSteps ? [] : [...head.partial.series, ...zeroed];
          return { rowsRead: found.rowsRead, rowsRejected: found.rowsRejected, findings: found, partialSteps };
        },
        refuse: await refuseSize({ store, quotas }),
        signal,
      };
      const written = await store.transaction(async (within) => {
        const done = await within.series.writeVersion(version);
        await request.beside?.(within);
        return done;
      });
      // After the version is there for everybody, so that a failure here costs nothing but disk.
      if (!written.unchanged) await store.datasets.compact(written.datasetId);
      return {
        dataset: options.dataset,
        version: written.version,
        unchanged: written.unchanged,
        seconds: seconds(),
        refusal: null,
        findings: findings(),
      };
    });
  });
}

/**
 * A dataset keeps the grid it has, so a few rows to append need not tell it again; `M` may mean it; and public holidays that
 * were declared again are those that it was made with.
 */
function gridFor(options: IngestOptions, dataset: DatasetRecord | null): string | undefined {
  if (dataset === null) return undefined;
  const own = Frequency.parse(dataset.frequency, dataset.timeZone);
  if (options.frequency !== 'auto' && !canMean(options.frequency, own)) return undefined;
  return declaresClosures(options) && !hasClosures(own, options) ? undefined : dataset.frequency;
}

/** First and last step of what the file is added to. */
function extentOf({ mode }: IngestOptions, dataset: DatasetRecord | null): { firstStep: number; lastStep: number } | undefined {
  const { firstStep = null, lastStep = null } = mode === 'append' && dataset ? dataset : {};
  return firstStep === null || lastStep === null ? undefined : { firstStep, lastStep };
}

function lineAt({ odd }: HeadMessage): (id: string, step: number) => string | undefined {
  return (id, step) => {
    const row = odd.ends.find((one) => one.id === id && one.step === step);
    return row && byLine(row);
  };
}

function definitionOf(options: IngestOptions, head: HeadMessage): DatasetDefinition {
  return {
    name: options.dataset,
    frequency: head.frequency,
    timeZone: head.timeZone,
    aggregation: options.aggregation ?? null,
    fillPolicy: options.fillPolicy,
    seasonLengths: options.seasonLength === undefined ? null : asSeasonLengths(options.seasonLength),
    // A value of a text is a channel of the covariate that it is a value of.
    pastCovariates: head.channels.filter((name) => options.pastCovariates.includes(categoryOf(name) ?? name)),
    futureCovariates: head.channels.filter((name) => !options.pastCovariates.includes(categoryOf(name) ?? name)),
  };
}

/** Asked for with the first piece, when the writer holds the dataset: nobody else changes it then. */
async function* filledWith(pieces: AsyncIterable<Piece>, lastStep: number | null, stored: () => Promise<Stored>): AsyncGenerator<Piece> {
  yield* fillZeros(pieces, lastStep, await stored());
}

async function* checked(pieces: AsyncIterable<Piece>, check: () => Promise<unknown>): AsyncGenerator<Piece> {
  await check();
  yield* pieces;
}

/** Notes who has a value in the steps that the events of all cover in part. */
async function* withZeros(
  pieces: AsyncIterable<Piece>,
  { partial }: HeadMessage,
  noted: { id: string; step: number }[],
): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    const { id, channel, firstStep, values } = piece;
    if (channel === 0) for (const step of partial.steps) if (!Number.isNaN(values[step - firstStep] ?? NaN)) noted.push({ id, step });
    yield piece;
  }
}

async function* asStored(pieces: AsyncIterable<Piece>, channels: readonly string[]): AsyncGenerator<SeriesPiece> {
  for await (const { id, channel, firstStep, values, statics } of pieces) {
    yield { id, firstStep, values, channel: channel === 0 ? undefined : channels[channel - 1], staticCovariates: statics };
  }
}

async function* reported(
  pieces: AsyncIterable<Piece>,
  tally: Tally,
  head: HeadMessage,
  onProgress: IngestRequest['onProgress'],
): AsyncGenerator<Piece> {
  let reported = 0;
  for await (const piece of pieces) {
    const now = performance.now();
    if (onProgress && now - reported > PROGRESS_MS) {
      reported = now;
      const fraction = head.series === 0 ? null : Math.min(1, tally.series / head.series);
      onProgress({ phase: 'writing', message: `Writing series ${tally.series} of ${head.series}`, fraction, rows: head.rowsRead });
    }
    yield piece;
  }
}

/** Steps per season as they will be taken: as declared now or before, else those of the grid. */
function seasonsOf(head: HeadMessage, { seasonLength }: IngestOptions, dataset: DatasetRecord | null, span = 0): number[] {
  if (seasonLength !== undefined) return asSeasonLengths(seasonLength);
  return dataset?.seasonLengths ?? Frequency.parse(head.frequency, head.timeZone).seasonLengths(span);
}

/** What the store would say to a file that the reader has nothing against. */
async function refusalBy(
  store: Store,
  dataset: DatasetRecord | null,
  definition: DatasetDefinition,
  tally: Tally,
  fileName: string,
  head: HeadMessage,
): Promise<AlmanacError | undefined> {
  if (tally.observations === 0) return noValues(fileName, head);
  return dataset === null ? undefined : conflictWith(dataset, await store.datasets.channels(dataset.id), definition);
}

const inShort = (error: AlmanacError | undefined): IngestResult['refusal'] =>
  error === undefined ? null : { code: error.code, detail: error.message, hint: error.hint ?? null };

function noValues(fileName: string, { leftOut }: HeadMessage): AlmanacError {
  if (leftOut > 0)
    return new AlmanacError(
      'RANGE_WITHOUT_VALUES',
      `No row of ${fileName} within the stated range has a value; ${leftOut.toLocaleString('en')} lie outside.`,
      {
        hint: 'Give another `from` or `to`, or the zone of the times (timeZone).',
        subject: { file: fileName, leftOut },
      },
    );
  return new AlmanacError('NO_VALUES', `${fileName} has rows, but no value in any of them.`, {
    hint: 'Name the column that holds the values with valueColumn, or count rows with aggregation count.',
    subject: { file: fileName },
  });
}
