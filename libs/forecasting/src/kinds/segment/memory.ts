/** How much memory a training run will need, said before it starts. */
import type { EngineName } from '@almanac/kernels';
import type { SegmentConfig } from './config.js';
import { KnownSeries, WindowReader } from './windows.js';
import { count } from '../../engine/shape.js';
import { gateCount, parameterSpecs } from './specs.js';
import { TrainingState } from '../../training/state.js';

export interface MemoryFacts {
  /** Number of series. */
  count: number;
  /** Values of all series and channels together. */
  observations: number;
  /** Default 1. */
  threads?: number;
  /** Default `wasm`. */
  engine?: EngineName;
}

export interface MemoryPrediction {
  /** Bytes the whole run is expected to hold at its peak. */
  total: number;
  /** Weights, optimiser state and gradients. */
  weights: number;
  /** What a forward and backward pass keeps, over all threads. */
  activations: number;
  data: number;
  /** Runtime and engine, over all threads. */
  base: number;
}

const FLOAT = 4;
/** A process that has loaded the library, and each thread with its own engine: measured. */
const PROCESS = 90 * 2 ** 20;
const THREAD = 60 * 2 ** 20;
/** What loading TensorFlow adds, which runs on one of our threads and has its own. */
const TENSORFLOW = 300 * 2 ** 20;
/** Freed tensors stay in the engine's heap, which grows in steps and never shrinks. */
const SLACK = 1.5;

/** @returns an estimate meant to be within a factor of two of the resident memory */
export function predictMemory(
  config: SegmentConfig,
  { count: series, observations, threads: asked = 1, engine = 'wasm' }: MemoryFacts,
): MemoryPrediction {
  const threads = engine === 'wasm' ? asked : 1;
  const names = { static: [], past: [], future: [] };
  const unit = (list: string[]): [number, number][] => list.map(() => [0, 1]);
  const scales = { static: unit(config.covariates.static), past: unit(config.covariates.past), future: unit(config.covariates.future) };
  const { sizes } = new WindowReader(config, new KnownSeries([], [], { ...names, ...scales }));
  const parameters = parameterSpecs(config, sizes, series + 1).reduce((sum, { shape }) => sum + count(shape), 0);
  const { contextSegments: n, horizonSegments: m, segmentLength: w, inputs, queries, seasons: K } = sizes;
  const D = config.hidden;
  const Q = config.levels.length;
  const context = n * (2 * inputs + 18 * D);
  const horizon = m * (2 * queries + 24 * D + w * (8 * Q + 6 * K + 8));
  const activations = FLOAT * SLACK * config.train.batch * (context + horizon);
  const weights = TrainingState.bytes(parameters) + threads * parameters * FLOAT * 4;
  const data = observations * 8 * (threads > 1 ? 2 : 1);
  const base = PROCESS + threads * THREAD + (engine === 'tensorflow' ? TENSORFLOW : 0);
  return { total: weights + activations + data + base, weights, activations, data, base };
}

/**
 * Floating-point operations of one training step, counted from the matrix products: forward, and twice that backward.
 * Steps of networks of any size take about the same time per operation on one machine, so this carries a measured pace over.
 */
export function stepOperations(config: SegmentConfig): number {
  const { hidden: D, segmentLength: w, train, levels } = config;
  const n = config.contextLength / w;
  const m = Math.ceil(config.horizon / w);
  const recurrent = 4 * gateCount(config) * D * D;
  const context = n * (4 * w * D + recurrent);
  const horizon = m * (recurrent + 4 * D * D + 4 * n * D + 2 * D * w * levels.length);
  return 3 * train.batch * (context + horizon);
}
