/** The standard tanh, sigmoid and softplus of the wasm engine as vector code; those it comes with take an element at a time. */
import * as tf from '@tensorflow/tfjs-core';
import { type WasmExports } from '../kernel/kernel.js';
import { type WasmBackend } from '../kernel/register.js';

const functions = { [tf.Tanh]: 'tanhAll', [tf.Sigmoid]: 'sigmoidAll', [tf.Softplus]: 'softplusAll' };

interface Call {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
}

export function replaceUnary(exports: () => WasmExports): void {
  for (const [kernelName, name] of Object.entries(functions)) {
    const original = tf.getKernel(kernelName, 'wasm').kernelFunc;
    const kernelFunc = (call: Call): tf.TensorInfo | tf.TensorInfo[] => {
      const { inputs, backend } = call;
      const { x } = inputs;
      if (x.dtype !== 'float32') return original(call as never);
      const out = backend.makeOutput(x.shape, 'float32');
      const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
      exports()[name]!(address(x), address(out), tf.util.sizeFromShape(x.shape));
      return out;
    };
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
  }
}
