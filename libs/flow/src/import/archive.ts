/**
 * A model version as one file, to keep or to take to another house: a tar of a manifest, the checkpoint's manifest and the
 * weights as they lie in object storage.
 * Invariants: the manifest names the hash of each file and carries its own, and nothing is imported that does not match; the
 * same version gives the same bytes; an import goes through the registry like a training, with a run that says where it came from.
 */
import { createHash } from 'node:crypto';
import { type ModelVersion, modelVersion } from '@almanac/contracts';
import type { CheckpointManifest } from '@almanac/forecasting';
import { isKind } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import type { AliasName, Json, Store } from '@almanac/store';
import { z } from 'zod';
import type { FlowContext } from '../runs/context.js';
import { learnedUntil } from '../register/learned.js';
import { namedVersion } from '../register/reference.js';
import { tarOf, untar } from './tar.js';
import { toModelVersion } from '../register/wire.js';

const FORMAT = 'almanac-model';
const VERSION = 1;
const MANIFEST = 'manifest.json';
const CHECKPOINT = 'checkpoint.json';
const WEIGHTS = 'weights.f32';

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
  learnedUntil: z.iso.datetime().nullable(),
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
): Promise<{ no: number; archive: Buffer }> {
  const version = await namedVersion({ store }, model, named);
  const { no } = version;
  const { datasetId } = await store.models.get(model);
  const { frequency, timeZone } = await store.datasets.getById(datasetId);
  const [checkpoint, weights] = await Promise.all([objects.readAll(version.manifestKey), objects.readAll(version.weightsKey)]);
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
    learnedUntil: until === undefined ? null : new Date(Frequency.parse(frequency, timeZone).timeOf(until)).toISOString(),
    createdAt: version.createdAt.toISOString(),
    files: { [CHECKPOINT]: described(checkpoint), [WEIGHTS]: described(weights) },
  };
  const text = JSON.stringify({ ...manifest, digest: sha256(JSON.stringify(manifest)) }, null, 2);
  return { no, archive: tarOf({ [MANIFEST]: Buffer.from(`${text}\n`), [CHECKPOINT]: checkpoint, [WEIGHTS]: weights }) };
}

export interface ImportOptions {
  /** To forecast; the one it was trained on unless given. */
  dataset?: string | undefined;
  /** Name in the registry; the one it had unless given. */
  model?: string | undefined;
}

/**
 * Adds what an archive holds to the registry; importing it again finds it there. It bears no alias: somebody decides on that.
 * @throws AlmanacError ARCHIVE_INVALID, ARCHIVE_BROKEN, ARCHIVE_TOO_NEW, ARCHIVE_OF_OTHER_GRID, DATASET_NOT_FOUND, MODEL_OF_OTHER_DATASET
 */
export async function importVersion(context: FlowContext, bytes: Buffer, options: ImportOptions = {}): Promise<ModelVersion> {
  const { store, objects, codeVersion } = context;
  const { manifest, checkpoint, weights } = opened(bytes);
  const dataset = await store.datasets.get(options.dataset ?? manifest.lineage.dataset);
  const { frequency, timeZone } = dataset;
  if (frequency !== manifest.frequency || timeZone !== manifest.timeZone)
    throw new AlmanacError(
      'ARCHIVE_OF_OTHER_GRID',
      `The model forecasts steps of ${manifest.frequency} (${manifest.timeZone}); "${dataset.name}" has steps of ${frequency} (${timeZone}).`,
      { hint: 'Name a dataset with the same frequency and time zone.', subject: { dataset: dataset.name }, status: 409 },
    );
  const model = options.model ?? manifest.model;
  await store.models.ensure(model, dataset.id);
  const before = await importedBefore(store, model, manifest.digest);
  if (before) return before;
  const [described, stored] = [await objects.put(checkpoint), await objects.put(weights)];
  const imported = { digest: manifest.digest, model: manifest.model, version: manifest.modelVersion };
  const grid = Frequency.parse(frequency, timeZone);
  const learnedUntilStep = manifest.learnedUntil === null ? null : grid.floorStep(Date.parse(manifest.learnedUntil));
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
    const keys = { manifestKey: described.sha256, weightsKey: stored.sha256, sha256: stored.sha256 };
    const added = await within.models.addVersion(id, { runId: run.id, kind, horizon, config, metrics: { ...metrics, imported }, ...keys });
    await within.runs.succeed(run.id, { model, version: added.no, imported });
    return added;
  });
  return toModelVersion(store, record);
}

async function importedBefore(store: Store, model: string, digest: string): Promise<ModelVersion | undefined> {
  const { items } = await store.models.versions(model, { limit: 1000 });
  const found = items.find(({ metrics }) => (metrics as { imported?: { digest: string } }).imported?.digest === digest);
  return found && toModelVersion(store, found);
}

function opened(bytes: Buffer): { manifest: Manifest; checkpoint: Buffer; weights: Buffer } {
  const files = untar(bytes);
  const get = (name: string): Buffer => {
    const found = files.get(name);
    if (!found) throw invalid(`it has no ${name}`);
    return found;
  };
  const written = parsed(get(MANIFEST), MANIFEST);
  refuseNewer(written['format'] === FORMAT ? written['version'] : undefined, VERSION, 'archive');
  const { digest, ...rest } = written;
  if (digest !== sha256(JSON.stringify(rest))) throw broken(MANIFEST);
  const manifest = manifestOfArchive.safeParse(written);
  if (!manifest.success) throw invalid(manifest.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  for (const name of [CHECKPOINT, WEIGHTS] as const) if (sha256(get(name)) !== manifest.data.files[name].sha256) throw broken(name);
  const checkpoint = parsed(get(CHECKPOINT), CHECKPOINT) as unknown as CheckpointManifest;
  refuseNewer(checkpoint.format === 'almanac-checkpoint' ? checkpoint.version : undefined, 1, 'checkpoint');
  if (!isKind(manifest.data.kind) || checkpoint.kind !== manifest.data.kind)
    throw invalid(`nobody here knows the kind of model "${manifest.data.kind}"`);
  const floats = get(WEIGHTS).length / 4;
  const tensors = tensorsOf.safeParse(checkpoint.tensors);
  if (!tensors.success) throw invalid(`${CHECKPOINT} does not say where its weights are`);
  if (!Number.isInteger(floats) || tensors.data.some(({ shape, offset }) => offset + shape.reduce((a, b) => a * b, 1) > floats))
    throw invalid(`${WEIGHTS} is smaller than ${CHECKPOINT} says`);
  return { manifest: manifest.data, checkpoint: get(CHECKPOINT), weights: get(WEIGHTS) };
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

const invalid = (why: string): AlmanacError =>
  new AlmanacError('ARCHIVE_INVALID', `This is no archive of a model: ${why}.`, { hint: 'Send the file that the export gave, unchanged.' });
const broken = (name: string): AlmanacError =>
  new AlmanacError('ARCHIVE_BROKEN', `${name} of the archive is not what was exported: its hash differs.`, {
    hint: 'Export the version again; somebody or something has changed the file.',
    subject: { file: name },
  });
const described = (bytes: Buffer): { sha256: string; bytes: number } => ({ sha256: sha256(bytes), bytes: bytes.length });
const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
