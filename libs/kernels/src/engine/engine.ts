/** Which engine computes: chosen once per thread, said aloud with the reasons. */
import { type Variant } from '../kernel/module.js';
import { startWasm } from './wasm.js';

export type EngineName = 'tensorflow' | 'wasm';

export interface EngineOptions {
  /** `auto` takes the fastest that loads. */
  engine?: EngineName | 'auto';
  /** How many threads a run may use in all; the engine itself uses one, `parallel` the rest. */
  threads?: number;
  /** The variant of a run to repeat; the best there is otherwise. */
  variant?: string;
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
export async function initEngine({ engine = 'auto', threads = 1, variant: wanted }: EngineOptions = {}): Promise<Engine> {
  const variant = await startWasm(wanted as Variant | undefined);
  return {
    name: 'wasm',
    variant,
    threads,
    why: engine === 'wasm' ? 'asked for' : 'it needs nothing but npm packages',
    rejected:
      engine === 'wasm' ? [] : [{ name: 'tensorflow', why: 'no native binding is installed; `npm run engine:tensorflow` provides one' }],
  };
}
