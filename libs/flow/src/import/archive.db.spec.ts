/** Versions that leave the registry as a file, come back from one, or are deleted; on a real Postgres. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import type { JobName } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { getModelVersion, listAliasHistory, listModelVersions } from '@almanac/flow/query';
import { exportVersion, importVersion } from '@almanac/flow/import';
import { deleteModel, deleteVersion, learnedUntil, setAlias, tagVersion } from '@almanac/flow/register';
import { cancelRun, type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { createSchedule, deleteSchedule } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, packed, silentLogger, unpacked } from '@almanac/platform';
import { AlmanacError, Frequency } from '@almanac/series';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

const HOURS = 24 * 20;
const databases: TestDatabase[] = [];
const closing: (() => Promise<unknown>)[] = [];
let here: FlowContext;
let elsewhere: FlowContext;

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const exported = async (flow: FlowContext, model: string, version: number): Promise<Buffer> =>
  bytesOf((await exportVersion(flow, model, version)).archive);
/** In pieces that end anywhere. */
async function* inPieces(bytes: Buffer, size = 997): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const imported = (flow: FlowContext, bytes: Buffer, options = {}): ReturnType<typeof importVersion> =>
  importVersion(flow, inPieces(bytes), options);
async function filesOf(archive: Buffer): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for await (const { name, content } of unpacked(inPieces(archive), (why) => new AlmanacError('ARCHIVE_INVALID', why)))
    files[name] = await bytesOf(content);
  return files;
}
const tarOf = (files: Record<string, Buffer>): Promise<Buffer> =>
  bytesOf(packed(Object.entries(files).map(([name, content]) => ({ name, size: content.length, content: inPieces(content) }))));

/** A house of its own: database, objects and a worker. */
async function house(): Promise<FlowContext> {
  const database = await createTestDatabase();
  databases.push(database);
  const folder = await mkdtemp(join(tmpdir(), 'almanac-archive-'));
  const store: Store = await openStore({ databaseUrl: database.url });
  const queue = await openQueue<JobName>({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  const compute = startCompute({ threads: 1 });
  const flow: FlowContext = {
    store,
    queue,
    objects: folderObjectStore(folder),
    logger: silentLogger,
    now: () => new Date(),
    codeVersion: 'test',
  };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    train: 1,
    forecast: 1,
  });
  for (const [name, frequency] of [
    ['load', 'h'],
    ['days', 'D'],
    ['cycles', '1'],
  ] as const)
    await store.series.writeVersion({
      dataset: { name, frequency, timeZone: 'UTC' },
      mode: 'replace',
      pieces: [0, 1].map((series) => ({
        id: `s${series}`,
        firstStep: 400_000,
        values: Float64Array.from({ length: HOURS }, (_, t) => 10 + series + Math.sin((2 * Math.PI * t) / 24)),
      })),
      summary: () => ({
        rowsRead: 0,
        rowsRejected: 0,
        findings: null,
        ...(name === 'days' ? { partialSteps: [{ id: 's1', step: 400_000 + HOURS - 1 }] } : {}),
      }),
    });
  closing.push(async () => {
    await queue.close();
    await compute.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return flow;
}

async function ended({ store }: FlowContext, id: string): Promise<RunRecord> {
  for (;;) {
    const run = await store.runs.get(id);
    if (run.finishedAt !== null) {
      expect(run.error).toBeNull();
      return run;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const train = async (seed: number): Promise<RunRecord> =>
  ended(
    here,
    (
      await requestTraining(here, {
        dataset: 'load',
        model: 'load',
        kind: 'segment',
        horizon: 24,
        contextLength: 48,
        steps: 5,
        config: { hidden: 8 },
        seed,
      })
    ).id,
  );

async function quantiles(flow: FlowContext, model: string): Promise<number[][]> {
  const run = await ended(flow, (await requestForecast(flow, { model })).id);
  const all: number[][] = [];
  for await (const forecast of flow.store.forecasts.stream({ runId: run.id })) all.push([...forecast.quantiles]);
  return all;
}

beforeAll(async () => {
  [here, elsewhere] = await Promise.all([house(), house()]);
  await train(1);
  await train(2);
});
afterAll(async () => {
  for (const close of closing) await close();
  for (const database of databases) await database.drop();
});

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.catch(({ code, subject }: { code: string; subject?: { file?: string } }) => [code, subject?.file].filter(Boolean).join(' '));

describe('an exported version', () => {
  it('forecasts elsewhere what it forecasts here, tells where it came from, and is there once', async () => {
    const archive = await exported(here, 'load', 2);
    expect((await exported(here, 'load', 2)).equals(archive)).toBe(true);
    const made = await imported(elsewhere, archive);
    expect(await imported(elsewhere, archive)).toEqual(made);
    const [original] = (await listModelVersions(here, 'load', {})).items;
    expect(made).toMatchObject({ model: 'load', version: 1, aliases: [], score: original!.score, horizon: 24 });
    expect(made.lineage).toEqual({
      ...original!.lineage,
      imported: { digest: expect.any(String) as string, model: 'load', version: 2 },
    });
    expect(await quantiles(elsewhere, 'load/1')).toEqual(await quantiles(here, 'load/2'));
    const renamed = await imported(elsewhere, archive, { model: 'other' });
    expect(renamed).toMatchObject({ model: 'other', version: 1 });
  });

  it('says until which step it has learned, as an integer where steps are integers, and what training left out', async () => {
    for (const dataset of ['cycles', 'days'])
      await ended(
        here,
        (await requestTraining(here, { dataset, model: dataset, kind: 'seasonalNaive', horizon: 5, config: {}, seed: 1 })).id,
      );
    const archive = await exported(here, 'cycles', 1);
    const { learnedUntil: until } = JSON.parse((await filesOf(archive))['manifest.json']!.toString()) as { learnedUntil: unknown };
    const [made] = (await listModelVersions(here, 'cycles', {})).items;
    expect(until).toBe(400_000 + HOURS - 1 - made!.lineage.holdout!);
    await imported(elsewhere, archive);
    const version = await elsewhere.store.models.version('cycles', { no: 1 });
    const { id } = await elsewhere.store.datasets.get('cycles');
    expect(await learnedUntil(elsewhere.store, version, id)).toBe(until);

    const partialSteps = { count: 1, items: [{ uniqueId: 's1', ds: Frequency.parse('D', 'UTC').wire(400_000 + HOURS - 1) }] };
    expect((await listModelVersions(here, 'days', {})).items[0]!.lineage).toMatchObject({ partialSteps });
    const days = await imported(elsewhere, await exported(here, 'days', 1));
    expect(days.lineage).toMatchObject({ partialSteps });
    expect((await getModelVersion(elsewhere, 'days', 1)).lineage).toMatchObject({ partialSteps });
  });

  it('is refused when anything of it was changed, is missing, newer or for another grid', async () => {
    const archive = await exported(here, 'load', 1);
    const alter = async (change: (files: Record<string, Buffer>) => void): Promise<Buffer> => {
      const files = await filesOf(archive);
      change(files);
      return tarOf(files);
    };
    const manifest = (change: (value: Record<string, unknown>) => void): Promise<Buffer> =>
      alter((files) => {
        const value = JSON.parse(files['manifest.json']!.toString()) as Record<string, unknown>;
        change(value);
        files['manifest.json'] = Buffer.from(JSON.stringify(value));
      });
    const attempt = async (bytes: Buffer | Promise<Buffer>, options = {}): Promise<unknown> =>
      refused(imported(elsewhere, await bytes, { model: 'never', ...options }));
    expect(await attempt(alter((files) => (files['weights.f32']![40]! ^= 1)))).toBe('ARCHIVE_BROKEN weights.f32');
    expect(await attempt(alter((files) => (files['checkpoint.json'] = Buffer.from(`${files['checkpoint.json']!.toString()} `))))).toBe(
      'ARCHIVE_BROKEN checkpoint.json',
    );
    expect(await attempt(manifest((value) => (value['horizon'] = 25)))).toBe('ARCHIVE_BROKEN manifest.json');
    expect(await attempt(manifest((value) => (value['version'] = 2)))).toBe('ARCHIVE_TOO_NEW');
    expect(await attempt(alter((files) => delete files['weights.f32']))).toBe('ARCHIVE_INVALID');
    // Written by hand, with hashes that fit.
    const forged = alter((files) => {
      const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
      const change = (name: string, remove: string, add: object): string => {
        return JSON.stringify({ ...(JSON.parse(files[name]!.toString()) as object), ...add, [remove]: undefined });
      };
      files['checkpoint.json'] = Buffer.from(change('checkpoint.json', 'tensors', {}));
      const described = (name: string): object => ({ sha256: sha256(files[name]!), bytes: files[name]!.length });
      const rest = change('manifest.json', 'digest', {
        files: { 'checkpoint.json': described('checkpoint.json'), 'weights.f32': described('weights.f32') },
      });
      files['manifest.json'] = Buffer.from(JSON.stringify({ ...(JSON.parse(rest) as object), digest: sha256(rest) }));
    });
    expect(await attempt(forged)).toBe('ARCHIVE_INVALID');
    expect(await attempt(archive.subarray(0, 700))).toBe('ARCHIVE_INVALID');
    expect(await attempt(Buffer.from('no archive at all'))).toBe('ARCHIVE_INVALID');
    // Written by another program: a folder, a file twice, another order, and a header that would not end.
    const { 'manifest.json': first, 'checkpoint.json': second, 'weights.f32': third } = await filesOf(archive);
    const files = { 'manifest.json': first!, 'checkpoint.json': second!, 'weights.f32': third! };
    expect(await attempt(tarOf({ 'weights.f32': third!, 'manifest.json': first!, 'checkpoint.json': second! }))).toBe('ARCHIVE_INVALID');
    expect(await attempt(Buffer.concat([(await tarOf({ 'manifest.json': first! })).subarray(0, -1024), archive]))).toBe('ARCHIVE_INVALID');
    const foreign = pack();
    foreign.entry({ name: 'a', type: 'symlink', linkname: '/etc/passwd' });
    foreign.finalize();
    expect(await attempt(bytesOf(foreign as AsyncIterable<Uint8Array>))).toBe('ARCHIVE_INVALID');
    const endless = pack();
    endless.entry({ name: 'x'.repeat(8 << 20) }, 'content');
    endless.finalize();
    expect(await attempt(bytesOf(endless as AsyncIterable<Uint8Array>))).toBe('ARCHIVE_INVALID');
    expect(await attempt(archive.subarray(0, -2048))).toBe('ARCHIVE_INVALID');
    expect(await attempt(tarOf({ 'README.txt': Buffer.from('kept beside it'), ...files }), { dataset: 'days' })).toBe(
      'ARCHIVE_OF_OTHER_GRID',
    );
    expect(await attempt(archive, { dataset: 'days' })).toBe('ARCHIVE_OF_OTHER_GRID');
    expect(await attempt(archive, { dataset: 'nowhere' })).toBe('DATASET_NOT_FOUND');
    expect(await refused(elsewhere.store.models.get('never'))).toBe('MODEL_NOT_FOUND');
  });
});

describe('an archive of several hundred megabytes', () => {
  it('is stored as it arrives: at no time is more than a few megabytes of it held', async () => {
    const bytes = 320 << 20;
    const chunk = Buffer.alloc(64 << 10);
    const zeros = function* (): Generator<Buffer> {
      for (let at = 0; at < bytes; at += chunk.length) yield chunk;
    };
    const sha256 = (content: Iterable<Buffer | string>): string => {
      const hash = createHash('sha256');
      for (const piece of content) hash.update(piece);
      return hash.digest('hex');
    };
    const { 'manifest.json': manifest, 'checkpoint.json': checkpoint } = await filesOf(await exported(here, 'load', 1));
    const rest = JSON.parse(manifest!.toString()) as { files: Record<string, object>; digest?: string };
    delete rest.digest;
    rest.files['weights.f32'] = { sha256: sha256(zeros()), bytes };
    const written = Buffer.from(JSON.stringify({ ...rest, digest: sha256([JSON.stringify(rest)]) }));

    // Buffers that came out of the archive and have not gone into storage yet.
    let sent = 0;
    let stored = 0;
    let held = 0;
    const counted = async function* (archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of archive) {
        held = Math.max(held, (sent += piece.length) - stored);
        yield piece;
      }
    };
    const objects = {
      ...elsewhere.objects,
      put: (content: AsyncIterable<Uint8Array> | Uint8Array) =>
        elsewhere.objects.put(
          content instanceof Uint8Array
            ? content
            : (async function* () {
                for await (const piece of content) {
                  yield piece;
                  // Asked for the next one: it has let go of this.
                  stored += piece.length;
                }
              })(),
        ),
    };
    const archive = packed([
      { name: 'manifest.json', size: written.length, content: inPieces(written) },
      { name: 'checkpoint.json', size: checkpoint!.length, content: inPieces(checkpoint!) },
      { name: 'weights.f32', size: bytes, content: Readable.from(zeros()) },
    ]);
    const made = await importVersion({ ...elsewhere, objects }, counted(archive), { model: 'large' });
    expect(made).toMatchObject({ model: 'large', version: 1 });
    expect(stored).toBe(bytes);
    expect(held).toBeLessThan(4 << 20);
  });
});

describe('a version', () => {
  it('goes by its number or the alias it bears, and has tags that can be changed and searched for', async () => {
    const { version } = await getModelVersion(here, 'load', 'champion');
    expect(version).toBe(1);
    expect((await exportVersion(here, 'load', 'champion')).no).toBe(1);
    expect(await refused(getModelVersion(here, 'load', 'challenger'))).toBe('MODEL_VERSION_NOT_FOUND');
    expect(await refused(getModelVersion(here, 'nobody', 1))).toBe('MODEL_NOT_FOUND');
    expect((await tagVersion(here, 'load', 'champion', { region: 'north', checked: 'yes' })).tags).toEqual({
      region: 'north',
      checked: 'yes',
    });
    expect((await tagVersion(here, 'load', 1, { region: 'south', checked: null })).tags).toEqual({ region: 'south' });
    const tagged = async (tag: string): Promise<number[]> =>
      (await listModelVersions(here, 'load', { tag })).items.map((one) => one.version);
    expect([await tagged('region'), await tagged('region=south'), await tagged('region=north'), await tagged('checked')]).toEqual([
      [1],
      [1],
      [],
      [],
    ]);
    expect((await listModelVersions(here, 'load', {})).items).toHaveLength(2);
    expect((await getModelVersion(here, 'load', 1)).settings).toBeDefined();
  });
});

describe('deleting', () => {
  it('spares what bears an alias or made stored forecasts, takes the rest with its weights, and keeps the history', async () => {
    await train(3);
    const { store, objects } = here;
    const third = await store.models.version('load', { no: 3 });
    expect(await refused(deleteVersion(here, 'load', 1))).toBe('MODEL_VERSION_IN_USE'); // champion
    expect(await refused(deleteVersion(here, 'load', 2))).toBe('MODEL_VERSION_IN_USE'); // has forecasts
    await setAlias(here, 'load', 'challenger', 3, 'a try');
    expect(await refused(deleteVersion(here, 'load', 3))).toBe('MODEL_VERSION_IN_USE');
    expect(await refused(deleteVersion(here, 'load', 'challenger'))).toBe('MODEL_VERSION_IN_USE');
    await setAlias(here, 'load', 'challenger', 2, 'another');
    await createSchedule(here, { name: 'third', cron: '0 0 * * *', action: { kind: 'forecast', request: { model: 'models:/load/3' } } });
    expect(await refused(deleteVersion(here, 'load', 3))).toBe('MODEL_VERSION_IN_USE');
    await deleteSchedule(here, 'third');
    // A run that has yet to start rests on it as well, stored or answered.
    const queued = await requestForecast({ ...here, queue: { ...here.queue, enqueue: () => Promise.resolve() } }, { model: 'load/3' });
    expect(await refused(deleteVersion(here, 'load', 3))).toBe('MODEL_VERSION_IN_USE');
    await cancelRun(here, queued.id);
    await deleteVersion(here, 'load', 3);
    expect(await objects.has(third.weightsKey)).toBe(false);
    expect(await refused(deleteVersion(here, 'load', 3))).toBe('MODEL_VERSION_NOT_FOUND');
    const history = (await listAliasHistory(here, 'load', {})).items;
    expect(history.some(({ alias, version }) => alias === 'challenger' && version === 3)).toBe(true);
    // The number is not given again.
    await train(3);
    expect((await store.models.get('load')).latest).toBe(4);
    expect(await objects.has((await store.models.version('load', { no: 4 })).weightsKey)).toBe(true);
  });

  it('of a whole model waits until nothing uses it, and leaves weights that another model shares', async () => {
    const { store, objects } = here;
    await imported(here, await exported(here, 'load', 4), { model: 'copy' });
    const { weightsKey } = await store.models.version('copy', { no: 1 });
    await createSchedule(here, { name: 'nightly', cron: '0 0 * * *', action: { kind: 'forecast', request: { model: 'load@champion' } } });
    expect(await refused(deleteModel(here, 'load', { forecasts: true }))).toBe('MODEL_IN_USE');
    await deleteSchedule(here, 'nightly');
    expect(await refused(deleteModel(here, 'load', { forecasts: false }))).toBe('MODEL_IN_USE');
    await deleteModel(here, 'load', { forecasts: true });
    expect(await refused(store.models.get('load'))).toBe('MODEL_NOT_FOUND');
    expect(await objects.has(weightsKey)).toBe(true);
    await deleteModel(here, 'copy', { forecasts: false });
    expect(await objects.has(weightsKey)).toBe(false);
  });
});
