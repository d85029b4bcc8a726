import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderObjectStore } from './folder.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'almanac-objects-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('objects in a folder', () => {
  it('gives back what was put, under the hash of its content', async () => {
    const objects = folderObjectStore(folder);
    const stored = await objects.put(chunks('hello ', 'world'));
    expect(stored).toEqual({ sha256: createHash('sha256').update('hello world').digest('hex'), bytes: 11 });
    expect((await objects.readAll(stored.sha256)).toString()).toBe('hello world');
    const read: Buffer[] = [];
    for await (const chunk of await objects.read(stored.sha256)) read.push(chunk as Buffer);
    expect(Buffer.concat(read).toString()).toBe('hello world');
    expect(await objects.withFile(stored.sha256, (path) => readFile(path, 'utf8'))).toBe('hello world');
  });

  it('keeps one copy of the same content, and forgets it when told', async () => {
    const objects = folderObjectStore(folder);
    const [first, second] = await Promise.all([objects.put(Buffer.from('twice')), objects.put(Buffer.from('twice'))]);
    expect(second).toEqual(first);
    expect(await objects.has(first.sha256)).toBe(true);
    await objects.delete(first.sha256);
    expect(await objects.has(first.sha256)).toBe(false);
    await expect(objects.read(first.sha256)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  it('leaves nothing of a put that breaks off', async () => {
    const objects = folderObjectStore(folder);
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('connection lost');
    })();
    await expect(objects.put(broken)).rejects.toThrow('connection lost');
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(await objects.has(createHash('sha256').update('half').digest('hex'))).toBe(false);
  });

  it('does not follow a key that is no hash out of its folder', async () => {
    await expect(folderObjectStore(folder).readAll('../../../etc/passwd')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  it('names the folder that it cannot write', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    await expect(folderObjectStore(file).put(Buffer.from('x'))).rejects.toMatchObject({
      code: 'FOLDER_NOT_WRITABLE',
      subject: { folder: file },
    });
  });
});
