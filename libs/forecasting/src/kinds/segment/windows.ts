/**
 * Windows of a panel as the arrays that the segment network reads. A window is a series and an origin (the first step that is
 * forecast): its features come from the steps before the origin, its targets from the steps at and after it, never the other way.
 *
 * Invariants: a missing value enters as 0 with mask 0; a missing target has weight 0; a context that reaches before the series is masked.
 */
import type { SegmentConfig } from './config.js';
import type { SeriesData } from '../../forecaster.js';
import { covariateScales, CovariateReader, type CovariateScales } from '../../dataset/covariates.js';
import { bend, seriesScale, unbend, windowScale, type SeriesScale } from '../../scalers/windowScale.js';
import { calendarSize, cyclesOf, writeCalendar, type Cycle } from '../../dataset/calendar.js';

export interface Window {
  series: SeriesData;
  /** Index in `series.values` of the first step of the horizon. */
  origin: number;
  /** Read as if the series were unknown to the model. */
  stranger?: boolean;
}

/** Sizes of the arrays of a batch; w = segmentLength. */
export interface Sizes {
  /** Context segments n. */
  contextSegments: number;
  /** Horizon segments m; the last one is cropped when the horizon is no multiple of w. */
  horizonSegments: number;
  segmentLength: number;
  /** Features per context segment: w values, w masks, calendar, covariates. */
  inputs: number;
  /** Features per horizon segment: position, calendar, covariates. */
  queries: number;
  /** Past seasons K that the temporal attention chooses from; 0 without one. */
  seasons: number;
}

/** What is known of the series that a model was fitted on. Number 0 stands for any other. */
export class KnownSeries {
  private readonly numbers: Map<string, number>;

  /** @param scales of the windows of each series where one scale is for all of them; see `seriesScale` */
  constructor(
    readonly ids: readonly string[],
    readonly scales: readonly SeriesScale[],
    readonly covariates: CovariateScales,
  ) {
    this.numbers = new Map(ids.map((id, i) => [id, i + 1]));
  }

  static of(
    series: readonly SeriesData[],
    { covariates, horizon, train }: Pick<SegmentConfig, 'covariates' | 'horizon' | 'train'>,
  ): KnownSeries {
    return new KnownSeries(
      series.map(({ id }) => id),
      series.map(({ values }) => seriesScale(values, horizon, train.validationTail)),
      covariateScales(series, covariates),
    );
  }

  /** Rows of a table with one row per series and one for strangers. */
  get rows(): number {
    return this.ids.length + 1;
  }

  number(id: string): number {
    return this.numbers.get(id) ?? 0;
  }

  scale({ id, values }: SeriesData, horizon: number): SeriesScale {
    return this.scales[this.number(id) - 1] ?? seriesScale(values, horizon);
  }
}

/** One batch, time-major; all float32, row-major. */
export interface Batch {
  size: number;
  /** [n, B, inputs] */
  segments: Float32Array;
  /** [m, B, queries] */
  queries: Float32Array;
  /** [m, B, w, K] same phase of the past seasons, latest first. */
  candidates: Float32Array;
  /**
   * Future covariates F less their value where the window is centred, for the effect that the network learns of them; absent without
   * one. [n, B, w, F] at the context, 0 where the target is missing; [m, B, w, F] at the horizon; [m, B, w, K, F] at the candidates.
   */
  effects?: { context: Float32Array; horizon: Float32Array; candidates: Float32Array };
  /** As `candidates`: 0 where observed, −1e9 where not; null when all are. */
  candidateBias: Float32Array | null;
  /** [B, n] 0 for a segment with an observation, −1e9 for one without; null when all have. */
  segmentBias: Float32Array | null;
  /** [m, B, w] scaled; 0 where missing. */
  target: Float32Array;
  /** [m, B, w] 1 where observed. */
  observed: Float32Array;
  center: Float64Array;
  scale: Float64Array;
  /** [B] what the window's series rises in a step by the line that was taken out of it; 0 for most. */
  slope: Float64Array;
  /** [B] steps from the last observation, where the line passes through the centre, to the origin. */
  lag: Float64Array;
  /** [B] number of the window's series. */
  series: Int32Array;
  /** [B] grid step of the origin. */
  originStep: Float64Array;
}

const MASKED = -1e9;

/** A scaled value at step t of the horizon of window b, in the units of its series. */
export function inUnits(
  { center, scale, slope, lag }: Batch,
  b: number,
  t: number,
  scaled: number,
  scaler: SegmentConfig['scaler'],
): number {
  return center[b]! + scale[b]! * unbend(scaler, scaled) + slope[b]! * (t + lag[b]!);
}

export class WindowReader {
  readonly sizes: Sizes;
  private readonly cycles: Cycle[];
  private readonly calendar: number;
  private readonly covariates: CovariateReader;
  /** Whether scaled values are bent: known once, because strings from another thread are slow to compare. */
  private readonly bends: boolean;

  constructor(
    private readonly config: SegmentConfig,
    readonly known: KnownSeries,
  ) {
    const { contextLength, segmentLength, horizon, temporalSeason, seasonLengths } = config;
    this.cycles = cyclesOf(seasonLengths);
    this.calendar = calendarSize(this.cycles);
    this.bends = config.scaler === 'robustArcsinh';
    this.covariates = new CovariateReader(config.covariates, known.covariates, segmentLength);
    const horizonSegments = Math.ceil(horizon / segmentLength);
    this.sizes = {
      contextSegments: contextLength / segmentLength,
      horizonSegments,
      segmentLength,
      inputs: 2 * segmentLength + this.calendar + this.covariates.contextSize,
      queries: horizonSegments + this.calendar + this.covariates.horizonSize,
      seasons: temporalSeason > 0 ? Math.floor(contextLength / temporalSeason) : 0,
    };
  }

  read(windows: readonly Window[]): Batch {
    const { contextSegments: n, horizonSegments: m, segmentLength: w, inputs, queries, seasons } = this.sizes;
    const size = windows.length;
    const batch: Batch = {
      size,
      segments: new Float32Array(n * size * inputs),
      queries: new Float32Array(m * size * queries),
      candidates: new Float32Array(m * size * w * seasons),
      candidateBias: null,
      segmentBias: null,
      target: new Float32Array(m * size * w),
      observed: new Float32Array(m * size * w),
      center: new Float64Array(size),
      scale: new Float64Array(size),
      slope: new Float64Array(size),
      lag: new Float64Array(size).fill(1),
      series: Int32Array.from(windows, ({ series, stranger }) => (stranger ? 0 : this.known.number(series.id))),
      originStep: Float64Array.from(windows, ({ series, origin }) => series.firstStep + origin),
    };
    const F = this.config.covariateEffects ? this.config.covariates.future.length : 0;
    if (F > 0)
      batch.effects = {
        context: new Float32Array(n * size * w * F),
        horizon: new Float32Array(m * size * w * F),
        candidates: new Float32Array(m * size * w * seasons * F),
      };
    for (let b = 0; b < size; b++) this.readOne(windows[b]!, b, batch);
    return batch;
  }

  private readOne({ series, origin }: Window, b: number, batch: Batch): void {
    const { contextLength, temporalSeason, scaler } = this.config;
    const { values } = series;
    const start = origin - contextLength;
    const own = scaler === 'seriesDeviation' ? this.known.scale(series, this.config.horizon) : undefined;
    const { center, scale } = windowScale(scaler, values, start, origin, temporalSeason || this.config.segmentLength, own?.deviation);
    batch.center[b] = center;
    batch.scale[b] = scale;
    batch.slope[b] = own?.slope ?? 0;
    if (batch.slope[b] !== 0) {
      let lag = 1;
      while (lag < contextLength && Number.isNaN(values[origin - lag])) lag++;
      batch.lag[b] = lag;
    }
    this.readContext(series, start, b, batch);
    this.readHorizon(series, origin, b, batch);
    if (this.sizes.seasons > 0) this.readCandidates(values, origin, b, batch);
    if (batch.effects) this.readEffects(series, origin, b, batch, batch.effects);
  }

  /** What the window is centred on: its last value, its last season, or none of it. */
  private centred(values: Float64Array, origin: number): readonly number[] {
    const { scaler, temporalSeason, segmentLength, contextLength } = this.config;
    if (scaler === 'meanAbs') return [];
    const wanted =
      scaler === 'lastValue' || scaler === 'seriesDeviation'
        ? 1
        : scaler === 'seasonalDifference'
          ? temporalSeason || segmentLength
          : contextLength;
    const found: number[] = [];
    for (let t = origin - 1; t >= Math.max(0, origin - contextLength) && found.length < wanted; t--)
      if (!Number.isNaN(values[t]!)) found.push(t);
    return found;
  }

  private readEffects(series: SeriesData, origin: number, b: number, batch: Batch, out: NonNullable<Batch['effects']>): void {
    const { values } = series;
    const { contextSegments: n, horizonSegments: m, segmentLength: w, seasons: K } = this.sizes;
    const { contextLength, temporalSeason: season, horizon } = this.config;
    const F = this.config.covariates.future.length;
    const centre = this.centred(values, origin);
    for (let f = 0; f < F; f++) {
      const at = this.covariates.futureOf(series, f);
      const base = centre.length === 0 ? 0 : centre.reduce((sum, t) => sum + at(t), 0) / centre.length;
      for (let i = 0; i < n * w; i++) {
        const t = origin - contextLength + i;
        if (t >= 0 && !Number.isNaN(values[t]!)) out.context[((Math.floor(i / w) * batch.size + b) * w + (i % w)) * F + f] = at(t) - base;
      }
      for (let i = 0; i < m * w; i++) {
        const step = (Math.floor(i / w) * batch.size + b) * w + (i % w);
        if (i < horizon) out.horizon[step * F + f] = at(origin + i) - base;
        for (let k = 0; k < K; k++) {
          const t = origin - season + (i % season) - k * season;
          if (t >= 0 && !Number.isNaN(values[t]!)) out.candidates[(step * K + k) * F + f] = at(t) - base;
        }
      }
    }
  }

  private readContext(series: SeriesData, start: number, b: number, batch: Batch): void {
    const { values, firstStep } = series;
    const { contextSegments: n, segmentLength: w, inputs } = this.sizes;
    const { segments } = batch;
    const { center, inverse, slope, last } = this.scaleOf(batch, b, start + this.config.contextLength);
    for (let segment = 0; segment < n; segment++) {
      const at = (segment * batch.size + b) * inputs;
      const from = start + segment * w;
      let observed = 0;
      for (let i = Math.max(0, -from); i < w; i++) {
        const value = values[from + i]!;
        if (Number.isNaN(value)) continue;
        segments[at + i] = this.scaled(value - slope * (from + i - last), center, inverse);
        segments[at + w + i] = 1;
        observed++;
      }
      writeCalendar(this.cycles, firstStep + from, batch.segments, at + 2 * w);
      this.covariates.writeContext(series, from, batch.segments, at + 2 * w + this.calendar);
      if (observed === 0) {
        batch.segmentBias ??= new Float32Array(batch.size * n);
        batch.segmentBias[b * n + segment] = MASKED;
      }
    }
  }

  private readHorizon(series: SeriesData, origin: number, b: number, batch: Batch): void {
    const { values, firstStep } = series;
    const { horizonSegments: m, segmentLength: w, queries } = this.sizes;
    const { center, inverse, slope, last } = this.scaleOf(batch, b, origin);
    for (let segment = 0; segment < m; segment++) {
      const at = (segment * batch.size + b) * queries;
      batch.queries[at + segment] = 1;
      writeCalendar(this.cycles, firstStep + origin + segment * w, batch.queries, at + m);
      const asked = Math.min(w, this.config.horizon - segment * w);
      this.covariates.writeHorizon(series, origin + segment * w, asked, batch.queries, at + m + this.calendar);
      const out = (segment * batch.size + b) * w;
      const steps = Math.min(w, this.config.horizon - segment * w, values.length - origin - segment * w);
      for (let i = 0; i < steps; i++) {
        const value = values[origin + segment * w + i]!;
        if (Number.isNaN(value)) continue;
        batch.target[out + i] = this.scaled(value - slope * (origin + segment * w + i - last), center, inverse);
        batch.observed[out + i] = 1;
      }
    }
  }

  private readCandidates(values: Float64Array, origin: number, b: number, batch: Batch): void {
    const { horizonSegments: m, segmentLength: w, seasons } = this.sizes;
    const season = this.config.temporalSeason;
    const { center, inverse, slope, last } = this.scaleOf(batch, b, origin);
    const { candidates } = batch;
    for (let step = 0; step < m * w; step++) {
      const at = ((Math.floor(step / w) * batch.size + b) * w + (step % w)) * seasons;
      const latest = origin - season + (step % season);
      for (let k = 0; k < seasons; k++) {
        const index = latest - k * season;
        const value = index >= 0 ? values[index]! : NaN;
        if (Number.isNaN(value)) {
          batch.candidateBias ??= new Float32Array(candidates.length);
          batch.candidateBias[at + k] = MASKED;
        } else candidates[at + k] = this.scaled(value - slope * (index - last), center, inverse);
      }
    }
  }

  /** @returns how window b is scaled: where its line passes through the centre, too */
  private scaleOf(
    { center, scale, slope, lag }: Batch,
    b: number,
    origin: number,
  ): Record<'center' | 'inverse' | 'slope' | 'last', number> {
    return { center: center[b]!, inverse: 1 / scale[b]!, slope: slope[b]!, last: origin - lag[b]! };
  }

  private scaled(value: number, center: number, inverse: number): number {
    const scaled = (value - center) * inverse;
    return this.bends ? bend('robustArcsinh', scaled) : scaled;
  }
}
