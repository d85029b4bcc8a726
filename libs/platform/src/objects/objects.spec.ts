/** One suite over both places that objects can lie in; the bucket is that of an S3 server in this process. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketObjectStore } from './bucket.js';
import { folderObjectStore } from './folder.js';
import type { ObjectStore } from './objectStore.js';
import { openObjects } from './open.js';

interface Server {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}
const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: object) => Server;
const S3_KEY = 'S3RVER';

/** It knows one key, and gets the signatures of HEAD wrong, so it has to trust them. */
async function startS3(directory: string, ...buckets: string[]): Promise<{ endpoint: string; close: () => Promise<void> }> {
  const configureBuckets = buckets.map((name) => ({ name, configs: [] }));
  const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets, allowMismatchedSignatures: true });
  const { port } = await server.run();
  return { endpoint: `http://127.0.0.1:${port}`, close: () => server.close() };
}

let folder: string;
let server: Awaited<ReturnType<typeof startS3>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-objects-'));
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = S3_KEY;
  server = await startS3(join(folder, 's3'), 'bucket');
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const hashOf = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const inBucket = (changes: object = {}): Promise<ObjectStore> =>
  bucketObjectStore(
    { bucket: 'bucket', prefix: 'some/where', endpoint: server.endpoint, region: 'us-east-1', ...changes },
    join(folder, 'scratch'),
  );

describe.each<[string, () => Promise<ObjectStore>, () => string]>([
  ['a folder', async () => folderObjectStore(join(folder, 'objects')), () => join(folder, 'objects', 'incoming')],
  ['a bucket', () => inBucket(), () => join(folder, 'scratch')],
])('objects in %s', (_name, open, drafts) => {
  it('gives back what was put, under the hash of its content', async () => {
    const objects = await open();
    const stored = await objects.put(chunks('hello ', 'world'));
    expect(stored).toEqual({ sha256: hashOf('hello world'), bytes: 11 });
    expect((await objects.readAll(stored.sha256)).toString()).toBe('hello world');
    const read: Buffer[] = [];
    for await (const chunk of await objects.read(stored.sha256)) read.push(chunk as Buffer);
    expect(Buffer.concat(read).toString()).toBe('hello world');
    expect(await objects.withFile(stored.sha256, (path) => readFile(path, 'utf8'))).toBe('hello world');
    expect(await readdir(drafts())).toEqual([]);
  });

  it('takes content of many parts, and none at all', async () => {
    const objects = await open();
    const large = Buffer.alloc(20 << 20, 'almanac');
    const { sha256, bytes } = await objects.put(large);
    expect([sha256, bytes]).toEqual([hashOf(large), large.length]);
    expect(hashOf(await objects.withFile(sha256, (path) => readFile(path)))).toBe(sha256);
    expect((await objects.readAll((await objects.put(Buffer.alloc(0))).sha256)).length).toBe(0);
  });

  it('keeps one copy of the same content, and deletes it when asked to', async () => {
    const objects = await open();
    const [first, second] = await Promise.all([objects.put(Buffer.from('twice')), objects.put(Buffer.from('twice'))]);
    expect(second).toEqual(first);
    expect(await objects.has(first.sha256)).toBe(true);
    await objects.delete(first.sha256);
    await objects.delete(first.sha256);
    expect(await objects.has(first.sha256)).toBe(false);
    const { sha256 } = first;
    for (const ask of [() => objects.read(sha256), () => objects.readAll(sha256), () => objects.withFile(sha256, async () => 1)])
      await expect(ask()).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND', status: 404 });
  });

  it('leaves nothing of a put that breaks off', async () => {
    const objects = await open();
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('connection lost');
    })();
    await expect(objects.put(broken)).rejects.toThrow('connection lost');
    expect(await readdir(drafts())).toEqual([]);
    expect(await objects.has(hashOf('half'))).toBe(false);
  });

  it('does not follow a key that is no hash', async () => {
    await expect((await open()).readAll('../../../etc/passwd')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  it('passes on what fails in the hands of a borrower', async () => {
    const objects = await open();
    const { sha256 } = await objects.put(Buffer.from('lent'));
    await expect(objects.withFile(sha256, () => Promise.reject(new Error('not mine')))).rejects.toThrow('not mine');
  });
});

it('what a killed process left on its way is removed when storage is opened, what is on its way is not', async () => {
  const objectsFolder = join(folder, 'swept');
  const incoming = join(objectsFolder, 'incoming');
  await mkdir(incoming, { recursive: true });
  for (const name of ['old', 'new']) await writeFile(join(incoming, name), 'half');
  await utimes(join(incoming, 'old'), 0, Date.now() / 1000 - 25 * 3600);
  await openObjects({ objectsFolder, objectsBucket: undefined });
  expect(await readdir(incoming)).toEqual(['new']);
});

it('a folder that cannot be written is named', async () => {
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  await expect(folderObjectStore(file).put(Buffer.from('x'))).rejects.toMatchObject({
    code: 'FOLDER_NOT_WRITABLE',
    subject: { folder: join(file, 'incoming') },
  });
});

describe('a bucket', () => {
  it('has the layout of the folder, so that one can be copied into the other', async () => {
    const { sha256 } = await (await inBucket()).put(Buffer.from('where'));
    const keys = await readdir(join(folder, 's3', 'bucket', 'some', 'where', sha256.slice(0, 2), sha256.slice(2, 4)));
    expect(keys.some((key) => key.startsWith(sha256))).toBe(true);
  });

  it('that is not there, not ours or not reachable is refused at once, with what to do', async () => {
    await expect(inBucket({ bucket: 'elsewhere' })).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNUSABLE',
      message: expect.stringContaining('is not there'),
      hint: expect.stringContaining('ALMANAC_OBJECTS_URL'),
    });
    process.env['AWS_ACCESS_KEY_ID'] = 'wrong';
    try {
      await expect(inBucket()).rejects.toMatchObject({ hint: expect.stringContaining('AWS_SECRET_ACCESS_KEY') });
    } finally {
      process.env['AWS_ACCESS_KEY_ID'] = S3_KEY;
    }
    const closed = await startS3(join(folder, 'closed'));
    await closed.close();
    await expect(inBucket({ endpoint: closed.endpoint })).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNUSABLE',
      message: expect.stringContaining('cannot be reached'),
    });
  });
});

describe('half files', () => {
  it('of a process that is gone are swept at the next start, and those of others are left', async () => {
    const objectsFolder = join(folder, 'orphans');
    const incoming = join(objectsFolder, 'incoming');
    await mkdir(incoming, { recursive: true });
    // More than any system gives out: nobody has this number.
    const [gone, earlier] = [`${hostname()}~4194999~aaaaaaaa~1`, `${hostname()}~${process.pid}~aaaaaaaa~2`];
    const [alive, elsewhere] = [`${hostname()}~${process.ppid}~aaaaaaaa~3`, `another-machine~1~aaaaaaaa~4`];
    for (const name of [gone, earlier, alive, elsewhere]) await writeFile(join(incoming, name), 'half of it');
    await openObjects({ objectsFolder, objectsBucket: undefined });
    expect((await readdir(incoming)).sort()).toEqual([alive, elsewhere].sort());
  });
});
