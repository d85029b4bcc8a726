import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type * as Run from './run.js';
import { decodeState } from './stateFile.js';

/** Compiled: windows are drawn in a thread. */
const { pretrain } = (await import(new URL('../../dist/pretrain/run.js', import.meta.url).href)) as typeof Run;

const folder = mkdtempSync(join(tmpdir(), 'almanac-pretrain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(name: string, steps: number, seed = 5): Promise<ReturnType<typeof decodeState>> {
  await pretrain({ folder: join(folder, name), seed, hours: 1, steps, anneal: false, engine: 'wasm', say: () => undefined });
  return decodeState(readFileSync(join(folder, name, 'state.bin')));
}

describe('a pretraining run', () => {
  it('goes on where it was stopped, to the same bits as one that never was', async () => {
    await run('stopped', 2);
    const resumed = await run('stopped', 4);
    const whole = await run('whole', 4);
    expect(resumed.manifest.config).toMatchObject({ step: 4 });
    expect(resumed.weights).toEqual(whole.weights);
  });

  it('refuses to go on with another seed', async () => {
    await run('other', 1);
    await expect(run('other', 2, 6)).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
  });
});
