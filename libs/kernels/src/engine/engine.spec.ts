import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initEngine } from './engine.js';
import { tensorflowPresent } from './tensorflow.js';

describe('initEngine', () => {
  it('says what it took and, where it chose, why not the other', async () => {
    const engine = await initEngine({ threads: 2 });
    expect(tf.getBackend()).toBe(engine.name);
    expect(engine.threads).toBe(2);
    expect(engine.rejected).toHaveLength(1);
    expect(engine.rejected[0]!.why).not.toBe('');
  });

  it.skipIf(tensorflowPresent())('tells how to get an engine that is not installed', async () => {
    await expect(initEngine({ engine: 'tensorflow' })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: expect.stringContaining('npm run engine:tensorflow') as string,
    });
  });

  it('repeats the variant of an earlier run, and a thread started later has the same', async () => {
    const engine = await initEngine({ engine: 'wasm', variant: 'simd' });
    expect(engine.variant).toBe('simd');
    const library = createRequire(import.meta.url).resolve('../../dist/index.js');
    const code = `import(${JSON.stringify(library)}).then(async ({ initEngine }) => require('node:worker_threads').parentPort.postMessage(await initEngine()))`;
    const worker = new Worker(code, { eval: true });
    const inherited = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(inherited).toMatchObject({ name: 'wasm', variant: 'simd', threads: 1 });
  });
});
