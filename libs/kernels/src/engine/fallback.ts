/**
 * tfjs-wasm lacks kernels that the CPU backend has, among them some that gradients need. Each missing one is registered
 * as a detour over the CPU backend: inputs are copied over, outputs copied back.
 */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type CpuBackend, type WasmBackend } from '../kernel/register.js';

type Infos = Record<string, tf.TensorInfo | tf.TensorInfo[]>;

/** @returns the names of the kernels that now take the detour */
export function registerFallbacks(): string[] {
  const cpu = new MathBackendCPU() as unknown as CpuBackend & { disposeData(id: object, force?: boolean): boolean };
  Object.assign(cpu, { firstUse: false }); // or its first write prints advice
  const missing = tf.getKernelsForBackend('cpu').filter(({ kernelName }) => !tf.getKernel(kernelName, 'wasm'));
  for (const { kernelName, kernelFunc } of missing) {
    const detour = ({
      inputs,
      attrs,
      backend,
    }: {
      inputs: Infos;
      attrs: tf.NamedAttrMap;
      backend: unknown;
    }): tf.TensorInfo | tf.TensorInfo[] => {
      const wasm = backend as WasmBackend;
      const temporary: tf.TensorInfo[] = [];
      const bring = (info: tf.TensorInfo): tf.TensorInfo => {
        const copy = cpu.makeTensorInfo(info.shape, info.dtype, wasm.readSync(info.dataId));
        temporary.push(copy);
        return copy;
      };
      const moved = Object.fromEntries(
        Object.entries(inputs)
          .filter(([, info]) => info)
          .map(([name, info]) => [name, Array.isArray(info) ? info.map(bring) : bring(info)]),
      );
      const result = kernelFunc({ inputs: moved as unknown as tf.NamedTensorInfoMap, attrs, backend: cpu });
      const outputs = (Array.isArray(result) ? result : [result]).map((info) => {
        const values = (cpu as unknown as WasmBackend).readSync(info.dataId);
        temporary.push(info);
        return { dataId: wasm.write(values, info.shape, info.dtype), shape: info.shape, dtype: info.dtype };
      });
      for (const { dataId } of temporary) cpu.disposeData(dataId, true);
      return Array.isArray(result) ? outputs : outputs[0]!;
    };
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: detour as unknown as tf.KernelFunc });
  }
  return missing.map(({ kernelName }) => kernelName);
}
