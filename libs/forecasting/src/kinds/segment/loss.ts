/**
 * What training minimises: the pinball loss of every level, weighted step by step so that its mean moves with the metric
 * the caller will judge by. Weights depend on history and target, never on the forecast.
 */
import type { Metric } from '../../facts.js';
import type { SegmentConfig } from './config.js';
import { inUnits, type Batch, type Sizes, type Window } from './windows.js';

/**
 * Of a window's mean size: steps near 0 count at most four times an ordinary one. Hours without a departure would weigh a hundred times
 * those with some, though sMAPE says nothing of use there.
 */
const LEAST_SIZE = 0.5;
/**
 * Of a panel's targets. sMAPE is 200 % for whatever is not 0 where that came, and MASE has a hundred small places without a departure
 * outweigh the few that make the sum: with more zeros than this the WQL's weights stand for the OWA's. (Hourly departures of 229
 * airports: WQL of the network .136 instead of .149.)
 */
const MANY_ZEROS = 0.1;
/**
 * Of a scale to the error of the seasonal naive forecast. A series that repeats itself exactly has next to none: no forecast is bad by
 * MASE there, and its windows would leave those of the others next to nothing to say. (A line beside a sine: 100 to 1.)
 */
const MOST_RELATIVE = 10;
/** What float32 leaves of a 0, in units of the scale. */
const ROUNDING = 1e-4;

/** Turns a batch's `observed` into loss weights for a metric; made once per run from the panel's own sizes. */
export class LossWeights {
  /** Factors that bring the parts of the weight to a mean of 1 (over training windows). */
  private parts: number[] = [1, 1];
  /** So much is 0 that the OWA's weights say nothing of use. */
  private rare = false;
  private readonly naiveErrors = new Map<object, number>();

  constructor(
    private readonly config: SegmentConfig,
    private readonly sizes: Sizes,
  ) {}

  /** Measures mean weights over some training windows, so that loss and learning rate mean the same on every panel. */
  calibrate(windows: readonly Window[], batch: Batch): void {
    this.rare = this.config.metric === 'owa' && this.zeros(batch) > MANY_ZEROS;
    this.parts = [1, 1];
    const sums = [0, 0];
    let steps = 0;
    this.each(windows, batch, (at, first, second) => {
      sums[0]! += first;
      sums[1]! += second;
      steps += batch.observed[at]!;
    });
    this.parts = sums.map((sum) => (sum > 0 ? steps / sum : 1));
  }

  /** [m, B, w] */
  of(windows: readonly Window[], batch: Batch): Float32Array {
    const weights = new Float32Array(batch.observed.length);
    const [a, b] = this.parts as [number, number];
    const share = this.config.metric === 'owa' && !this.rare ? 0.5 : 1;
    this.each(windows, batch, (at, first, second) => {
      weights[at] = share * (a * first + b * second);
    });
    return weights;
  }

  private each(windows: readonly Window[], batch: Batch, use: (at: number, first: number, second: number) => void): void {
    const { horizonSegments: m, segmentLength: w } = this.sizes;
    windows.forEach((window, b) => {
      const relative = this.relativeTo(window, batch.scale[b]!);
      const least = this.metricHas('smape') ? LEAST_SIZE * this.levelOf(batch, b) : 0;
      for (let segment = 0; segment < m; segment++) {
        for (let i = 0; i < w; i++) {
          const at = (segment * batch.size + b) * w + i;
          if (batch.observed[at] === 0) continue;
          const smape = this.metricHas('smape') ? this.smapeWeight(batch, b, at, least) : 0;
          use(at, relative, smape);
        }
      }
    });
  }

  private metricHas(part: Metric): boolean {
    return this.config.metric === part || (this.config.metric === 'owa' && !this.rare);
  }

  /** Weight of an error of one scale in the metric that compares series by size or by naive error. */
  private relativeTo({ series }: Window, scale: number): number {
    switch (this.rare ? 'wql' : this.config.metric) {
      case 'smape':
        return 0;
      case 'mase':
      case 'owa':
        return Math.min(scale / this.naiveError(series.values), MOST_RELATIVE);
      case 'wql':
        return Math.sqrt(scale);
      default:
        return 1;
    }
  }

  /** 2/(|y| + |f|) with the seasonal naive forecast in place of f, in units of the window's scale. @param least of |y| + |f| */
  private smapeWeight(batch: Batch, b: number, at: number, least: number): number {
    const { scaler } = this.config;
    const y = Math.abs(inUnits(batch, b, this.stepAt(batch, at), batch.target[at]!, scaler));
    const size = Math.max(least, y + this.naive(batch, b, at));
    return size > 0 ? Math.min((2 * batch.scale[b]!) / size, 20) : 2;
  }

  /** |seasonal naive forecast|, or of the window's centre where there is no season. */
  private naive(batch: Batch, b: number, at: number): number {
    const K = this.sizes.seasons;
    return Math.abs(inUnits(batch, b, this.stepAt(batch, at), K > 0 ? batch.candidates[at * K]! : 0, this.config.scaler));
  }

  /** Step of the horizon that place `at` of a batch is for. */
  private stepAt({ size }: Batch, at: number): number {
    const { segmentLength: w } = this.sizes;
    return Math.floor(at / (size * w)) * w + (at % w);
  }

  /** Share of the observed targets that are 0. */
  private zeros(batch: Batch): number {
    const { observed, target, scale, size } = batch;
    const { segmentLength: w } = this.sizes;
    let [zeros, count] = [0, 0];
    for (let at = 0; at < observed.length; at++) {
      if (observed[at] === 0) continue;
      const b = Math.floor(at / w) % size;
      count++;
      if (Math.abs(inUnits(batch, b, this.stepAt(batch, at), target[at]!, this.config.scaler)) < ROUNDING * scale[b]!) zeros++;
    }
    return count > 0 ? zeros / count : 0;
  }

  /** Mean of the same over the window's horizon. */
  private levelOf(batch: Batch, b: number): number {
    const { horizonSegments: m, segmentLength: w } = this.sizes;
    let sum = 0;
    for (let segment = 0; segment < m; segment++)
      for (let i = 0; i < w; i++) sum += this.naive(batch, b, (segment * batch.size + b) * w + i);
    return sum / (m * w);
  }

  /** In-sample seasonal naive error of a series, as MASE scales by; at least a thousandth of its level. */
  private naiveError(values: Float64Array): number {
    const known = this.naiveErrors.get(values);
    if (known !== undefined) return known;
    const season = this.config.seasonLengths[0] ?? 1;
    let sum = 0;
    let pairs = 0;
    let level = 0;
    for (let t = season; t < values.length; t++) {
      const difference = Math.abs(values[t]! - values[t - season]!);
      if (Number.isNaN(difference)) continue;
      sum += difference;
      level += Math.abs(values[t]!);
      pairs++;
    }
    const error = pairs > 0 ? Math.max(sum, level * 1e-3) / pairs : 0;
    this.naiveErrors.set(values, error > 0 ? error : 1);
    return error > 0 ? error : 1;
  }
}
