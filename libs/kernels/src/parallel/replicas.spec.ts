/** Threads are started from the built library, as users of it do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
// eslint-disable-next-line @nx/enforce-module-boundaries -- the threads must be those of the built library
import { startReplicas } from '@almanac/kernels';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'almanac-replicas-'));
const library = new URL('../../dist/index.js', import.meta.url).href;

function script(name: string, body: string): URL {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `import { joinReplicas } from ${JSON.stringify(library)};\nconst { group, data } = joinReplicas();\n${body}`);
  return pathToFileURL(file);
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('replicas', () => {
  it('sum arrays of all threads in rank order, to the same bits every time', async () => {
    const program = script(
      'sums',
      `const values = new Float32Array(1001);
       for (let step = 0; step < 50; step++) {
         for (let i = 0; i < values.length; i++) values[i] = Math.fround(1 / (1 + i + step * (group.rank + data.salt)));
         await group.sum(values);
       }`,
    );
    const results: number[][] = [];
    for (let run = 0; run < 2; run++) {
      const replicas = startReplicas({ script: program, threads: 3, floats: 1001, data: { salt: 7 } });
      const values = new Float32Array(1001);
      for (let step = 0; step < 50; step++) {
        for (let i = 0; i < values.length; i++) values[i] = Math.fround(1 / (1 + i + step * 7));
        await replicas.group.sum(values);
      }
      await replicas.end();
      results.push(Array.from(values));
    }
    const expected = Float32Array.from({ length: 1001 }, (_, i) => {
      const part = (rank: number): number => Math.fround(1 / (1 + i + 49 * (rank + 7)));
      return Math.fround(Math.fround(part(0) + part(1)) + part(2));
    });
    expect(results[0]).toEqual(Array.from(expected));
    expect(results[1]).toEqual(results[0]);
  });

  it('a thread that throws fails the run with its message', async () => {
    const program = script('throws', `await group.barrier();\nthrow new Error('out of cheese');`);
    const replicas = startReplicas({ script: program, threads: 2, floats: 4 });
    await replicas.group.barrier();
    await expect(replicas.group.sum(new Float32Array(4))).rejects.toMatchObject({
      code: 'REPLICA_DIED',
      message: 'training thread 2 of 2 died: out of cheese',
    });
    await replicas.end();
  });

  it('a thread that leaves without a word fails the run, and so do those that wait for it', async () => {
    const program = script('leaves', `await group.barrier();\nif (group.rank === 1) process.exit(3);\nawait group.barrier();`);
    const replicas = startReplicas({ script: program, threads: 3, floats: 4 });
    await replicas.group.barrier();
    await expect(replicas.group.barrier()).rejects.toThrow('training thread 2 of 3 died: it ended with code 3');
    await replicas.end();
  });

  it('end stops threads that wait', async () => {
    const program = script('waits', `await group.barrier();\nawait group.barrier();`);
    const replicas = startReplicas({ script: program, threads: 2, floats: 4 });
    await replicas.group.barrier();
    await replicas.end();
    await replicas.end();
  });

  it('says when an array is too long for the group', async () => {
    const replicas = startReplicas({ script: script('idle', ''), threads: 1, floats: 4 });
    await expect(replicas.group.sum(new Float32Array(5))).rejects.toMatchObject({ code: 'GROUP_TOO_SMALL' });
    await replicas.end();
  });
});
