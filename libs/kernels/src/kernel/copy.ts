/** Reading a tensor into an array that is there already: tfjs would make a new one at every call. */
import * as tf from '@tensorflow/tfjs-core';
import { type WasmBackend } from './register.js';

/** Copies the values of a float32 tensor into `out`, from element `at` on. */
export function copyValues(tensor: tf.Tensor, out: Float32Array, at: number): void {
  if (tf.getBackend() !== 'wasm') return out.set(tensor.dataSync<'float32'>(), at);
  const { wasm, dataIdMap } = tf.backend() as unknown as WasmBackend;
  out.set(new Float32Array(wasm.HEAPU8.buffer, dataIdMap.get(tensor.dataId).memoryOffset, tensor.size), at);
}
