/** The standard `matMul` of the wasm engine on our products, which are about twice as fast as those it comes with. */
import * as tf from '@tensorflow/tfjs-core';
import { type WasmExports } from '../kernel/kernel.js';
import { allocate, type WasmBackend } from '../kernel/register.js';

interface Call {
  inputs: { a: tf.TensorInfo; b: tf.TensorInfo };
  attrs: { transposeA: boolean; transposeB: boolean };
  backend: WasmBackend;
}

export function replaceMatMul(exports: () => WasmExports): void {
  const original = tf.getKernel(tf.BatchMatMul, 'wasm').kernelFunc;
  const kernelFunc = (call: Call): tf.TensorInfo | tf.TensorInfo[] => {
    const { inputs, attrs, backend } = call;
    const { a, b } = inputs;
    const [batchA, batchB] = [a, b].map(({ shape }) => shape.slice(0, -2).reduce((product, n) => product * n, 1)) as [number, number];
    const sameBatch = batchA === batchB && a.shape.length === b.shape.length;
    // What remains is broadcasting over several batch axes, which the original does.
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || !(sameBatch || batchA === 1 || batchB === 1)) return original(call as never);
    const [rows, inner] = a.shape.slice(-2) as [number, number];
    const [M, K] = attrs.transposeA ? [inner, rows] : [rows, inner];
    const N = b.shape.at(attrs.transposeB ? -2 : -1)!;
    const outer = batchA >= batchB && a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    const out = backend.makeOutput([...outer, M, N], 'float32');
    const space = allocate(backend, exports()['matMulScratch']!(M, K, N));
    const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
    const batch = Math.max(batchA, batchB);
    exports()['matMul']!(
      address(a),
      address(b),
      address(out),
      ...[batch, batchA, batchB, M, K, N, Number(attrs.transposeA), Number(attrs.transposeB)],
      space,
    );
    backend.wasm._free(space);
    return out;
  };
  tf.unregisterKernel(tf.BatchMatMul, 'wasm');
  tf.registerKernel({ kernelName: tf.BatchMatMul, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}
