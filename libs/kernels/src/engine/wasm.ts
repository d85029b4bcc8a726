/** The `wasm` engine: tfjs-backend-wasm with our kernels on its heap. One thread; see `parallel` for more. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
// The Node build of tfjs-core leaves out the gradients of the standard ops; the layers package registers them.
import '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernel/all.js';
import { registerOnCpu, registerOnWasm } from '../kernel/register.js';
import { registerFallbacks } from './fallback.js';

let started: Promise<string> | undefined;

/** @returns the kernel variant: `reference`, `simd` or `relaxed-simd` */
export function startWasm(): Promise<string> {
  started ??= start();
  return started;
}

async function start(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(entry), '/'));
  for (const kernel of kernels) registerOnWasm(kernel, null);
  registerFallbacks();
  for (const kernel of kernels) registerOnCpu(kernel);
  await tf.setBackend('wasm');
  await tf.ready();
  return 'reference';
}
