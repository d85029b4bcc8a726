/**
 * AdamW shared by the threads of a run: weights, moments, average and one gradient for each rank in one memory, on which
 * every thread works with the same vector code. In a step each rank writes its gradient, then sums its slice over all ranks
 * in rank order, then updates that slice; the caller keeps the phases apart with `Group.barrier`. The same ranks give the
 * same bits, run after run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { AlmanacError } from '@almanac/series';
import { type AdamSettings, adamFactors } from '../adam/adam.js';

/** What a thread needs to join; travels as worker data. */
export interface OptimiserMemory {
  memory: WebAssembly.Memory;
  /** Numbers of weights. */
  size: number;
  ranks: number;
}

const STATE = ['values', 'm', 'v', 'average', 'decay'] as const;
const PAGE = 65536;

interface Functions {
  sumRanks(first: number, stride: number, ranks: number, n: number): number;
  adamStep(...args: number[]): void;
}

export class SharedOptimiser {
  readonly values: Float32Array;
  /** First moments. */
  readonly m: Float32Array;
  /** Second moments. */
  readonly v: Float32Array;
  /** Running average of the values. */
  readonly average: Float32Array;
  /** 1 where weight decay applies and 0 where not. */
  readonly decay: Float32Array;
  /** This rank's gradient, of its share of the loss. */
  readonly gradient: Float32Array;
  private readonly functions: Functions;
  private readonly squares: Float64Array;
  private readonly losses: Float64Array;
  /** Bytes from one array to the next: whole vectors. */
  private readonly stride: number;
  private readonly start: number;
  private readonly slice: { from: number; floats: number };

  static allocate(size: number, ranks: number): OptimiserMemory {
    const bytes = headBytes(ranks) + (STATE.length + ranks) * strideOf(size);
    const pages = Math.ceil(bytes / PAGE);
    return { memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }), size, ranks };
  }

  constructor(
    private readonly shared: OptimiserMemory,
    private readonly rank: number,
  ) {
    const { memory, size, ranks } = shared;
    this.functions = new WebAssembly.Instance(compiled(), { env: { memory } }).exports as unknown as Functions;
    this.squares = new Float64Array(memory.buffer, 0, ranks);
    this.losses = new Float64Array(memory.buffer, 8 * ranks, ranks);
    this.stride = strideOf(size);
    this.start = headBytes(ranks);
    const array = (i: number): Float32Array => new Float32Array(memory.buffer, this.start + i * this.stride, size);
    [this.values, this.m, this.v, this.average, this.decay] = STATE.map((_, i) => array(i)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    this.gradient = array(STATE.length + rank);
    const vectors = this.stride / 16;
    const from = Math.floor((vectors * rank) / ranks);
    this.slice = { from: 16 * from, floats: 4 * (Math.floor((vectors * (rank + 1)) / ranks) - from) };
  }

  /** This rank's share of the loss. */
  set share(value: number) {
    this.losses[this.rank] = value;
  }

  /** The loss of all ranks together. */
  get loss(): number {
    return this.losses.reduce((total, one) => total + one, 0);
  }

  /** Sums this rank's slice over all ranks. To be called when every rank has written its gradient. */
  reduce(): void {
    const { from, floats } = this.slice;
    const first = this.start + STATE.length * this.stride + from;
    this.squares[this.rank] = this.functions.sumRanks(first, this.stride, this.shared.ranks, floats);
  }

  /** Updates this rank's slice. To be called when every rank has reduced. @returns the norm of the gradient before clipping */
  update(settings: AdamSettings): number {
    const norm = Math.sqrt(this.squares.reduce((total, one) => total + one, 0));
    const { from, floats } = this.slice;
    const at = (i: number): number => this.start + i * this.stride + from;
    const [values, m, v, average, decay, gradient] = [0, 1, 2, 3, 4, STATE.length].map(at) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const { clip, rate, correction, weightDecay, beta1, beta2, epsilon, ema } = adamFactors(settings);
    const shrink = norm > clip ? clip / norm : 1;
    const state = [values, gradient, m, v, average, decay, values, m, v, average];
    this.functions.adamStep(...state, floats, shrink, rate, correction, weightDecay, beta1, beta2, epsilon, ema);
    return norm;
  }
}

function strideOf(size: number): number {
  return 16 * Math.ceil(size / 4);
}

/** A squared norm and a loss for each rank, before the arrays. */
function headBytes(ranks: number): number {
  return 16 * ranks;
}

let cached: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  const file = new URL('../../build/shared.wasm', import.meta.url);
  if (!existsSync(file)) {
    throw new AlmanacError('KERNELS_NOT_BUILT', 'the compiled kernels (shared.wasm) are missing', {
      hint: 'Run `npm run build` in libs/kernels.',
      status: 500,
    });
  }
  return (cached ??= new WebAssembly.Module(readFileSync(file)));
}
