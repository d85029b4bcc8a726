/**
 * How a kernel of this library is written: one name, one list of output shapes, a plain JavaScript reference (the
 * truth the others are tested against) and, where there is one, a WebAssembly function of the same name. Both work on
 * dense row-major float32 arrays. An absent optional input is `null` for the reference and address 0 for WebAssembly.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Sizes and switches of one call: T, B, I, H, … and flags as 0 or 1. */
export type Dims = Record<string, number>;
export type Arrays = (Float32Array | null)[];

export interface Kernel {
  /** The name under which tfjs knows it on every engine. */
  readonly name: string;
  /** Input names, in the order in which both implementations take them. */
  readonly inputs: readonly string[];
  shapes(dims: Dims): number[][];
  /** The same from standard operations, for engines without a kernel of their own. */
  compose(inputs: (tf.Tensor | null)[], dims: Dims): tf.Tensor[];
  reference(inputs: Arrays, outputs: Float32Array[], dims: Dims): void;
  /** The function of this name in assembly/: inputs, outputs, then these dims, then its scratch memory. */
  readonly wasm?: {
    name: string;
    /** How many outputs it takes, where `shapes` may give fewer: the rest are 0. */
    outputs?: number;
    dims: readonly string[];
    scratch?: (exports: WasmExports, dims: Dims) => number;
  };
}

export type WasmExports = Record<string, (...args: number[]) => number>;

/** Runs a kernel on the current backend. Nothing inside is recorded for differentiation: see `fused`. */
export function runKernel(kernel: Kernel, inputs: Record<string, tf.Tensor | null | undefined>, dims: Dims): tf.Tensor[] {
  const present = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor !== null && tensor !== undefined));
  return tf.engine().runKernel(kernel.name, present as tf.NamedTensorMap, { dims }) as unknown as tf.Tensor[];
}
