/** Registers kernels with tfjs: the reference for the `cpu` backend, WebAssembly (or the reference on its heap) for `wasm`. */
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { type Arrays, type Dims, type Kernel, type WasmExports } from './kernel.js';

/** What this library uses of tfjs-backend-wasm beyond its declared types. */
export interface WasmBackend extends tf.KernelBackend {
  wasm: { HEAPU8: Uint8Array; asm: { memory: WebAssembly.Memory }; _malloc(bytes: number): number; _free(address: number): void };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  dataIdMap: { get(id: object): { memoryOffset: number } };
  readSync(id: object): Float32Array;
  write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object;
  disposeData(id: object, force?: boolean): boolean;
}

export interface CpuBackend extends tf.KernelBackend {
  data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.backend_util.BackendValues): tf.TensorInfo;
}

interface Call {
  inputs: Record<string, tf.TensorInfo>;
  attrs?: { dims: Dims };
  backend: unknown;
}

const size = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);

export function registerOnCpu(kernel: Kernel): void {
  if (tf.getKernel(kernel.name, 'cpu')) return;
  const kernelFunc = ({ inputs, attrs, backend }: Call): tf.TensorInfo[] => {
    const cpu = backend as CpuBackend;
    const { dims } = attrs!;
    const outputs = kernel.shapes(dims).map((shape) => ({ shape, values: new Float32Array(size(shape)) }));
    const arrays = kernel.inputs.map((name) => (inputs[name] ? cpu.data.get(inputs[name].dataId).values : null));
    kernel.reference(
      arrays,
      outputs.map(({ values }) => values),
      dims,
    );
    return outputs.map(({ shape, values }) => cpu.makeTensorInfo(shape, 'float32', values));
  };
  tf.registerKernel({ kernelName: kernel.name, backendName: 'cpu', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

export function registerOnWasm(kernel: Kernel, exports: WasmExports): void {
  const kernelFunc = ({ inputs, attrs, backend }: Call): tf.TensorInfo[] => {
    const wasm = backend as WasmBackend;
    const { dims } = attrs!;
    const address = (info: tf.TensorInfo): number => wasm.dataIdMap.get(info.dataId).memoryOffset;
    const outputs = kernel.shapes(dims).map((shape) => wasm.makeOutput(shape, 'float32'));
    if (kernel.wasm) {
      const { name, outputs: places = outputs.length, dims: order, scratch } = kernel.wasm;
      const space = scratch ? allocate(wasm, scratch(exports, dims)) : 0;
      const addresses = kernel.inputs.map((input) => (inputs[input] ? address(inputs[input]) : 0));
      const written = Array.from({ length: places }, (_, i) => (outputs[i] ? address(outputs[i]) : 0));
      exports[name]!(...addresses, ...written, ...order.map((dim) => dims[dim]!), space);
      if (space) wasm.wasm._free(space);
    } else {
      // Views are taken after every allocation: the heap may have moved.
      const view = (info: tf.TensorInfo): Float32Array => new Float32Array(wasm.wasm.HEAPU8.buffer, address(info), size(info.shape));
      const arrays: Arrays = kernel.inputs.map((name) => (inputs[name] ? view(inputs[name]) : null));
      const views = outputs.map(view);
      for (const array of views) array.fill(0);
      kernel.reference(arrays, views, dims);
    }
    return outputs;
  };
  if (tf.getKernel(kernel.name, 'wasm')) tf.unregisterKernel(kernel.name, 'wasm');
  tf.registerKernel({ kernelName: kernel.name, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

/** Registers the composed form. */
export function registerComposed(kernel: Kernel, backendName: string): void {
  const kernelFunc = ({ inputs, attrs }: Call): tf.TensorInfo[] =>
    tf.tidy(() =>
      kernel.compose(
        kernel.inputs.map((name) => (inputs[name] as tf.Tensor | undefined) ?? null),
        attrs!.dims,
      ),
    );
  if (tf.getKernel(kernel.name, backendName)) tf.unregisterKernel(kernel.name, backendName);
  tf.registerKernel({ kernelName: kernel.name, backendName, kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

export function allocate(backend: WasmBackend, bytes: number): number {
  const at = backend.wasm._malloc(bytes) >>> 0;
  if (at) return at;
  throw new AlmanacError('OUT_OF_MEMORY', `no room for ${Math.round(bytes / 1e6)} MB of scratch memory in the wasm heap`, {
    hint: 'Make the batch smaller, or spread it over more threads: each has a heap of its own.',
    status: 500,
  });
}
