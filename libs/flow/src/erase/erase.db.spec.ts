/** What is deleted is gone everywhere: from every table and from object storage, and the certificate says so. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ingestOptions } from '@almanac/contracts';
import { carryOutErasures, eraseDataset, eraseSeries, eraseWorkspace, getErasure, listErasures } from '@almanac/flow/erase';
import { appendObservations, packAppends } from '@almanac/flow/ingest';
import { ingestUpload } from '@almanac/flow/ingest/execute';
import { folderObjectStore, type ObjectStore, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
let objects: ObjectStore;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  folder = await mkdtemp(join(tmpdir(), 'almanac-erase-spec-'));
  objects = folderObjectStore(folder);
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const MARK = 'erase-me';
const ANOTHER = 'take-this';
const csv = (id: string): string => `unique_id,ds,y\n${Array.from({ length: 30 }, (_, i) => `${id},${i},${i}\nother,${i},1\n`).join('')}`;

async function upload(into: Store, dataset: string, content: string, more: object = {}): Promise<string> {
  const options = ingestOptions.parse({ dataset, frequency: '1', ...more });
  const { sha256, bytes } = await objects.put(Buffer.from(content));
  const { id } = await into.uploads.create({ fileName: 'a.csv', size: bytes, sha256, objectKey: sha256, mapping: options });
  const run = await into.runs.create({ kind: 'ingest', dataset, config: { uploadId: id } });
  await into.runs.claim(run.id, 'w');
  const result = await ingestUpload({ store: into, objects, now: () => new Date() }, { uploadId: id, options, runId: run.id });
  await into.runs.succeed(run.id, { ...result });
  return sha256;
}

async function model(into: Store, dataset: string, weights: string): Promise<void> {
  const { id } = await into.datasets.get(dataset);
  const run = await into.runs.create({ kind: 'train', dataset, model: dataset, config: {} });
  const { id: modelId } = await into.models.ensure(dataset, id);
  const stored = { manifestKey: weights, weightsKey: weights, sha256: weights };
  await into.models.addVersion(modelId, { runId: run.id, kind: 'seasonalNaive', horizon: 24, config: {}, metrics: {}, ...stored }, {});
  await into.runs.requestCancel(run.id);
}

/** What a learning run keeps of each series beside the model's versions. */
async function learned(into: Store, dataset: string): Promise<string> {
  const { sha256 } = await objects.put(Buffer.from(`shadows of the series of ${dataset}`));
  const run = await into.runs.create({ kind: 'learn', dataset, model: dataset, config: {} });
  await into.runs.claim(run.id, 'w');
  await into.runs.succeed(run.id, { state: sha256 });
  return sha256;
}

/** How good forecasts of a series were, as trainings, backtests and monitoring keep it; the last knows its model only. */
async function scored(into: Store, dataset: string, uniqueId: string): Promise<void> {
  const score = { uniqueId, observations: 5, wql: 1, mase: 1, mae: 1, coverage80: 0.8, why: null };
  for (const [kind, of] of [
    ['train', { dataset, model: dataset }],
    ['backtest', { dataset }],
    ['monitor', { model: dataset }],
  ] as const) {
    const { id } = await into.runs.create({ kind, ...of, config: {} });
    await into.runs.saveSeriesScores(id, kind, [score]);
    await into.runs.requestCancel(id);
  }
}

/** Tables that hold the text anywhere, certificates aside. */
async function traces(text: string): Promise<string[]> {
  const tables = await query<{ name: string }>(
    database.url,
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('erasure', 'migration') ORDER BY relname`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await query<{ n: number }>(database.url, `SELECT count(*)::int AS n FROM ${name} t WHERE t::text LIKE ANY ($1)`, [
      [text, Buffer.from(text).toString('hex')].map((one) => `%${one}%`),
    ]);
    if (row!.n > 0) found.push(name);
  }
  return found;
}

it('a dataset goes with its files and weights, but for what another has as well', async () => {
  const own = await upload(store, MARK, csv('a'));
  const shared = await upload(store, MARK, csv('shared'));
  await upload(store, 'stays', csv('shared'));
  await appendObservations({ store, objects, now: () => new Date() }, MARK, [{ unique_id: 'a', ds: 31, y: 1 } as never]);
  const { sha256: weights } = await objects.put(Buffer.from('weights of this one'));
  await model(store, MARK, weights);
  const shadows = await learned(store, MARK);
  await scored(store, MARK, `${MARK} too`);

  const erasure = await eraseDataset({ store, objects, logger: silentLogger }, MARK);
  expect(erasure).toMatchObject({ kind: 'dataset', name: MARK, rows: { series: 3, models: 1, versions: 3, uploads: 3, scores: 3 } });
  expect(erasure.completedAt).not.toBeNull();
  const fates = Object.fromEntries(erasure.objects.map(({ sha256, fate }) => [sha256, fate]));
  expect(fates).toMatchObject({ [own]: 'deleted', [shared]: 'kept', [weights]: 'deleted', [shadows]: 'deleted' });
  expect(await Promise.all([own, weights, shared].map((key) => objects.has(key)))).toEqual([false, false, true]);
  for (const { sha256, fate } of erasure.objects) expect(await objects.has(sha256)).toBe(fate === 'kept');
  // Runs and the audit log stay, as the record of what was done.
  expect(await traces(MARK)).toEqual(['audit_entry', 'run']);
  expect(await getErasure({ store }, erasure.id)).toEqual(erasure);
});

it('a series goes from every version, with the files that hold it, and the others stay as they are', async () => {
  const file = await upload(store, 'many', csv(ANOTHER));
  // Two of which nothing was stored: a trial, and what was said twice.
  const trial = await upload(store, 'many', csv(`${ANOTHER} tried`), { dryRun: true });
  const row = { unique_id: ANOTHER, ds: 31, y: 1 } as never;
  expect(await appendObservations({ store, objects, now: () => new Date() }, 'many', [row])).toMatchObject({ unchanged: false });
  expect(await appendObservations({ store, objects, now: () => new Date() }, 'many', [row])).toMatchObject({ unchanged: true });
  const { id } = await store.datasets.get('many');
  const run = await store.runs.create({ kind: 'forecast', dataset: 'many', config: {} });
  await store.runs.pinVersion(run.id, id, 1);
  const shadows = await learned(store, 'many');
  await model(store, 'many', (await objects.put(Buffer.from('weights of many'))).sha256);
  await scored(store, 'many', ANOTHER);
  const erasure = await eraseSeries({ store, objects, logger: silentLogger }, 'many', ANOTHER);
  expect(erasure).toMatchObject({ kind: 'series', name: `many/${ANOTHER}`, rows: { series: 1, scores: 3 } });
  expect([await objects.has(file), await objects.has(trial), await objects.has(shadows)]).toEqual([false, false, false]);
  // The audit log knows its name from the deletion alone.
  expect(await traces(ANOTHER)).toEqual(['audit_entry']);
  const entries = await query(database.url, 'SELECT object_kind FROM audit_entry a WHERE a::text LIKE $1', [`%${ANOTHER}%`]);
  expect(entries).toEqual([{ object_kind: 'erasure' }]);
  expect((await store.series.list(id)).items.map(({ uniqueId }) => uniqueId)).toEqual(['other']);
});

const files = async (): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).map(({ name }) => name);

it('many appends become few files, whoever dies on the way, which hold what was sent and go with their dataset', async () => {
  await upload(store, 'hourly', csv('a'));
  const before = await files();
  await appendObservations({ store, objects, now: () => new Date() }, 'hourly', [{ unique_id: 'a', ds: 31, y: 1 } as never]);
  expect(await files()).toEqual(before);
  await query(
    database.url,
    `INSERT INTO upload (id, workspace_id, file_name, size, sha256, object_key, mapping, content)
     SELECT lpad(to_hex(i), 32, '0')::uuid, workspace_id, file_name, length(c), encode(sha256(c), 'hex'), object_key, mapping, c
     FROM upload, generate_series(1, 449) AS i, convert_to('[{"unique_id":"a","ds":' || i || ',"y":1}]', 'utf8') AS c
     WHERE content IS NOT NULL AND mapping ->> 'dataset' = 'hourly'`,
  );
  const down: ObjectStore = { ...objects, put: () => Promise.reject(new Error('killed')) };
  await expect(packAppends({ store, objects: down })).rejects.toThrow('killed');
  expect(await packAppends({ store, objects })).toBe(2);
  expect(await packAppends({ store, objects })).toBe(0);
  const packed = (await files()).filter((one) => !before.includes(one));
  expect(packed).toHaveLength(2);
  const rows = await query<{ sha256: string; key: string; inline: boolean }>(
    database.url,
    `SELECT sha256, object_key AS key, content IS NOT NULL AS inline FROM upload WHERE mapping ->> 'dataset' = 'hourly' AND file_name = 'observations.json'`,
  );
  expect(rows.filter(({ inline }) => inline)).toHaveLength(50);
  for (const key of packed) {
    const lines = (await objects.readAll(key)).toString().trimEnd().split('\n');
    const hashes = lines.map((line) => createHash('sha256').update(line).digest('hex'));
    expect(hashes.sort()).toEqual(
      rows
        .filter((one) => one.key === key)
        .map(({ sha256 }) => sha256)
        .sort(),
    );
  }
  // One that is named and not there yet goes as well.
  await query(database.url, `UPDATE upload SET content = 'x' WHERE object_key = '${packed[0]}'`);
  const erasure = await eraseDataset({ store, objects, logger: silentLogger }, 'hourly');
  expect(erasure.objects.map(({ sha256 }) => sha256)).toEqual(expect.arrayContaining(packed));
  expect(await packAppends({ store, objects })).toBe(0);
  expect(await files()).not.toEqual(expect.arrayContaining([packed[0]]));
  expect(await files()).not.toEqual(expect.arrayContaining([packed[1]]));
});

it('a workspace goes with all of it, and the certificate stays with the operator', async () => {
  const tenant = store.forWorkspace((await store.workspaces.create('tenant')).id);
  const file = await upload(tenant, 'theirs', csv(`${ANOTHER}-tenant`));
  const erasure = await eraseWorkspace({ store, objects, logger: silentLogger }, 'tenant');
  expect(erasure).toMatchObject({
    kind: 'workspace',
    name: 'tenant',
    rows: { datasets: 1, series: 2 },
    objects: [{ sha256: file, fate: 'deleted' }],
  });
  expect(await objects.has(file)).toBe(false);
  expect(await traces(tenant.workspaceId)).toEqual([]);
  expect((await listErasures({ store }, {})).items[0]).toEqual(erasure);
});

it('what object storage refused is tried again until it is gone', async () => {
  const file = await upload(store, 'later', csv('later'));
  const out: ObjectStore = { ...objects, delete: () => Promise.reject(new Error('unreachable')) };
  const erasure = await eraseDataset({ store, objects: out, logger: silentLogger }, 'later');
  expect(erasure).toMatchObject({ completedAt: null, objects: [{ sha256: file, fate: null }] });
  await carryOutErasures({ store, objects });
  expect(await getErasure({ store }, erasure.id)).toMatchObject({ objects: [{ sha256: file, fate: 'deleted' }] });
  expect(await objects.has(file)).toBe(false);
  expect(await carryOutErasures({ store, objects })).toBe(0);
});
