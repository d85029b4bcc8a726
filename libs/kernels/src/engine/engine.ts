/** Which engine computes: chosen once per thread, said aloud with the reasons. */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { AlmanacError } from '@almanac/series';
import { type Variant } from '../kernel/module.js';
import { timeEngine } from './measure.js';
import { startTensorflow, tensorflowPresent } from './tensorflow.js';
import { startWasm } from './wasm.js';

export type EngineName = 'tensorflow' | 'wasm';

export interface EngineOptions {
  /** `auto` takes a GPU if there is one, else the engine that a short measurement shows to be faster here. */
  engine?: EngineName | 'auto';
  /** How many threads a run may use in all; the engine itself uses one, replicas the rest. */
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

type Choice = Omit<Engine, 'threads'>;
/** Threads started later inherit the choice, so that all of a run compute alike. */
const INHERITED = 'almanac.engine';
let chosen = getEnvironmentData(INHERITED) as unknown as Choice | undefined;

/**
 * Makes an engine ready in this thread; tfjs operations then run on it. Safe to call again: `auto` keeps what it chose.
 *
 * @throws ENGINE_UNAVAILABLE when the engine asked for does not load, VARIANT_UNAVAILABLE
 */
export async function initEngine({ engine = 'auto', threads = 1, variant }: EngineOptions = {}): Promise<Engine> {
  if (engine === 'wasm')
    chosen = { name: 'wasm', variant: await startWasm(variant as Variant | undefined), why: 'asked for', rejected: [] };
  else if (engine === 'tensorflow')
    chosen = { name: 'tensorflow', variant: await requireTensorflow(variant), why: 'asked for', rejected: [] };
  else if (chosen && (variant === undefined || variant === chosen.variant)) await start(chosen);
  else chosen = await choose(threads, variant as Variant | undefined);
  setEnvironmentData(INHERITED, { ...chosen, why: 'the thread that started this one uses it' });
  return { ...chosen, threads };
}

async function start({ name, variant }: Choice): Promise<unknown> {
  return name === 'wasm' ? startWasm(variant as Variant) : startTensorflow();
}

async function choose(threads: number, variant: Variant | undefined): Promise<Choice> {
  const wasm = async (why: string, because: string): Promise<Choice> => ({
    name: 'wasm',
    variant: await startWasm(variant),
    why,
    rejected: [{ name: 'tensorflow', why: because }],
  });
  if (!tensorflowPresent())
    return wasm('it needs nothing but npm packages', 'no native binding is installed; `npm run engine:tensorflow` provides one');
  let device: string;
  try {
    device = await startTensorflow();
  } catch (error) {
    return wasm('the other engine does not load', (error as Error).message);
  }
  if (device === 'gpu')
    return { name: 'tensorflow', variant: device, why: 'it has a GPU', rejected: [{ name: 'wasm', why: 'it computes on the CPU' }] };
  const theirs = timeEngine(1);
  await startWasm(variant);
  const ours = timeEngine(threads);
  const times = `a layer's training step takes ${ours.toFixed(1)} ms on wasm and ${theirs.toFixed(1)} ms on TensorFlow's CPU kernels`;
  if (ours <= theirs) return wasm(`measured faster: ${times}`, 'slower on this machine');
  return {
    name: 'tensorflow',
    variant: await startTensorflow(),
    why: `measured faster: ${times}`,
    rejected: [{ name: 'wasm', why: 'slower on this machine' }],
  };
}

async function requireTensorflow(variant: string | undefined): Promise<string> {
  const unavailable = (why: string): AlmanacError =>
    new AlmanacError('ENGINE_UNAVAILABLE', `the tensorflow engine is not available: ${why}`, {
      hint: 'Run `npm run engine:tensorflow` (with `-- --gpu` for a GPU), or choose the engine `wasm`.',
      status: 500,
    });
  if (!tensorflowPresent()) throw unavailable('no native binding is installed');
  let device: string;
  try {
    device = await startTensorflow();
  } catch (error) {
    throw unavailable((error as Error).message);
  }
  if (variant !== undefined && variant !== device) throw unavailable(`the run to repeat used the ${variant}, and here is the ${device}`);
  return device;
}
