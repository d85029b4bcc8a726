/**
 * The compiled WebAssembly of assembly/, linked to the heap of tfjs-wasm so that nothing is copied. The variant is the
 * best that this runtime validates. Results are the same bits on `relaxed-simd` and `relaxed-simd-wide`: both use fused
 * multiply-adds in the same order, and only the number of columns held in registers differs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { AlmanacError } from '@almanac/series';
import { type WasmExports } from './kernel.js';

export type Variant = 'relaxed-simd' | 'simd';

/** `wide` compiles for V8 pairing vectors into 256-bit registers, on x64; without that it would be slower. */
export interface CompiledModule {
  module: WebAssembly.Module;
  variant: Variant;
  wide: boolean;
}

/** @param wanted a variant that a former run used; the best one otherwise */
export function compile(wanted?: Variant, pairs = canPair()): CompiledModule {
  const relaxed = WebAssembly.validate(bytes('relaxed-simd'));
  if (wanted === 'relaxed-simd' && !relaxed) {
    throw new AlmanacError('VARIANT_UNAVAILABLE', 'this runtime has no relaxed SIMD, which the run to repeat was computed with', {
      hint: 'Use Node 22 or later, or accept other rounding by asking for the variant `simd`.',
      status: 500,
    });
  }
  const variant = wanted ?? (relaxed ? 'relaxed-simd' : 'simd');
  const wide = variant === 'relaxed-simd' && pairs;
  if (!wide) return { module: new WebAssembly.Module(bytes(variant)), variant, wide };
  // Optimised at once, while the flag is on; it then goes back, so that no other module is compiled with it.
  setFlagsFromString('--experimental-wasm-revectorize');
  setFlagsFromString('--no-liftoff');
  setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return { module: new WebAssembly.Module(bytes('relaxed-simd-wide')), variant, wide };
  } finally {
    setFlagsFromString('--wasm-lazy-compilation');
    setFlagsFromString('--liftoff');
    setFlagsFromString('--no-experimental-wasm-revectorize');
  }
}

/** Where V8 pairs vectors well enough to be worth wider panels: tried on Node 24, x64. */
function canPair(): boolean {
  return process.arch === 'x64' && Number(process.versions.v8.split('.')[0]) >= 13;
}

/** Links to a heap; `allocate` reserves the few bytes of constants that the kernels keep there. */
export function link(module: WebAssembly.Module, memory: WebAssembly.Memory, allocate: (bytes: number) => number): WasmExports {
  const abort = (): never => {
    throw new Error('a kernel aborted');
  };
  const exports = new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as WasmExports;
  exports['setConstants']!(allocate(exports['constantBytes']!()));
  return exports;
}

function bytes(variant: string): Buffer<ArrayBuffer> {
  const file = new URL(`../../build/${variant}.wasm`, import.meta.url);
  if (!existsSync(file)) {
    throw new AlmanacError('KERNELS_NOT_BUILT', `the compiled kernels (${variant}.wasm) are missing`, {
      hint: 'Run `npm run build` in libs/kernels.',
      status: 500,
    });
  }
  return readFileSync(file) as Buffer<ArrayBuffer>;
}
