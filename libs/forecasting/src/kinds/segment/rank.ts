/**
 * One thread's part of data-parallel training. In each step every rank takes its share of the windows, writes its gradient,
 * then sums, over its own slice of the weights, the gradients of all ranks in rank order, and updates that slice. So the
 * same seed and number of threads give the same bits, whichever thread is quicker.
 */
import { type Group, type OptimiserMemory, SharedOptimiser } from '@almanac/kernels';
import type { SegmentConfig } from './config.js';
import { WindowSampler } from './sampler.js';
import { KnownSeries, WindowReader } from './windows.js';
import type { SeriesData } from '../../forecaster.js';
import { LossWeights } from './loss.js';
import { parameterSpecs } from './specs.js';
import { Parameters } from '../../training/parameters.js';
import { oneCycle } from '../../training/adamw.js';
import { gradient, type Evaluator } from './gradient.js';

/** What every thread of a run is given; the memory is shared. */
export interface RankSetup {
  series: readonly SeriesData[];
  config: SegmentConfig;
  seed: number;
  optimiser: OptimiserMemory;
  firstStep: number;
}

const CALIBRATION_WINDOWS = 512;

export class Rank {
  readonly sampler: WindowSampler;
  readonly evaluator: Evaluator;
  readonly optimiser: SharedOptimiser;

  constructor(
    private readonly setup: RankSetup,
    private readonly group: Group,
  ) {
    const { series, config, seed, optimiser } = setup;
    const reader = new WindowReader(config, KnownSeries.of(series, config));
    this.sampler = new WindowSampler(series, config, seed);
    this.optimiser = new SharedOptimiser(optimiser, group.rank);
    const parameters = new Parameters(parameterSpecs(config, reader.sizes, reader.known.rows), this.optimiser.values);
    const weights = new LossWeights(config, reader.sizes);
    const windows = this.sampler.total > 0 ? this.sampler.sample(-1, CALIBRATION_WINDOWS) : [];
    weights.calibrate(windows, reader.read(windows));
    this.evaluator = { config, sizes: reader.sizes, reader, weights, parameters };
  }

  /** One step, counted from 0; when it returns, every rank's slice of the weights is up to date. */
  async step(step: number): Promise<void> {
    const { train } = this.setup.config;
    this.differentiate(step);
    await this.group.barrier();
    this.optimiser.reduce();
    await this.group.barrier();
    const learningRate = train.learningRate * oneCycle(step, train.steps, train.warmup);
    this.optimiser.update({ ...train, learningRate, step: step + 1 });
    await this.group.barrier();
  }

  /** This rank's share of the windows, and their part of the gradient. */
  private differentiate(step: number): void {
    const { seed, config } = this.setup;
    const { rank, size: ranks } = this.group;
    const size = config.train.batch;
    const windows = this.sampler.sample(step, size);
    const own = windows.slice(Math.floor((size * rank) / ranks), Math.floor((size * (rank + 1)) / ranks));
    const { optimiser } = this;
    if (own.length === 0) {
      optimiser.gradient.fill(0);
      optimiser.share = 0;
      return;
    }
    const stream = { seed, step: step * ranks + rank, share: own.length / size };
    optimiser.share = gradient(this.evaluator, own, stream, optimiser.gradient);
  }

  /** Loss of the last step over all ranks. */
  get loss(): number {
    return this.optimiser.loss;
  }
}
