/**
 * One thread's part of data-parallel training. In each step every rank takes its share of the windows, writes its gradient,
 * then sums, over its own slice of the weights, the gradients of all ranks in rank order, and updates that slice. So the
 * same seed and number of threads give the same bits, whichever thread is quicker.
 */
import type { SegmentConfig } from '../config.js';
import { WindowSampler } from '../dataset/sampler.js';
import { KnownSeries, WindowReader } from '../dataset/windows.js';
import type { SeriesData } from '../forecaster.js';
import { LossWeights } from '../model/loss.js';
import { parameterSpecs } from '../model/network.js';
import { Parameters } from '../model/parameters.js';
import { adamw, oneCycle } from './adamw.js';
import { Barrier } from './barrier.js';
import { gradient, type Evaluator } from './gradient.js';
import { TrainingState } from './state.js';

/** What every thread of a run is given; the buffers are shared. */
export interface RankSetup {
  series: readonly SeriesData[];
  config: SegmentConfig;
  seed: number;
  ranks: number;
  state: SharedArrayBuffer;
  /** [ranks, parameters] float32 */
  gradients: SharedArrayBuffer;
  /** [2, ranks] float64: loss, and squared gradient norm of the slice */
  sums: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

const CALIBRATION_WINDOWS = 512;

export class Rank {
  readonly sampler: WindowSampler;
  readonly evaluator: Evaluator;
  readonly state: TrainingState;
  readonly barrier: Barrier;
  private readonly gradients: Float32Array[];
  private readonly losses: Float64Array;
  private readonly squares: Float64Array;
  private readonly decays: Uint8Array;
  private readonly slice: { from: number; to: number };

  constructor(
    private readonly setup: RankSetup,
    private readonly rank: number,
  ) {
    const { series, config, seed, ranks } = setup;
    const reader = new WindowReader(config, KnownSeries.of(series, config.covariates));
    this.sampler = new WindowSampler(series, config, seed);
    this.state = new TrainingState(setup.state);
    const parameters = new Parameters(parameterSpecs(config, reader.sizes, reader.known.rows), this.state.values);
    const weights = new LossWeights(config, reader.sizes);
    const windows = this.sampler.total > 0 ? this.sampler.sample(-1, CALIBRATION_WINDOWS) : [];
    weights.calibrate(windows, reader.read(windows));
    this.evaluator = { config, sizes: reader.sizes, reader, weights, parameters };
    this.barrier = new Barrier(new Int32Array(setup.control), ranks);
    const size = parameters.values.length;
    this.gradients = Array.from({ length: ranks }, (_, i) => new Float32Array(setup.gradients, i * size * 4, size));
    this.losses = new Float64Array(setup.sums, 0, ranks);
    this.squares = new Float64Array(setup.sums, ranks * 8, ranks);
    this.decays = parameters.decayMask();
    this.slice = { from: Math.floor((size * rank) / ranks), to: Math.floor((size * (rank + 1)) / ranks) };
  }

  /** Phase 1: this rank's share of the windows, and their gradient. */
  differentiate(step: number): void {
    const { ranks, seed, config } = this.setup;
    const size = config.train.batch;
    const windows = this.sampler.sample(step, size);
    const own = windows.slice(Math.floor((size * this.rank) / ranks), Math.floor((size * (this.rank + 1)) / ranks));
    const out = this.gradients[this.rank]!;
    if (own.length === 0) {
      out.fill(0);
      this.losses[this.rank] = 0;
      return;
    }
    const share = own.length / size;
    this.losses[this.rank] = share * gradient(this.evaluator, own, { seed, step: step * ranks + this.rank }, out);
    if (share < 1) for (let i = 0; i < out.length; i++) out[i]! *= share;
  }

  /** Phase 2: the sum over ranks, on this rank's slice. */
  reduce(): void {
    const { from, to } = this.slice;
    const [sum, ...others] = this.gradients as [Float32Array, ...Float32Array[]];
    for (const other of others) for (let i = from; i < to; i++) sum[i]! += other[i]!;
    let squares = 0;
    for (let i = from; i < to; i++) squares += sum[i]! * sum[i]!;
    this.squares[this.rank] = squares;
  }

  /** Phase 3: the update of this rank's slice. */
  update(step: number): void {
    const { train } = this.setup.config;
    const { from, to } = this.slice;
    const norm = Math.sqrt(this.squares.reduce((total, one) => total + one, 0));
    const learningRate = train.learningRate * oneCycle(step, train.steps, train.warmup);
    const part = (array: Float32Array): Float32Array => array.subarray(from, to);
    const { values, m, v, average } = this.state;
    const optimiser = { m: part(m), v: part(v), average: part(average) };
    adamw(part(values), part(this.gradients[0]!), this.decays.subarray(from, to), optimiser, step + 1, { ...train, learningRate }, norm);
  }

  /** Loss of the last step over all ranks. */
  get loss(): number {
    return this.losses.reduce((total, one) => total + one, 0);
  }
}
