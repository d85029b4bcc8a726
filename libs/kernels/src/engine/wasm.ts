/** The `wasm` engine: tfjs-backend-wasm with our kernels on its heap. One thread; see `parallel` for more. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
// The Node build of tfjs-core leaves out the gradients of the standard ops; the layers package registers them.
import '@tensorflow/tfjs-layers';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernel/all.js';
import { type WasmExports } from '../kernel/kernel.js';
import { compile, type CompiledModule, link, type Variant } from '../kernel/module.js';
import { registerOnCpu, registerOnWasm, type WasmBackend } from '../kernel/register.js';
import { replaceMatMul } from '../matMul/wasm.js';
import { replaceUnary } from '../unary/wasm.js';
import { registerFallbacks } from './fallback.js';

let started: Promise<void> | undefined;
let exports: WasmExports | undefined;
let current: CompiledModule | undefined;

/**
 * Starts the engine, or changes its variant.
 *
 * @param pairs whether to compile for 256-bit pairs; changes speed, not results
 */
export async function startWasm(variant?: Variant, pairs?: boolean): Promise<Variant> {
  await (started ??= start());
  await tf.setBackend('wasm');
  if (current && (variant ?? current.variant) === current.variant && (pairs ?? current.wide) === current.wide) return current.variant;
  current = compile(variant, pairs);
  const { wasm } = tf.backend() as unknown as WasmBackend;
  exports = link(current.module, wasm.asm.memory, (bytes) => wasm._malloc(bytes));
  for (const kernel of kernels) registerOnWasm(kernel, exports);
  return current.variant;
}

async function start(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(dirname(entry), '/'));
  await tf.setBackend('wasm');
  await tf.ready();
  registerFallbacks();
  replaceIdentity();
  replaceMatMul(() => exports!);
  replaceUnary(() => exports!);
  for (const kernel of kernels) registerOnCpu(kernel);
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
