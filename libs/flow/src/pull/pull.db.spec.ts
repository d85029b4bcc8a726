/** Sources against servers that are real: a Postgres, a file over TLS, a bucket of an S3 server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ingestOptions, type PullRequestInput, type PullResult, pullResult, type SourceRequestInput } from '@almanac/contracts';
import { eraseDataset } from '@almanac/flow/erase';
import { createSource, getSource, listSources, requestPull, updateSource } from '@almanac/flow/pull';
import { ingestUpload } from '@almanac/flow/ingest/execute';
import { executePull } from '@almanac/flow/pull/execute';
import { readRun } from '@almanac/flow/runs';
import { createSchedule, fireDue } from '@almanac/flow/schedule';
import { cipherOf, DEFAULT_SOURCE_LIMITS, listBucket, readHttps, readQuery } from '@almanac/platform';
import { openStore } from '@almanac/store';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { lookupsOf } from '../../../../test/support/lookups.js';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const SECRET = 'Bearer of a long token';
const PASSWORD = "o'reader";

let test: TestFlow;
let now = new Date();
let shop: TestDatabase;
let shopUrl: string;
let folder: string;
let files: Server;
let filesUrl: string;
let keyPair: { key: string; cert: string };
let trusted: string[];
/** What the file server says. */
let answer: (headers: Record<string, string | string[] | undefined>) => {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
};
let asked: Record<string, string | string[] | undefined>[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-pull-'));
  test = await startFlow(['ingest', 'pull'], () => now);
  test.flow.sources = { ...DEFAULT_SOURCE_LIMITS, networks: LOOPBACK };
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  keyPair = { key: made.private, cert: made.cert };
  trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, made.cert]);
  files = createServer(keyPair, (request, response) => {
    asked.push({ ...request.headers, path: request.url });
    const { status = 200, headers = {}, body = '' } = answer(request.headers);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => files.listen(0, 'localhost', resolve));
  filesUrl = `https://localhost:${(files.address() as AddressInfo).port}`;
  shop = await createTestDatabase({ migrated: false });
  const role = `reader_${Math.random().toString(36).slice(2)}`;
  await query(shop.url, `CREATE ROLE ${role} LOGIN PASSWORD 'o''reader'`);
  await query(shop.url, 'CREATE TABLE sold (shop text, day date, n numeric, changed timestamptz)');
  await query(shop.url, `GRANT SELECT, INSERT ON sold TO ${role}`);
  const url = new URL(shop.url);
  shopUrl = `postgres://${role}@${url.hostname}:${url.port}${url.pathname}?sslmode=disable`;
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  files?.closeAllConnections();
  files?.close();
  await test?.close();
  await shop?.drop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});

const csv = (from: number, to: number, value = (day: number): number => day): string =>
  `unique_id,ds,y\n${Array.from({ length: to - from + 1 }, (_, i) => `a,2024-01-${String(from + i).padStart(2, '0')},${value(from + i)}\n`).join('')}`;

const make = (input: SourceRequestInput): ReturnType<typeof createSource> => createSource(test.flow, input);
const httpsFrom = (path = '/sales.csv') => ({ kind: 'https' as const, url: filesUrl + path });

/** Reads it, and waits until what was read is stored. */
async function pull(input: PullRequestInput): Promise<PullResult> {
  const result = pullResult.parse((await test.ended(await requestPull(test.flow, input))).result);
  for (const id of result.ingestRunIds) await test.ended({ id });
  return result;
}
async function refused(input: PullRequestInput): Promise<{ code: string; detail: string; hint?: string }> {
  const run = await test.ended(await requestPull(test.flow, input), 'failed');
  return run.error as { code: string; detail: string };
}
async function values(dataset: string): Promise<Record<string, number[]>> {
  const { store } = test.flow;
  const { id } = await store.datasets.get(dataset);
  const found: Record<string, number[]> = {};
  for await (const one of store.series.readPanel(id)) found[one.id] = [...one.values];
  return found;
}
const rowsIn = async (dataset: string): Promise<number> => (await test.flow.store.datasets.get(dataset)).observationCount;

describe('a file over HTTPS', () => {
  it('is stored with its findings, asked for with its tag, and stored again only where it has changed', async () => {
    let body = csv(1, 10);
    let tag = '"one"';
    answer = (headers) =>
      headers['if-none-match'] === tag
        ? { status: 304 }
        : { headers: { etag: tag, 'last-modified': 'Wed, 10 Jan 2024 00:00:00 GMT' }, body };
    await make({ name: 'file', from: httpsFrom(), secret: SECRET, options: { dataset: 'file' } });
    const first = await pull({ source: 'file' });
    expect(first).toMatchObject({ outcome: 'read', bytes: body.length, ingestRunIds: [expect.any(String)] });
    expect(asked[0]).toMatchObject({ authorization: SECRET, path: '/sales.csv' });
    const ingest = await test.flow.store.runs.get(first.ingestRunIds[0]!);
    expect(ingest.result).toMatchObject({ version: 1, findings: { rowsRead: 10, rowsRejected: 0 } });
    expect(await getSource(test.flow, 'file')).toMatchObject({
      hasSecret: true,
      storedAt: expect.any(String) as string,
      last: { status: 'succeeded', outcome: 'read', ingestsOpen: 0, ingestsFailed: 0 },
    });

    expect(await pull({ source: 'file' })).toMatchObject({ outcome: 'nothingNew', ingestRunIds: [] });
    expect(asked.at(-1)).toMatchObject({ 'if-none-match': '"one"' });
    // The same under another tag is nothing new either.
    tag = '"same"';
    expect(await pull({ source: 'file' })).toMatchObject({ outcome: 'nothingNew' });
    [tag, body] = ['"two"', csv(8, 12, (day) => day * 10)];
    expect(await pull({ source: 'file' })).toMatchObject({ outcome: 'read' });
    expect(await values('file')).toEqual({ a: [1, 2, 3, 4, 5, 6, 7, 80, 90, 100, 110, 120] });
    expect(await pull({ source: 'file', full: true })).toMatchObject({ outcome: 'read' });
    expect(asked.at(-1)!['if-none-match']).toBeUndefined();
    expect(await rowsIn('file')).toBe(12);
  });

  it.each(['/50%25%zz.csv', '/a%00b.csv', '/'])('may have an address that is no name of a file: %s', async (path) => {
    answer = () => ({ body: csv(1, 3) });
    await make({ name: `named-${path.length}`, from: httpsFrom(path), options: { dataset: `named-${path.length}` } });
    expect(await pull({ source: `named-${path.length}` })).toMatchObject({ outcome: 'read' });
  });

  it('is refused by the rules of an upload, and read again until it is mended', async () => {
    let body = 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,many\na,2024-01-03,3\n';
    answer = () => ({ headers: { etag: `"${body.length}"` }, body });
    await make({ name: 'faulty', from: httpsFrom(), options: { dataset: 'faulty' } });
    const read = pullResult.parse((await test.ended(await requestPull(test.flow, { source: 'faulty' }))).result);
    const failed = await test.ended({ id: read.ingestRunIds[0]! }, 'failed');
    expect(JSON.stringify(failed.error)).toContain('many');
    expect(await getSource(test.flow, 'faulty')).toMatchObject({ storedAt: null, last: { ingestsFailed: 1 } });
    body = csv(1, 3);
    expect(await pull({ source: 'faulty' })).toMatchObject({ outcome: 'read' });
    expect(await rowsIn('faulty')).toBe(3);
  });

  it('says what the server said: no redirect is followed, no half file is stored', async () => {
    await make({ name: 'moved', from: httpsFrom(), secret: SECRET, options: { dataset: 'moved' } });
    answer = () => ({ status: 302, headers: { location: 'https://10.0.0.1/x' } });
    expect(await refused({ source: 'moved' })).toMatchObject({
      code: 'SOURCE_ANSWER',
      detail: expect.stringContaining('10.0.0.1') as string,
    });
    expect(asked).toHaveLength(1);
    answer = () => ({ status: 403 });
    expect(await refused({ source: 'moved' })).toMatchObject({ code: 'SOURCE_CREDENTIALS_REFUSED' });
    answer = () => ({ headers: { 'content-length': '1000' }, body: csv(1, 3) });
    const breaking = requestPull(test.flow, { source: 'moved' }).then((run) => test.ended(run, 'failed'));
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    setTimeout(() => files.closeAllConnections(), 200);
    expect((await breaking).error).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    test.flow.sources = { ...test.flow.sources!, bytes: 20 };
    answer = () => ({ body: csv(1, 3) });
    expect(await refused({ source: 'moved' })).toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    test.flow.sources = { ...test.flow.sources, bytes: 2 ** 20, networks: [] };
    for (const url of [filesUrl, 'https://127.0.0.1/x', 'https://[::1]/x', 'https://169.254.169.254/latest', 'https://2130706433/']) {
      await updateSource(test.flow, 'moved', { from: { kind: 'https', url }, secret: SECRET });
      expect(await refused({ source: 'moved' })).toMatchObject({ code: 'SOURCE_ADDRESS_PRIVATE' });
    }
    test.flow.sources = { ...test.flow.sources, networks: LOOPBACK };
    await expect(test.flow.store.datasets.get('moved')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    setDefaultCACertificates(trusted);
    await updateSource(test.flow, 'moved', { from: httpsFrom(), secret: SECRET });
    expect(await refused({ source: 'moved' })).toMatchObject({ code: 'SOURCE_CERTIFICATE' });
    setDefaultCACertificates([...trusted, keyPair.cert]);
  });

  it('is read by a schedule, whose run fails where the source is gone', async () => {
    answer = () => ({ body: csv(1, 5) });
    await make({ name: 'timed', from: httpsFrom(), options: { dataset: 'timed' } });
    now = new Date('2024-02-01T00:30:00Z');
    await createSchedule(test.flow, { name: 'hourly', cron: '0 * * * *', action: { kind: 'pull', request: { source: 'timed' } } });
    const missing = { name: 'not', cron: '0 * * * *', action: { kind: 'pull' as const, request: { source: 'nowhere' } } };
    await expect(createSchedule(test.flow, missing)).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    now = new Date('2024-02-01T01:00:10Z');
    const [run] = await fireDue(test.flow);
    expect(run).toMatchObject({ kind: 'pull', dataset: 'timed' });
    const result = pullResult.parse((await test.ended(run!)).result);
    await test.ended({ id: result.ingestRunIds[0]! });
    expect(await rowsIn('timed')).toBe(5);
    const erasure = await eraseDataset(test.flow, 'timed');
    expect(erasure.rows).toMatchObject({ sources: 1 });
    expect((await listSources(test.flow, { dataset: 'timed' })).items).toEqual([]);
    now = new Date('2024-02-01T02:00:10Z');
    const [late] = await fireDue(test.flow);
    expect(late).toMatchObject({ kind: 'pull', status: 'failed', error: { code: 'SOURCE_NOT_FOUND' } });
    now = new Date();
  });
});

describe('a query of another Postgres', () => {
  const options = { dataset: 'sold', idColumn: 'shop', timeColumn: 'day', valueColumn: 'n' };
  const from = (more: object = {}): SourceRequestInput['from'] & { kind: 'postgres' } => ({
    kind: 'postgres',
    url: shopUrl,
    query: 'SELECT shop, day, n, changed FROM sold;',
    watermark: 'changed',
    ...more,
  });
  const sell = (day: number, n: number | string, changed: string, id = 'a, "b"'): Promise<unknown> =>
    query(shop.url, 'INSERT INTO sold VALUES ($1, $2, $3, $4)', [id, `2024-01-${String(day).padStart(2, '0')}`, n, changed]);

  it('gives what is new from the watermark on, to the microsecond, and nothing twice', async () => {
    for (let day = 1; day <= 5; day++) await sell(day, `${day}.5`, `2024-01-0${day} 10:00:00.123456+00`);
    await make({ name: 'sold', from: from(), secret: PASSWORD, options });
    expect(await pull({ source: 'sold' })).toMatchObject({
      outcome: 'read',
      rows: 5,
      since: null,
      watermark: '2024-01-05 10:00:00.123456+00',
    });
    expect(await values('sold')).toEqual({ 'a, "b"': [1.5, 2.5, 3.5, 4.5, 5.5] });
    // The row at the watermark comes again, and one that was written in the same instant with it.
    await sell(6, 6, '2024-01-05 10:00:00.123456+00');
    expect(await pull({ source: 'sold' })).toMatchObject({ rows: 2, since: '2024-01-05 10:00:00.123456+00' });
    await pull({ source: 'sold' });
    expect(await pull({ source: 'sold' })).toMatchObject({ outcome: 'nothingNew', rows: null });
    expect(await rowsIn('sold')).toBe(6);
    // A correction of an old step.
    await query(shop.url, `UPDATE sold SET n = 100, changed = '2024-01-07' WHERE day = '2024-01-02'`);
    expect(await pull({ source: 'sold' })).toMatchObject({ watermark: '2024-01-07 00:00:00+00' });
    expect((await values('sold'))['a, "b"']).toEqual([1.5, 100, 3.5, 4.5, 5.5, 6]);
    expect(await getSource(test.flow, 'sold')).toMatchObject({ watermark: '2024-01-07 00:00:00+00' });
    expect(await pull({ source: 'sold', full: true })).toMatchObject({ rows: 6, since: null });
    expect(await rowsIn('sold')).toBe(6);
  });

  it('stores nothing twice where readings meet, and reads again what a killed one left', async () => {
    // Both may read; one stores.
    await sell(8, 8, '2024-01-08');
    const runs = await Promise.all([requestPull(test.flow, { source: 'sold' }), requestPull(test.flow, { source: 'sold' })]);
    for (const run of runs) await test.ended(run);
    await expect.poll(async () => (await getSource(test.flow, 'sold')).watermark).toBe('2024-01-08 00:00:00+00');
    await expect.poll(async () => (await getSource(test.flow, 'sold')).last?.ingestsOpen).toBe(0);

    // Delivered again, as after a kill before its end was written down: it finds what it has made.
    await sell(9, 9, '2024-01-09');
    const { store } = test.flow;
    const run = readRun('pull', await store.runs.create({ kind: 'pull', dataset: 'sold', config: { source: 'sold', full: false } }));
    const once = (): Promise<unknown> =>
      executePull({ ...test.flow, run, workerId: 'w', signal: new AbortController().signal, report: () => Promise.resolve() });
    const done = pullResult.parse(await once());
    expect(done.ingestRunIds).toHaveLength(1);
    await test.ended({ id: done.ingestRunIds[0]! });
    expect(await once()).toEqual(done);
    expect(await rowsIn('sold')).toBe(8);
  });

  it('moves the watermark with the rows, or neither', async () => {
    await sell(10, 10, '2024-01-10');
    const { store, objects } = test.flow;
    const { sha256, bytes } = await objects.put(Buffer.from('shop,day,n\n"a, ""b""",2024-01-10,10\n'));
    const read = ingestOptions.parse(options);
    const { id } = await store.uploads.create({ fileName: 'x', size: bytes, sha256, objectKey: sha256, mapping: read });
    const beside = (): Promise<void> => Promise.reject(new Error('killed'));
    const killed = ingestUpload({ store, objects, now: () => new Date() }, { uploadId: id, options: read, beside });
    await expect(killed).rejects.toThrow('killed');
    expect(await rowsIn('sold')).toBe(8);
    expect(await getSource(test.flow, 'sold')).toMatchObject({ watermark: '2024-01-09 00:00:00+00' });
    await pull({ source: 'sold' });
    expect(await rowsIn('sold')).toBe(9);
    expect(await getSource(test.flow, 'sold')).toMatchObject({ watermark: '2024-01-10 00:00:00+00' });
  });

  it('runs one SELECT that reads, as the user that is named, within its limits', async () => {
    const change = (more: object): ReturnType<typeof updateSource> =>
      updateSource(test.flow, 'limits', { from: from(more), secret: PASSWORD });
    await make({ name: 'limits', from: from(), secret: 'wrong', options: { ...options, dataset: 'limits' } });
    expect(await refused({ source: 'limits' })).toMatchObject({ code: 'SOURCE_CREDENTIALS_REFUSED' });
    for (const [query, code] of [
      ['SELECT 1) AS source; DROP TABLE sold; --', 'SOURCE_QUERY_INVALID'],
      [`INSERT INTO sold VALUES ('x', '2024-01-01', 1, now()) RETURNING *`, 'SOURCE_QUERY_INVALID'],
      [`SELECT nextval('pg_catalog.nowhere') AS changed`, 'SOURCE_QUERY_INVALID'],
      ['SELECT shop, day, n FROM sold', 'SOURCE_COLUMN_MISSING'],
      ['SELECT shop, shop, changed FROM sold', 'SOURCE_COLUMN_TWICE'],
      ['SELECT shop, day, n, shop AS changed FROM sold', 'SOURCE_WATERMARK_UNUSABLE'],
      ['SELECT shop, day, n, NULL::date AS changed FROM sold', 'SOURCE_WATERMARK_UNUSABLE'],
      [`SELECT shop, day, n, now() + interval '1 year' AS changed FROM sold`, 'SOURCE_WATERMARK_UNUSABLE'],
      [`SELECT lo_creat(-1)::int8 AS changed`, 'SOURCE_QUERY_WRITES'],
    ] as const) {
      await change({ query });
      expect([query, (await refused({ source: 'limits' })).code]).toEqual([query, code]);
    }
    expect((await query(shop.url, 'SELECT count(*)::int AS n FROM sold'))[0]).toMatchObject({ n: expect.any(Number) as number });
    await change({});
    test.flow.sources = { ...test.flow.sources!, rows: 2 };
    expect(await refused({ source: 'limits' })).toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    await change({ query: `SELECT 'a' AS shop, day, n, changed FROM sold, pg_sleep(20)` });
    test.flow.sources = { ...test.flow.sources, rows: 1000, seconds: 1 };
    expect(await refused({ source: 'limits' })).toMatchObject({ code: 'SOURCE_TIMED_OUT' });
    test.flow.sources = { ...test.flow.sources, seconds: 60, networks: [] };
    expect(await refused({ source: 'limits' })).toMatchObject({ code: 'SOURCE_ADDRESS_PRIVATE' });
    test.flow.sources = { ...test.flow.sources, networks: LOOPBACK };
    await change({ url: shopUrl.replace('disable', 'verify-full') });
    expect((await refused({ source: 'limits' })).code).toMatch(/SOURCE_(CERTIFICATE|UNREACHABLE)/);
  });

  it('breaks off what comes in one piece before it is whole, and reads wide rows a few at a time', async () => {
    test.flow.sources = { ...test.flow.sources!, bytes: 20e6 };
    const wide = "SELECT 'a' AS shop, date '2024-01-01' + i AS day, i AS n, repeat('x', 20000) AS note FROM generate_series(1, 500) AS i";
    await make({
      name: 'wide',
      from: { ...from({ query: wide }), watermark: undefined },
      secret: PASSWORD,
      options: { ...options, dataset: 'wide' },
    });
    expect(await pull({ source: 'wide' })).toMatchObject({ rows: 500 });
    const query = "SELECT 'a' AS shop, date '2024-01-01' AS day, 1 AS n, repeat('x', 40000000) AS note";
    const vast = { ...from({ query }), watermark: undefined };
    await updateSource(test.flow, 'wide', { from: vast });
    test.flow.sources = { ...test.flow.sources, bytes: 100_000 };
    expect(await refused({ source: 'wide' })).toMatchObject({ code: 'SOURCE_TOO_LARGE', detail: expect.stringContaining('in one piece') });
    test.flow.sources = { ...test.flow.sources, bytes: DEFAULT_SOURCE_LIMITS.bytes };
  });

  it('replaces the dataset where it is read whole, and never by nothing', async () => {
    await query(shop.url, 'CREATE TABLE whole AS SELECT shop, day, n FROM sold WHERE false');
    await query(shop.url, 'GRANT SELECT ON whole TO PUBLIC');
    const whole = from({ query: 'SELECT * FROM whole', watermark: undefined });
    await make({ name: 'whole', from: whole, secret: PASSWORD, options: { ...options, dataset: 'whole', mode: 'replace' } });
    await query(
      shop.url,
      `INSERT INTO whole SELECT 'a', day::date, 1 FROM generate_series('2024-01-01'::date, '2024-01-09', '1 day') AS day`,
    );
    await pull({ source: 'whole' });
    expect(await rowsIn('whole')).toBe(9);
    await query(shop.url, `DELETE FROM whole WHERE day < '2024-01-05'`);
    await pull({ source: 'whole' });
    expect(await rowsIn('whole')).toBe(5);
    await query(shop.url, 'DELETE FROM whole');
    expect(await refused({ source: 'whole' })).toMatchObject({ code: 'SOURCE_EMPTY' });
    expect(await rowsIn('whole')).toBe(5);
  });

  it('is refused where each reading would bring a part that passes for the whole', async () => {
    const wrong = (more: object, origin = from()): Promise<unknown> =>
      make({ name: 'wrong', from: origin, secret: PASSWORD, options: { ...options, ...more } });
    await expect(wrong({}, from({ url: 'postgres://a%zz@db.example.org/shop' }))).rejects.toThrow('must be postgres://USER@HOST');
    await expect(wrong({ mode: 'replace' })).rejects.toMatchObject({ code: 'SOURCE_REPLACES' });
    await expect(wrong({ aggregation: 'sum' })).rejects.toMatchObject({ code: 'SOURCE_GATHERS' });
    await expect(wrong({ frequency: 'fortnightly' })).rejects.toMatchObject({ code: 'FREQUENCY_UNKNOWN' });
  });
});

describe('a bucket', () => {
  interface S3 {
    run(): Promise<AddressInfo>;
    close(): Promise<void>;
  }
  const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: object) => S3;
  let server: S3;
  let client: S3Client;
  let endpoint: string;
  const put = (key: string, body: string): Promise<unknown> => client.send(new PutObjectCommand({ Bucket: 'sales', Key: key, Body: body }));

  beforeAll(async () => {
    const configureBuckets = [{ name: 'sales', configs: [] }];
    // It gets the signatures of queries wrong, so it has to trust them; it knows one key.
    server = new S3rver({
      allowMismatchedSignatures: true,
      port: 0,
      address: 'localhost',
      silent: true,
      directory: join(folder, 's3'),
      configureBuckets,
      ...keyPair,
    });
    endpoint = `https://localhost:${(await server.run()).port}`;
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
    client = new S3Client({
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      credentials,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
  });
  afterAll(() => server?.close());

  const from = () => ({ kind: 's3' as const, bucket: 'sales', prefix: 'daily/', endpoint, accessKeyId: 'S3RVER' });

  it('gives its new and changed objects, each once', async () => {
    await put('daily/1.csv', csv(1, 3));
    await put('daily/2.csv', csv(4, 6));
    await put(
      'other/3.csv',
      csv(1, 30, () => 99),
    );
    await expect(make({ name: 'bucket', from: from(), options: { dataset: 'bucket' } })).rejects.toMatchObject({
      code: 'SOURCE_SECRET_NEEDED',
    });
    await make({ name: 'bucket', from: from(), secret: 'S3RVER', options: { dataset: 'bucket' } });
    expect((await pull({ source: 'bucket' })).ingestRunIds).toHaveLength(2);
    expect(await values('bucket')).toEqual({ a: [1, 2, 3, 4, 5, 6] });
    expect(await pull({ source: 'bucket' })).toMatchObject({ outcome: 'nothingNew', ingestRunIds: [] });
    await put('daily/3.csv', 'unique_id,ds,y\na,yesterday,1\n');
    await put('daily/4.csv', csv(7, 7));
    const { ingestRunIds } = pullResult.parse((await test.ended(await requestPull(test.flow, { source: 'bucket' }))).result);
    await test.ended({ id: ingestRunIds[0]! }, 'failed');
    await test.ended({ id: ingestRunIds[1]! });
    // What failed is new until it is mended.
    await put(
      'daily/3.csv',
      csv(2, 2, () => 20),
    );
    expect((await pull({ source: 'bucket' })).ingestRunIds).toHaveLength(1);
    expect(await values('bucket')).toEqual({ a: [1, 20, 3, 4, 5, 6, 7] });
    expect((await pull({ source: 'bucket', full: true })).ingestRunIds).toHaveLength(4);
    expect(await rowsIn('bucket')).toBe(7);
  });

  it('is not read into memory, however long its server lists', async () => {
    const list = (padding: number) => `<?xml version="1.0"?><ListBucketResult>${' '.repeat(padding)}</ListBucketResult>`;
    await make({ name: 'endless', from: { ...from(), endpoint: filesUrl }, secret: 'S3RVER', options: { dataset: 'endless' } });
    answer = () => ({ headers: { 'content-type': 'application/xml' }, body: list(1000) });
    expect(await pull({ source: 'endless' })).toMatchObject({ outcome: 'nothingNew' });
    answer = () => ({ headers: { 'content-type': 'application/xml' }, body: list(17 << 20) });
    expect(await refused({ source: 'endless' })).toMatchObject({ code: 'SOURCE_ANSWER', detail: expect.stringContaining('16 MB') });
    answer = () => ({ status: 403, headers: { 'content-type': 'application/xml' }, body: list(17 << 20) });
    expect(await refused({ source: 'endless' })).toMatchObject({ code: 'SOURCE_ANSWER', detail: expect.stringContaining('16 MB') });
  });

  it('is refused where the key is wrong, the bucket is not there or the address is private', async () => {
    await updateSource(test.flow, 'bucket', { from: { ...from(), bucket: 'elsewhere' } });
    expect(await refused({ source: 'bucket' })).toMatchObject({ code: 'SOURCE_ANSWER' });
    await updateSource(test.flow, 'bucket', { from: { ...from(), accessKeyId: 'nobody' }, secret: 'wrong' });
    expect(await refused({ source: 'bucket' })).toMatchObject({ code: 'SOURCE_CREDENTIALS_REFUSED' });
    test.flow.sources = { ...test.flow.sources!, networks: [] };
    expect(await refused({ source: 'bucket' })).toMatchObject({ code: 'SOURCE_ADDRESS_PRIVATE' });
    test.flow.sources = { ...test.flow.sources, networks: LOOPBACK };
  });
});

it('a source is read at the address that was checked: a name is looked up once for each connection', async () => {
  const limits = { ...DEFAULT_SOURCE_LIMITS, networks: LOOPBACK };
  const { signal } = new AbortController();
  answer = () => ({ body: csv(1, 3) });
  const file = async (): Promise<void> => {
    for await (const part of (await readHttps({ url: `${filesUrl}/a.csv` }, limits, signal))!.content)
      expect(part.length).toBeGreaterThan(0);
  };
  expect(await lookupsOf(file)).toBe(1);
  const rows = async (): Promise<void> => {
    const { content } = readQuery(
      { url: shopUrl.replace('127.0.0.1', 'localhost'), password: PASSWORD, query: 'SELECT 1 AS a' },
      limits,
      signal,
    );
    for await (const part of content) expect(part.length).toBeGreaterThan(0);
  };
  expect(await lookupsOf(rows)).toBe(1);
  answer = () => ({ headers: { 'content-type': 'application/xml' }, body: '<ListBucketResult></ListBucketResult>' });
  const bucket = { bucket: 'sales', prefix: '', region: 'us-east-1', endpoint: filesUrl, accessKeyId: 'a', secretAccessKey: 'b' };
  expect(await lookupsOf(() => listBucket(bucket, limits, signal))).toBe(1);
});

describe('the secret', () => {
  it('lies sealed in the database, is in no answer, run or audit entry, and goes to no server that it was not given for', async () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const store = await openStore({ databaseUrl: test.database.url, cipher: cipherOf([key]) });
    try {
      const flow = { ...test.flow, store };
      const secret = 'Bearer never-shown';
      const made = await createSource(flow, { name: 'sealed', from: httpsFrom(), secret, options: { dataset: 'sealed' } });
      expect(made).not.toHaveProperty('secret');
      expect(await store.sources.secret('sealed')).toBe(secret);
      for (const table of ['source', 'audit_entry', 'run', 'upload'])
        expect(await query(test.database.url, `SELECT 1 FROM ${table} t WHERE t::text LIKE '%never-shown%'`)).toEqual([]);
      const elsewhere = { kind: 'https' as const, url: 'https://thief.example/x' };
      await expect(updateSource(flow, 'sealed', { from: elsewhere })).rejects.toMatchObject({ code: 'SOURCE_SECRET_NEEDED' });
      expect(await updateSource(flow, 'sealed', { from: elsewhere, secret: null })).toMatchObject({ hasSecret: false, from: elsewhere });
      await expect(updateSource(flow, 'sealed', { from: { kind: 'https', url: 'https://a:b@c/d' } })).rejects.toThrow();
    } finally {
      await store.close();
    }
  });

  it('and as many sources as the workspace may have', async () => {
    const quotas = { sources: 1 } as never;
    const flow = { ...test.flow, quotas };
    await expect(createSource(flow, { name: 'more', from: httpsFrom(), options: { dataset: 'more' } })).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
      subject: { quota: 'sources' },
    });
  });
});
