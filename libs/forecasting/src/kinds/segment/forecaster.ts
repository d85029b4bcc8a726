/**
 * The `segment` forecaster: the segment network, trained globally over a panel, behind the interface of every forecaster.
 * A forecast reads its own series only, so series of one batch cannot influence each other.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { normalQuantile } from '../../normal.js';
import { applyWidths, widthFactors, type Scored } from '../../calibrate/widths.js';
import { checkConfig, lookBack, type SegmentConfig } from './config.js';
import { lastSteps } from '../../panel.js';
import { withCalendar, withCalendarNames } from '../../dataset/calendarCovariates.js';
import type { CovariateScales } from '../../dataset/covariates.js';
import { keepTo, neverNegative } from '../../dataset/target.js';
import { inUnits, KnownSeries, WindowReader, type Batch, type Sizes, type Window } from './windows.js';
import type { AttentionMaps, Checkpoint, FitOptions, Forecaster, Panel, PredictOptions, SeriesForecast, Room } from '../../forecaster.js';
import { requireCounts } from '../../heads/counts.js';
import { parametricHead } from '../../heads/head.js';
import { headQuantiles } from '../../heads/likelihood.js';
import { copulaPaths, persistenceOf, scoreOfOutcome, type PathOptions } from '../../heads/paths.js';
import { between } from '../../heads/stepHead.js';
import { forecastBeyond } from '../../beyond.js';
import { anchorIndex, levelWeights } from '../../levels.js';
import { forward, inputsOf } from './network.js';
import { parameterSpecs } from './specs.js';
import { Parameters } from '../../training/parameters.js';
import { EVALUATION_BATCH } from './gradient.js';
import { validationTails } from './sampler.js';
import { noiseOf, readNoise, savedNoise, widened } from '../shortSeries.js';
import { train } from './train.js';
import { letOthers } from '../../turns.js';

/** Horizons in a validation tail that stand for more than one period. */
const LONG_TAIL = 4;
const ONE_PERIOD_TRUST = 0.5;

/** What fitting learns beside the weights. */
interface Learned {
  /** No training value was negative, so no forecast is. */
  nonNegative: boolean;
  ids: readonly string[];
  deviations: readonly number[];
  /** Of the lines that were taken out; absent in older checkpoints, which took none. */
  slopes?: readonly number[];
  covariates: CovariateScales;
  /** Calibration: factor per level on its distance from the median. */
  widths: number[];
  /** Of neighbouring errors, for sampled paths; absent in older checkpoints, which then draw each step on its own. */
  persistence?: number;
  /** See `noiseOf`, null where no series tells it; absent in older checkpoints. */
  noise?: number | null;
}

interface Fitted {
  reader: WindowReader;
  parameters: Parameters;
  nonNegative: boolean;
  widths: number[];
  persistence: number;
  noise: number | undefined;
}

interface Values {
  quantiles: Float32Array;
  contextual: Float32Array;
  temporal?: Float32Array;
  gate?: Float32Array;
}

export class SegmentForecaster implements Forecaster {
  readonly kind = 'segment';
  readonly config: SegmentConfig;

  constructor(
    config: SegmentConfig,
    private fitted?: Fitted,
  ) {
    checkConfig(config);
    this.config = withCalendarNames(config);
  }

  static load({ manifest, weights }: Checkpoint): SegmentForecaster {
    const { learned, ...config } = manifest.config as SegmentConfig & { learned: Learned };
    const scales = learned.deviations.map((deviation, i) => ({ deviation, slope: learned.slopes?.[i] ?? 0 }));
    const reader = new WindowReader(config, new KnownSeries(learned.ids, scales, learned.covariates));
    const parameters = new Parameters(parameterSpecs(config, reader.sizes, reader.known.rows));
    parameters.load({ manifest, weights });
    const { nonNegative, widths, persistence = 0, noise } = learned;
    return new SegmentForecaster(config, { reader, parameters, nonNegative, widths, persistence, noise: readNoise(noise) });
  }

  async fit(given: Panel, options: FitOptions): Promise<void> {
    const panel = await withCalendar(given, this.config.calendar, this.config.horizon);
    if (this.config.head === 'negativeBinomial') requireCounts(panel);
    const reader = new WindowReader(this.config, KnownSeries.of(panel.series, this.config));
    const { parameters, validation } = await train(panel.series, reader, this.config, options);
    const nonNegative = neverNegative(panel.series);
    this.fitted = { reader, parameters, nonNegative, widths: this.config.levels.map(() => 1), persistence: 0, noise: noiseOf(panel) };
    const { levels, horizon, train: settings } = this.config;
    const trust = settings.validationTail >= LONG_TAIL * horizon ? 1 : ONE_PERIOD_TRUST;
    const scored = this.score(validation, this.fitted);
    this.fitted.widths = widthFactors(scored, levels, anchorIndex(levels), trust);
    this.fitted.persistence = persistenceOf(this.scoresOf(validation, scored));
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { noise } = this.need();
    const seen = lastSteps(panel, lookBack(this.config));
    const forecasts =
      options.horizon <= this.config.horizon
        ? await this.predictBlock(seen, options)
        : await forecastBeyond({ predict: (longer, asked) => this.predictBlock(longer, asked) }, seen, options, this.config.horizon);
    return widened(panel, forecasts, options, noise);
  }

  private async predictBlock(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const fitted = this.need();
    const { series: read } = await withCalendar(panel, this.config.calendar, this.config.horizon);
    await initEngine();
    const windows: Window[] = read.map((series) => ({ series, origin: series.values.length }));
    const forecasts: SeriesForecast[] = [];
    for (let from = 0; from < windows.length; from += EVALUATION_BATCH) {
      options.signal?.throwIfAborted();
      const part = windows.slice(from, from + EVALUATION_BATCH);
      const batch = fitted.reader.read(part);
      const values = this.run(batch, fitted);
      part.forEach((window, b) => forecasts.push(this.forecastOf(window, b, batch, values, options, fitted)));
      await letOthers();
    }
    return forecasts;
  }

  heldOut({ series }: Panel, seed: number): ReadonlyMap<string, number> {
    return new Map([...validationTails(series, this.config, seed)].map(([{ id }, tail]) => [id, tail]));
  }

  save(): Checkpoint {
    const { parameters, reader, nonNegative, widths, persistence, noise } = this.need();
    const learned: Learned = {
      nonNegative,
      ids: reader.known.ids,
      deviations: reader.known.scales.map(({ deviation }) => deviation),
      slopes: reader.known.scales.map(({ slope }) => slope),
      covariates: reader.known.covariates,
      widths,
      persistence,
      ...savedNoise(noise),
    };
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: this.kind,
        config: { ...this.config, learned },
        tensors: parameters.manifest(),
      },
      weights: parameters.values.slice(),
    };
  }

  /** Weights live in plain memory; nothing is held on the engine between calls. */
  dispose(): void {
    this.fitted = undefined;
  }

  private need(): Fitted {
    if (this.fitted) return this.fitted;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This segment forecaster has not been fitted.', { hint: 'Call fit, or load a checkpoint.' });
  }

  private run(batch: Batch, { reader: { sizes }, parameters }: Fitted): Values {
    let values: Values | undefined;
    const head = parametricHead(this.config.head);
    // Nothing is returned from tidy: it would look for tensors in every number of an array.
    tf.tidy(() => {
      const output = forward(parameters.named(parameters.tensors()), inputsOf(batch, sizes), this.config, sizes, null);
      const data = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>().slice();
      values = {
        quantiles: head ? headQuantiles(head, data(output.raw), this.config.levels, sizes.segmentLength, batch.scale) : data(output.raw),
        contextual: data(output.contextual),
        ...(output.temporal && output.gate ? { temporal: data(output.temporal), gate: data(output.gate) } : {}),
      };
    });
    return values!;
  }

  /** Quantiles and outcomes of windows, both scaled. */
  private score(windows: readonly Window[], fitted: Fitted): Scored {
    const parts = [];
    for (let from = 0; from < windows.length; from += EVALUATION_BATCH) {
      const batch = fitted.reader.read(windows.slice(from, from + EVALUATION_BATCH));
      parts.push({
        quantiles: this.run(batch, fitted).quantiles,
        actual: batch.target.map((value, i) => (batch.observed[i] === 1 ? value : NaN)),
      });
    }
    return { quantiles: concat(parts.map(({ quantiles }) => quantiles)), actual: concat(parts.map(({ actual }) => actual)) };
  }

  /** Normal scores of the outcomes of each window, step by step. */
  private *scoresOf(windows: readonly Window[], { quantiles, actual }: Scored): Iterable<Float64Array> {
    const { horizon, levels, segmentLength: w } = this.config;
    const m = Math.ceil(horizon / w);
    const learned = levels.map(normalQuantile);
    for (let from = 0; from < windows.length; from += EVALUATION_BATCH) {
      const B = Math.min(EVALUATION_BATCH, windows.length - from);
      for (let b = 0; b < B; b++) {
        yield Float64Array.from({ length: horizon }, (_, t) => {
          const row = from * m * w + (Math.floor(t / w) * B + b) * w + (t % w);
          const own = quantiles.subarray(row * levels.length, (row + 1) * levels.length);
          return Number.isNaN(actual[row]!) ? Number.NaN : scoreOfOutcome(actual[row]!, ({ z }) => between(own, learned, z));
        });
      }
    }
  }

  private forecastOf(window: Window, b: number, batch: Batch, values: Values, options: PredictOptions, fitted: Fitted): SeriesForecast {
    const { segmentLength: w } = fitted.reader.sizes;
    const Q = this.config.levels.length;
    const { horizon, levels } = options;
    const weights = levelWeights(this.config.levels, levels);
    const quantiles = new Float64Array(levels.length * horizon);
    const anchor = anchorIndex(this.config.levels);
    const row = new Float64Array(Q);
    const rowOf = (t: number): Float64Array => {
      const at = ((Math.floor(t / w) * batch.size + b) * w + (t % w)) * Q;
      row.set(values.quantiles.subarray(at, at + Q));
      applyWidths(row, fitted.widths, anchor);
      return row;
    };
    const nonNegative = fitted.nonNegative && neverNegative([window.series]);
    const valueOf = (scaled: number, t: number): number => {
      const value = inUnits(batch, b, t, scaled, this.config.scaler);
      return nonNegative ? Math.max(0, value) : value;
    };
    for (let t = 0; t < horizon; t++) {
      rowOf(t);
      weights.forEach(({ low, high, share }, i) => {
        quantiles[i * horizon + t] = valueOf((1 - share) * row[low]! + share * row[high]!, t);
      });
    }
    const paths =
      options.paths &&
      this.pathsOf(window.series.id, options.paths, horizon, fitted.persistence, rowOf).map((scaled, i) => valueOf(scaled, i % horizon));
    if (paths && this.config.head === 'negativeBinomial') for (let i = 0; i < paths.length; i++) paths[i] = Math.round(paths[i]!);
    // Nothing is known about a series without a single observation.
    if (window.series.values.every(Number.isNaN)) for (const all of [quantiles, paths]) all?.fill(NaN);
    const { series, origin } = window;
    return {
      id: series.id,
      cutoff: series.firstStep + origin - 1,
      quantiles: keepTo(options.targets?.get(series.id), quantiles),
      ...(paths ? { paths: keepTo(options.targets?.get(series.id), paths) } : {}),
      ...(options.attention ? { attention: this.attentionOf(b, batch, values, horizon, fitted.reader.sizes) } : {}),
    };
  }

  private pathsOf(
    id: string,
    options: PathOptions,
    horizon: number,
    persistence: number,
    rowOf: (t: number) => Float64Array,
  ): Float64Array {
    const learned = this.config.levels.map(normalQuantile);
    const rows = Array.from({ length: horizon }, (_, t) => rowOf(t).slice());
    return copulaPaths(id, options, horizon, persistence, (t, { z }) => between(rows[t]!, learned, z));
  }

  /** Maps over context segments; a temporal weight counts for the segment that holds the value it points at. */
  private attentionOf(b: number, batch: Batch, values: Values, horizon: number, sizes: Sizes): AttentionMaps {
    const { contextSegments: n, horizonSegments: m, segmentLength: w, seasons: K } = sizes;
    const { contextLength, temporalSeason } = this.config;
    const contextual = new Float32Array(horizon * n);
    const temporal = new Float32Array(horizon * n);
    const gate = new Float32Array(horizon * 2);
    for (let t = 0; t < horizon; t++) {
      const segment = Math.floor(t / w);
      for (let j = 0; j < n; j++) contextual[t * n + j] = values.contextual[(b * m + segment) * n + j]!;
      const at = (segment * batch.size + b) * w + (t % w);
      const copied = values.gate?.[at] ?? 0;
      gate[t * 2] = 1 - copied;
      gate[t * 2 + 1] = copied;
      for (let k = 0; k < K; k++) {
        const column = Math.floor((contextLength - (k + 1) * temporalSeason + (t % temporalSeason)) / w);
        temporal[t * n + column]! += values.temporal![at * K + k]!;
      }
    }
    const maps: Record<string, Float32Array> = K > 0 ? { contextual, temporal } : { contextual };
    return { contextLength, columnSteps: w, maps, gate, branches: ['contextual', 'temporal'] };
  }
}

function concat(arrays: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

export const segmentRoom: Room = {
  kinds: ['segment'],
  create: (_, config) => new SegmentForecaster(config as SegmentConfig),
  load: (checkpoint) => SegmentForecaster.load(checkpoint),
};
