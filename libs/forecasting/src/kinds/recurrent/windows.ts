/**
 * Windows of a panel as the arrays of the point-wise network, and the draw of those that a step trains on.
 *
 * Invariants: features come from before the origin, except what is known of the future; a missing value enters as 0 with mask 0 and
 * a missing target weighs nothing; no training window reaches into a validation tail; a step's draw depends on (seed, step) alone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { calendarSize, cyclesOf, writeCalendar, type Cycle } from '../../dataset/calendar.js';
import { CovariateReader, type CovariateScales } from '../../dataset/covariates.js';
import { Random } from '../../dataset/random.js';
import { hierarchyOf } from '../../encoders/coherent.js';
import type { Parents } from '../../encoders/families.js';
import { type Checkpoint, type SeriesData } from '../../forecaster.js';
import { bend, windowScale, type WindowScale } from '../../scalers/windowScale.js';
import { forksOf, hasFamilies, type RecurrentConfig } from './config.js';
import type { KnownWindows } from '../../attention/shapes.js';

export interface PointWindow {
  series: SeriesData;
  /** Index in `series.values` of the first step of the horizon. */
  origin: number;
  /** Read as if the series were unknown to the model. */
  stranger?: boolean;
}

export interface PointBatch {
  /** [B,L] scaled, and 1 where observed. */
  x: tf.Tensor2D;
  mask: tf.Tensor2D;
  /** [B,L+H,F] */
  covariates: tf.Tensor3D;
  /** [B,H] scaled, and 1 where observed. */
  truth: tf.Tensor2D;
  weight: tf.Tensor2D;
  scales: WindowScale[];
  windows: KnownWindows;
}

export class PointReader {
  /** Numbers per step. */
  readonly covariates: number;
  private readonly cycles: Cycle[];
  private readonly calendar: number;
  private readonly reader: CovariateReader;
  private readonly rows: Map<string, number>;

  constructor(
    private readonly config: RecurrentConfig,
    scales: CovariateScales,
    /** Ids of the series that the network knows, in the order of its tables. */
    ids: readonly string[],
  ) {
    this.rows = new Map(ids.map((id, i) => [id, i + 1]));
    this.cycles = cyclesOf(config.seasonLengths);
    this.calendar = calendarSize(this.cycles);
    this.reader = new CovariateReader(config.covariates, scales, 1);
    this.covariates = this.calendar + config.covariates.past.length + this.reader.horizonSize;
  }

  /** The row of another model's series tables for each row here: its own, or a stranger's. */
  rowsOf({ manifest }: Checkpoint): number[] {
    const { ids } = manifest.config['learned'] as { ids?: readonly string[] };
    return [0, ...[...this.rows.keys()].map((id) => (ids?.indexOf(id) ?? -1) + 1)];
  }

  /** To be called inside a `tidy`. */
  read(windows: readonly PointWindow[]): PointBatch {
    const { contextLength: L, horizon: H, scaler } = this.config;
    const season = this.config.seasonLengths[0] ?? 1;
    const B = windows.length;
    const F = this.covariates;
    const x = new Float32Array(B * L);
    const mask = new Float32Array(B * L);
    const truth = new Float32Array(B * H);
    const weight = new Float32Array(B * H);
    const covariates = new Float32Array(B * (L + H) * F);
    const scales = windows.map(({ series, origin }, b) => {
      const { values, firstStep } = series;
      const scale = windowScale(scaler, values, origin - L, this.scaledTo(values, origin), this.config.seasonLengths[0] ?? 1);
      const put = (t: number, to: Float32Array, known: Float32Array, at: number): void => {
        const value = t >= 0 ? (values[t] ?? Number.NaN) : Number.NaN;
        if (Number.isNaN(value)) return;
        to[at] = bend(scaler, (value - scale.center) / scale.scale);
        known[at] = 1;
      };
      for (let i = 0; i < L; i++) put(origin - L + i, x, mask, b * L + i);
      for (let i = 0; i < H; i++) put(origin + i, truth, weight, b * H + i);
      for (let i = 0; i < L + H; i++) {
        const t = origin - L + i;
        const at = (b * (L + H) + i) * F;
        writeCalendar(this.cycles, firstStep + t, covariates, at);
        if (i < L) this.reader.writeContext(series, t, covariates, at + this.calendar);
        else this.reader.writeHorizon(series, t, 1, covariates, at + this.calendar + this.config.covariates.past.length);
      }
      return scale;
    });
    return {
      x: tf.tensor2d(x, [B, L]),
      mask: tf.tensor2d(mask, [B, L]),
      truth: tf.tensor2d(truth, [B, H]),
      weight: tf.tensor2d(weight, [B, H]),
      covariates: tf.tensor3d(covariates, [B, L + H, F]),
      scales,
      windows: {
        series: Int32Array.from(windows, ({ series, stranger }) => (stranger ? 0 : (this.rows.get(series.id) ?? 0))),
        ...(hasFamilies(this.config) ? { parents: parentsOf(windows, this.config.parents) } : {}),
        phase: Int32Array.from(windows, ({ series, origin }) => (((series.firstStep + origin - L) % season) + season) % season),
      },
    };
  }

  /** The end of the values that centre and scale are taken from: no fork may know by them what comes after it. */
  private scaledTo(values: Float64Array, origin: number): number {
    const { decoder, contextLength } = this.config;
    if (decoder !== 'forking') return origin;
    const end = origin - contextLength + forksOf(this.config)[0]!;
    const known = values.subarray(Math.max(0, origin - contextLength), Math.max(0, end)).some((value) => !Number.isNaN(value));
    return known ? end : origin;
  }
}

/** Of windows that stand series by series, as many of each. */
function parentsOf(windows: readonly PointWindow[], parents: Parents): readonly number[] {
  const ids = windows.map(({ series }) => series.id);
  const each = ids.findIndex((id) => id !== ids[0]);
  return hierarchyOf(
    ids.filter((_, i) => i % (each < 0 ? ids.length : each) === 0),
    parents,
  ).parents;
}

/** Share of the training windows whose series is treated as a stranger, so that strangers can be forecast. */
const STRANGERS = 0.1;

export interface PointSampler {
  readonly validation: PointWindow[];
  /** Number of windows to train on. */
  readonly total: number;
  /** The windows of a step. */
  draw(step: number): PointWindow[];
}

/** Windows of series that know nothing of each other, uniformly over series and origins. */
export class SingleSampler implements PointSampler {
  readonly validation: PointWindow[];
  /** Number of (series, origin) pairs to train on. */
  readonly total: number;
  private readonly ranges: { series: SeriesData; first: number; count: number; before: number }[] = [];

  constructor(
    series: readonly SeriesData[],
    private readonly config: RecurrentConfig,
    private readonly seed: number,
  ) {
    const { horizon, contextLength, train } = config;
    const shortest = Math.min(contextLength, Math.max(2, config.seasonLengths[0] ?? 2));
    const able = series.filter(({ values }) => values.length >= contextLength + 3 * horizon);
    const random = new Random(seed, 91);
    const keyed = able.map((one) => ({ one, key: random.next() })).sort((a, b) => a.key - b.key);
    const validated = new Set(keyed.slice(0, train.validationSeries).map(({ one }) => one));
    this.validation = series.filter((one) => validated.has(one)).map((one) => ({ series: one, origin: one.values.length - horizon }));
    let total = 0;
    for (const one of series) {
      const last = one.values.length - horizon - (validated.has(one) ? horizon : 0);
      const first = Math.max(shortest, Math.min(contextLength, last));
      const count = Math.max(0, last - first + 1);
      if (count > 0) this.ranges.push({ series: one, first, count, before: total });
      total += count;
    }
    this.total = total;
  }

  draw(step: number): PointWindow[] {
    const random = new Random(this.seed, 92, step);
    const choice = new Random(this.seed, 94, step);
    return Array.from({ length: this.config.train.batch }, () => {
      const index = random.below(this.total);
      let low = 0;
      let high = this.ranges.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (this.ranges[middle]!.before <= index) low = middle;
        else high = middle - 1;
      }
      const { series, first, before } = this.ranges[low]!;
      return { series, origin: first + index - before, stranger: choice.next() < STRANGERS };
    });
  }
}

/** Windows of whole families: all series at the same steps of the grid, at as many of these as make a batch. */
export class FamilySampler implements PointSampler {
  readonly validation: PointWindow[];
  readonly total: number;
  private readonly first: number;

  constructor(
    private readonly series: readonly SeriesData[],
    private readonly config: RecurrentConfig,
    private readonly seed: number,
  ) {
    const { horizon, contextLength, seasonLengths, train } = config;
    const shortest = Math.min(contextLength, Math.max(2, seasonLengths[0] ?? 2));
    const end = Math.min(...series.map(({ firstStep, values }) => firstStep + values.length));
    const start = Math.max(...series.map(({ firstStep }) => firstStep));
    const validated = train.validationSeries > 0 && end - start >= contextLength + 3 * horizon;
    const last = end - horizon - (validated ? horizon : 0);
    this.first = Math.max(start + shortest, Math.min(start + contextLength, last));
    this.total = Math.max(0, last - this.first + 1);
    this.validation = validated ? this.windows([end - horizon]) : [];
  }

  draw(step: number): PointWindow[] {
    const random = new Random(this.seed, 92, step);
    const count = Math.max(1, Math.round(this.config.train.batch / this.series.length));
    return this.windows(Array.from({ length: count }, () => this.first + random.below(this.total)));
  }

  private windows(steps: readonly number[]): PointWindow[] {
    return this.series.flatMap((series) => steps.map((step) => ({ series, origin: step - series.firstStep })));
  }
}
