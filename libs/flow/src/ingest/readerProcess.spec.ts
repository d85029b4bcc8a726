import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ingestOptions } from '@almanac/contracts';
import type { ReadJob } from './protocol.js';

it('a reader whose parent was killed ends, and leaves no scratch behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-reader-spec-'));
  try {
    const [path, scratch] = [join(folder, 'upload'), join(folder, 'scratch')];
    await mkdir(scratch);
    // Compressed, so that its content has to be written somewhere; much, so that the pipe is full before its end.
    const rows = Array.from({ length: 400_000 }, (_, i) => `s${i % 7},${i},${i}\n`).join('');
    await writeFile(path, gzipSync(`unique_id,ds,y\n${rows}`, { level: 1 }));
    const reader = join(dirname(fileURLToPath(import.meta.resolve('@almanac/flow/ingest'))), 'reader.js');
    const child = fork(reader, { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'] });
    const options = ingestOptions.parse({ dataset: 'd', frequency: '1' });
    child.send({ path, fileName: 'f.csv.gz', options, scratch, limits: { memoryMb: 512, threads: 1 }, now: Date.now() } satisfies ReadJob);
    while (!existsSync(join(scratch, 'content'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(existsSync(scratch)).toBe(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
