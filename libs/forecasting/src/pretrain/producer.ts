/** The thread that draws synthetic windows ahead of the one that trains: asked for a step, it answers with its batch. */
import { parentPort, workerData } from 'node:worker_threads';
import { WindowReader } from '../kinds/pretrained/windows.js';
import { drawWindows } from './sampler.js';

const { seed } = workerData as { seed: number };
const reader = new WindowReader();

parentPort!.on('message', (step: number) => {
  const { n, m, windows } = drawWindows(seed, step);
  const batch = reader.read(windows, n, m);
  const arrays = Object.values(batch).flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []));
  parentPort!.postMessage({ step, batch }, arrays);
});
