/** The `wasm` engine: tfjs-backend-wasm with our kernels on its heap. One thread; see `parallel` for more. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
// The Node build of tfjs-core leaves out the gradients of the standard ops; the layers package registers them.
import '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernel/all.js';
import { compile, link } from '../kernel/module.js';
import { registerOnCpu, registerOnWasm, type WasmBackend } from '../kernel/register.js';
import { replaceMatMul } from '../matMul/wasm.js';
import { registerFallbacks } from './fallback.js';

let started: Promise<string> | undefined;

/** @returns the kernel variant: `simd` or `relaxed-simd` */
export function startWasm(): Promise<string> {
  started ??= start();
  return started;
}

async function start(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(entry), '/'));
  await tf.setBackend('wasm');
  await tf.ready();
  const { module, variant } = compile();
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const exports = link(module, wasm.asm.memory, (bytes) => wasm._malloc(bytes));
  for (const kernel of kernels) registerOnWasm(kernel, exports);
  registerFallbacks();
  replaceIdentity();
  replaceMatMul(exports);
  for (const kernel of kernels) registerOnCpu(kernel);
  return variant;
}

/** tfjs-wasm copies the data of a clone, and saving a tensor for its gradient is a clone; counting the reference is enough. */
function replaceIdentity(): void {
  const kernelFunc = ({ inputs, backend }: { inputs: { x: tf.TensorInfo }; backend: WasmBackend }): tf.TensorInfo => {
    backend.incRef(inputs.x.dataId);
    return { ...inputs.x };
  };
  tf.unregisterKernel(tf.Identity, 'wasm');
  tf.registerKernel({ kernelName: tf.Identity, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}
