/**
 * A model version as one file, to keep or to take to another house: a tar of a manifest, the checkpoint's manifest and the
 * weights as they lie in object storage.
 * Invariants: the manifest names the hash of each file and carries its own, and nothing is imported that does not match; the
 * same version gives the same bytes; memory does not grow with the weights; an import goes through the registry like a training, with a
 * run that says where it came from.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ModelVersion, modelVersion } from '@almanac/contracts';
import type { CheckpointManifest } from '@almanac/forecasting';
import { isKind } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import { packed, type StoredObject, type TarFile, unpacked } from '@almanac/platform';
import type { AliasName, DatasetRecord, Json, Store } from '@almanac/store';
import { z } from 'zod';
import type { FlowContext } from '../runs/context.js';
import { learnedUntil } from '../register/learned.js';
import { namedVersion } from '../register/reference.js';
import { toModelVersion } from '../register/wire.js';

const FORMAT = 'almanac-model';
const VERSION = 1;
const MANIFEST = 'manifest.json';
const CHECKPOINT = 'checkpoint.json';
const WEIGHTS = 'weights.f32';
const MOST_ARCHIVE_BYTES = 1 << 30;
/** Of a manifest, which is kept in memory. */
const MOST_JSON_BYTES = 16 << 20;

const file = z.object({ sha256: z.string(), bytes: z.number().int() });
const manifestOfArchive = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  model: z.string(),
  modelVersion: z.number().int(),
  kind: z.string(),
  horizon: z.number().int().positive(),
  config: z.record(z.string(), z.unknown()),
  metrics: z.record(z.string(), z.unknown()),
  lineage: modelVersion.shape.lineage,
  frequency: z.string(),
  timeZone: z.string(),
  /** Last step that training saw: an instant, or the step itself where steps are plain integers. */
  learnedUntil: z.union([z.iso.datetime(), z.number().int()]).nullable(),
  createdAt: z.iso.datetime(),
  files: z.object({ [CHECKPOINT]: file, [WEIGHTS]: file }),
  /** sha256 of the manifest without this. */
  digest: z.string(),
});
const tensorsOf = z.array(z.object({ shape: z.array(z.number().int().nonnegative()), offset: z.number().int().nonnegative() }));
type Manifest = z.infer<typeof manifestOfArchive>;

/** @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, OBJECT_NOT_FOUND */
export async function exportVersion(
  { store, objects }: Pick<FlowContext, 'store' | 'objects'>,
  model: string,
  named: number | AliasName,
): Promise<{ no: number; archive: Readable }> {
  const version = await namedVersion({ store }, model, named);
  const { no } = version;
  const { datasetId } = await store.models.get(model);
  const { frequency, timeZone } = await store.datasets.getById(datasetId);
  const checkpoint = await objects.readAll(version.manifestKey);
  // Its key is its hash; its size is what counting says.
  const weights = { sha256: version.weightsKey, bytes: await bytesOf(await objects.read(version.weightsKey)) };
  const { lineage } = await toModelVersion(store, version);
  const until = await learnedUntil(store, version, datasetId);
  // How fast it was trained is about the machine.
  const metrics = { ...version.metrics, pace: undefined };
  const manifest = {
    format: FORMAT,
    version: VERSION,
    model,
    modelVersion: no,
    kind: version.kind,
    horizon: version.horizon,
    config: version.config,
    metrics,
    lineage,
    frequency,
    timeZone,
    learnedUntil: until === undefined ? null : writtenStep(Frequency.parse(frequency, timeZone), until),
    createdAt: version.createdAt.toISOString(),
    files: { [CHECKPOINT]: described(checkpoint), [WEIGHTS]: weights },
  };
  const text = JSON.stringify({ ...manifest, digest: sha256(JSON.stringify(manifest)) }, null, 2);
  const inMemory = (name: string, content: Buffer): TarFile => ({ name, size: content.length, content: Readable.from([content]) });
  const opened = async function* (): AsyncGenerator<Uint8Array> {
    yield* (await objects.read(version.weightsKey)) as AsyncIterable<Uint8Array>;
  };
  const stored = { name: WEIGHTS, size: weights.bytes, content: opened() };
  return { no, archive: packed([inMemory(MANIFEST, Buffer.from(`${text}\n`)), inMemory(CHECKPOINT, checkpoint), stored]) };
}

const writtenStep = (grid: Frequency, step: number): string | number =>
  grid.kind === 'integer' ? step : new Date(grid.timeOf(step)).toISOString();

/** Archives before wrote a plain integer as a date of 1970, too. */
const readStep = (grid: Frequency, written: string | number): number =>
  typeof written === 'number' ? written : grid.floorStep(Date.parse(written));

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of content) bytes += chunk.length;
  return bytes;
}

export interface ImportOptions {
  /** To forecast; the one it was trained on unless given. */
  dataset?: string | undefined;
  /** Name in the registry; the one it had unless given. */
  model?: string | undefined;
}

/** An archive whose manifests have been read and judged; its weights are still to come. */
export interface OpenedArchive {
  /** Of the manifest, which names the hash of everything else: two archives with the same one are the same. */
  digest: string;
  /**
   * Adds what it holds to the registry; importing it again finds it there. It bears no alias: somebody decides on that.
   * The weights are stored as they arrive, and never if their hash is another.
   * @throws AlmanacError ARCHIVE_INVALID, ARCHIVE_BROKEN, ARCHIVE_TOO_LARGE, MODEL_OF_OTHER_DATASET
   */
  register(): Promise<ModelVersion>;
  /** Reads no more of it. */
  close(): Promise<void>;
}

/** @throws AlmanacError ARCHIVE_INVALID, ARCHIVE_BROKEN, ARCHIVE_TOO_NEW, ARCHIVE_TOO_LARGE, ARCHIVE_OF_OTHER_GRID, DATASET_NOT_FOUND */
export async function openArchive(
  context: FlowContext,
  archive: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<OpenedArchive> {
  const files = unpacked(upTo(archive, MOST_ARCHIVE_BYTES), invalid);
  const close = async (): Promise<void> => void (await files.return());
  try {
    const small = new Map<string, Buffer>();
    for (let next = await files.next(); !next.done; next = await files.next()) {
      const { name, size, content } = next.value;
      if (name === WEIGHTS) {
        const { manifest, checkpoint } = opened(small, size);
        const dataset = await datasetFor(context.store, manifest, options);
        const register = async (): Promise<ModelVersion> => {
          const stored = await context.objects.put(whole(content, name, manifest.files[WEIGHTS].sha256));
          for await (const { name: more } of files) if (more === WEIGHTS || small.has(more)) throw invalid(`it has "${more}" twice`);
          return add(context, { manifest, checkpoint, weights: stored, dataset }, options.model ?? manifest.model);
        };
        return { digest: manifest.digest, register, close };
      }
      if (small.has(name)) throw invalid(`it has "${name}" twice`);
      if (name === MANIFEST || name === CHECKPOINT) {
        if (size > MOST_JSON_BYTES) throw invalid(`${name} has ${size} bytes`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of content) chunks.push(chunk);
        small.set(name, Buffer.concat(chunks));
      }
    }
    throw invalid(`it has no ${WEIGHTS}`);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens an archive and registers it. @throws AlmanacError as both do */
export async function importVersion(
  context: FlowContext,
  archive: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<ModelVersion> {
  const opening = await openArchive(context, archive, options);
  return opening.register().finally(() => opening.close());
}

interface Verified {
  manifest: Manifest;
  checkpoint: Buffer;
  weights: StoredObject;
  dataset: DatasetRecord;
}

async function add(
  { store, objects, codeVersion }: FlowContext,
  { manifest, checkpoint, weights, dataset }: Verified,
  model: string,
): Promise<ModelVersion> {
  await store.models.ensure(model, dataset.id);
  const before = await store.models.findVersion(model, { importedDigest: manifest.digest });
  if (before) return toModelVersion(store, before);
  const described = await objects.put(checkpoint);
  const imported = { digest: manifest.digest, model: manifest.model, version: manifest.modelVersion };
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const learnedUntilStep = manifest.learnedUntil === null ? null : readStep(grid, manifest.learnedUntil);
  const record = await store.transaction(async (within) => {
    const run = await within.runs.create({
      kind: 'import',
      dataset: dataset.name,
      model,
      seed: manifest.lineage.seed,
      codeVersion,
      config: { imported, lineage: manifest.lineage, learnedUntilStep },
    });
    await within.runs.claim(run.id, 'import');
    const { id } = await within.models.ensure(model, dataset.id);
    const { kind, horizon, config, metrics } = manifest;
    const keys = { manifestKey: described.sha256, weightsKey: weights.sha256, sha256: weights.sha256 };
    const added = await within.models.addVersion(id, { runId: run.id, kind, horizon, config, metrics: { ...metrics, imported }, ...keys });
    await within.runs.succeed(run.id, { model, version: added.no, imported });
    return added;
  });
  return toModelVersion(store, record);
}

async function datasetFor(store: Store, manifest: Manifest, options: ImportOptions): Promise<DatasetRecord> {
  const dataset = await store.datasets.get(options.dataset ?? manifest.lineage.dataset);
  const { frequency, timeZone } = dataset;
  if (frequency === manifest.frequency && timeZone === manifest.timeZone) return dataset;
  throw new AlmanacError(
    'ARCHIVE_OF_OTHER_GRID',
    `The model forecasts steps of ${manifest.frequency} (${manifest.timeZone}); "${dataset.name}" has steps of ${frequency} (${timeZone}).`,
    { hint: 'Name a dataset with the same frequency and time zone.', subject: { dataset: dataset.name }, status: 409 },
  );
}

/** What comes before the weights, which have `size` bytes. */
function opened(files: ReadonlyMap<string, Buffer>, size: number): { manifest: Manifest; checkpoint: Buffer } {
  const get = (name: string): Buffer => {
    const found = files.get(name);
    if (!found) throw invalid(`it has no ${name} before its ${WEIGHTS}`);
    return found;
  };
  const written = parsed(get(MANIFEST), MANIFEST);
  refuseNewer(written['format'] === FORMAT ? written['version'] : undefined, VERSION, 'archive');
  const { digest, ...rest } = written;
  if (digest !== sha256(JSON.stringify(rest))) throw broken(MANIFEST);
  const manifest = manifestOfArchive.safeParse(written);
  if (!manifest.success) throw invalid(manifest.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  if (sha256(get(CHECKPOINT)) !== manifest.data.files[CHECKPOINT].sha256) throw broken(CHECKPOINT);
  const checkpoint = parsed(get(CHECKPOINT), CHECKPOINT) as unknown as CheckpointManifest;
  refuseNewer(checkpoint.format === 'almanac-checkpoint' ? checkpoint.version : undefined, 1, 'checkpoint');
  if (!isKind(manifest.data.kind) || checkpoint.kind !== manifest.data.kind)
    throw invalid(`nobody here knows the kind of model "${manifest.data.kind}"`);
  const tensors = tensorsOf.safeParse(checkpoint.tensors);
  if (!tensors.success) throw invalid(`${CHECKPOINT} does not say where its weights are`);
  const floats = size / 4;
  if (!Number.isInteger(floats) || tensors.data.some(({ shape, offset }) => offset + shape.reduce((a, b) => a * b, 1) > floats))
    throw invalid(`${WEIGHTS} is smaller than ${CHECKPOINT} says`);
  return { manifest: manifest.data, checkpoint: get(CHECKPOINT) };
}

/** Content with this hash; whoever writes down another finds out at its end, before it is there. @throws AlmanacError ARCHIVE_BROKEN */
async function* whole(content: AsyncIterable<Uint8Array>, name: string, expected: string): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== expected) throw broken(name);
}

/** @throws AlmanacError ARCHIVE_TOO_LARGE */
async function* upTo(content: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > most)
      throw new AlmanacError('ARCHIVE_TOO_LARGE', `An archive may have ${most} bytes.`, {
        hint: 'Train the model here instead.',
        status: 413,
      });
    yield chunk;
  }
}

function parsed(bytes: Buffer, name: string): Json {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch {
    // Said below.
  }
  throw invalid(`${name} is not JSON`);
}

function refuseNewer(version: unknown, known: number, what: string): void {
  if (version === known) return;
  if (typeof version === 'number' && version > known)
    throw new AlmanacError('ARCHIVE_TOO_NEW', `The ${what} has format ${version}; this Almanac knows ${known}.`, {
      hint: 'Import it with the version of Almanac that wrote it, or a later one.',
      subject: { version, known },
    });
  throw invalid(`the ${what} has a format that nobody here knows`);
}

const broken = (name: string): AlmanacError =>
  new AlmanacError('ARCHIVE_BROKEN', `${name} of the archive is not what was exported: its hash differs.`, {
    hint: 'Export the version again; somebody or something has changed the file.',
    subject: { file: name },
  });
const described = (bytes: Buffer): { sha256: string; bytes: number } => ({ sha256: sha256(bytes), bytes: bytes.length });
const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

const invalid = (why: string): AlmanacError =>
  new AlmanacError('ARCHIVE_INVALID', `This is no archive of a model: ${why}.`, { hint: 'Send the file that the export gave, unchanged.' });
