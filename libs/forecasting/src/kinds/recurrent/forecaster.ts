/**
 * The `recurrent` forecaster: the point-wise attention network over any cell and encoder, trained globally over a panel.
 * A forecast reads its own series only, and carries the maps of its alignments and the gate between them.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { withCalendar, withCalendarNames } from '../../dataset/calendarCovariates.js';
import { covariateScales, type CovariateScales } from '../../dataset/covariates.js';
import { ancestralPaths } from '../../decoders/ancestral.js';
import { coherent, COHERENT_LEVELS } from '../../encoders/coherent.js';
import { keepTo, neverNegative } from '../../dataset/target.js';
import {
  type AttentionMaps,
  type Checkpoint,
  type FitOptions,
  type Forecaster,
  type Panel,
  type PredictOptions,
  type SeriesData,
  type SeriesForecast,
  type Room,
} from '../../forecaster.js';
import { requireCounts } from '../../heads/counts.js';
import { copulaPaths, persistenceOf, sampleQuantile, scoreOfOutcome } from '../../heads/paths.js';
import { scoreOf } from '../../heads/stepHead.js';
import { forecastBeyond } from '../../beyond.js';
import { Parameters } from '../../training/parameters.js';
import { unbend } from '../../scalers/windowScale.js';
import { checkRecurrentConfig, completeRecurrentConfig, hasFamilies, lookBack, taughtAlways, type RecurrentConfig } from './config.js';
import { lastSteps } from '../../panel.js';
import { noiseOf, readNoise, savedNoise, widened } from '../shortSeries.js';
import { recurrentNetwork } from './network.js';
import { trainRecurrent } from './train.js';
import { FamilySampler, PointReader, SingleSampler, type PointWindow } from './windows.js';
import type { PointwiseNetwork, PointwiseOutput, RunOptions } from '../../attention/shapes.js';
import type { Score } from '../../heads/step.js';
import { letOthers } from '../../turns.js';

const BATCH = 64;
/** Rows that sampled paths are drawn in at once. */
const LARGEST_BATCH = 512;

interface Learned {
  /** Of the series that exponential smoothing knows one by one. */
  ids?: readonly string[];
  covariates: CovariateScales;
  /** No training value was negative, so no forecast is. */
  nonNegative: boolean;
  /** Of neighbouring errors, for sampled paths; absent in older checkpoints, which then draw each step on its own. */
  persistence?: number;
  /** See `noiseOf`, null where no series tells it; absent in older checkpoints. */
  noise?: number | null;
}

interface Fitted {
  learned: Learned;
  reader: PointReader;
  network: PointwiseNetwork;
  parameters: Parameters;
}

export class RecurrentForecaster implements Forecaster {
  readonly kind = 'recurrent';
  readonly config: RecurrentConfig;
  private fitted: Fitted | undefined;

  /** @throws INVALID_CONFIG */
  constructor(config: RecurrentConfig) {
    this.config = withCalendarNames(completeRecurrentConfig(config));
    checkRecurrentConfig(this.config);
  }

  /** Settings that are left out get their defaults. @throws CHECKPOINT_BROKEN */
  static load({ manifest, weights }: Checkpoint): RecurrentForecaster {
    const { learned, ...config } = manifest.config as RecurrentConfig & { learned: Learned };
    const forecaster = new RecurrentForecaster(config);
    forecaster.fitted = forecaster.build(learned, weights.slice());
    return forecaster;
  }

  async fit(given: Panel, options: FitOptions): Promise<void> {
    const panel = await withCalendar(given, this.config.calendar, this.config.horizon);
    if (this.config.head === 'negativeBinomial') requireCounts(panel);
    const learned: Learned = {
      ...(this.config.smoothing ? { ids: panel.series.map(({ id }) => id) } : {}),
      covariates: covariateScales(panel.series, this.config.covariates),
      nonNegative: neverNegative(panel.series),
      ...savedNoise(noiseOf(panel)),
    };
    const sampler = new (hasFamilies(this.config) ? FamilySampler : SingleSampler)(panel.series, this.config, options.seed);
    if (sampler.total === 0) {
      throw new AlmanacError(
        'SERIES_TOO_SHORT',
        `No series is long enough to train on: a horizon of ${this.config.horizon} steps after at least one season.`,
        {
          hint: 'Give longer series, or a shorter horizon.',
        },
      );
    }
    const built = this.build(learned);
    const weights = await trainRecurrent(built.network, built.reader, sampler, this.config, options);
    this.fitted = { ...built, parameters: new Parameters(built.network.specs, weights.slice()) };
    this.fitted.learned = { ...learned, persistence: this.persistence(sampler.validation, this.fitted) };
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { horizon: H } = this.config;
    const { learned } = this.need();
    const seen = lastSteps(panel, lookBack(this.config));
    const forecasts =
      options.horizon <= H
        ? await this.predictBlock(seen, options)
        : await forecastBeyond({ predict: (longer, asked) => this.predictBlock(longer, asked) }, seen, options, H);
    // Relatives add up, and would not if one of them were made wider.
    return hasFamilies(this.config) ? forecasts : widened(panel, forecasts, options, readNoise(learned.noise));
  }

  private async predictBlock(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    if (!hasFamilies(this.config)) return this.forecastEach(panel, options);
    const { levels, horizon, targets } = options;
    const known = [...new Set([...levels, ...COHERENT_LEVELS])].sort((a, b) => a - b);
    const each = await this.forecastEach(panel, { ...options, levels: known });
    return coherent(each, this.config.parents, known, horizon, targets).map((forecast) => {
      const row = (level: number): Float64Array => forecast.quantiles.subarray(known.indexOf(level) * horizon).subarray(0, horizon);
      return { ...forecast, quantiles: Float64Array.from(levels.flatMap((level) => [...row(level)])) };
    });
  }

  private async forecastEach(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const fitted = this.need();
    const { horizon: H } = this.config;
    const { series: read } = await withCalendar(panel, this.config.calendar, H);
    await initEngine();
    const copies = Math.max(taughtAlways(this.config) ? this.config.paths : 1, options.paths && this.ancestral ? options.paths.count : 1);
    // Relatives are read together.
    const size = hasFamilies(this.config) ? read.length : Math.min(BATCH, Math.max(1, Math.floor(LARGEST_BATCH / copies)));
    const forecasts: SeriesForecast[] = [];
    for (let from = 0; from < read.length; from += size) {
      options.signal?.throwIfAborted();
      tf.tidy(() => forecasts.push(...this.forecastPart(read.slice(from, from + size), options, fitted)));
      await letOthers();
    }
    return forecasts;
  }

  save(): Checkpoint {
    const { parameters, learned } = this.need();
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

  dispose(): void {
    this.fitted = undefined;
  }

  /** Whether paths are drawn step by step; through a copula otherwise. */
  private get ancestral(): boolean {
    return taughtAlways(this.config);
  }

  private forecastPart(
    part: readonly SeriesData[],
    { horizon, levels, paths, attention, targets }: PredictOptions,
    { reader, network, parameters, learned }: Fitted,
  ): SeriesForecast[] {
    const { horizon: H, scaler, head: kind } = this.config;
    const { head } = network;
    const batch = reader.read(part.map((series) => ({ series, origin: series.values.length })));
    const { x, mask, covariates, scales, windows } = batch;
    const run = (options: RunOptions = {}): PointwiseOutput =>
      network.run(parameters.named(parameters.tensors()), { x, mask, covariates, windows }, options);
    const output = this.ancestral && !attention ? undefined : run();
    const raw = output?.raw.dataSync<'float32'>();
    const parts = output?.raw.shape[2] ?? 0;
    const maps = attention ? output!.maps.map((map) => map.dataSync<'float32'>()) : [];
    const gate = attention ? output!.gate.dataSync<'float32'>() : undefined;
    const sampled = this.ancestral ? ancestralPaths(run, head, part, scales, { count: this.config.paths, seed: 0 }, H) : undefined;
    const asked = this.ancestral && paths ? ancestralPaths(run, head, part, scales, paths, H) : undefined;
    const scores = levels.map(scoreOf);
    return part.map((series, b) => {
      const { center, scale } = scales[b]!;
      const nonNegative = learned.nonNegative && neverNegative([series]);
      const inUnits = (scaled: number): number => {
        const value = center + scale * unbend(scaler, scaled);
        return nonNegative ? Math.max(0, value) : value;
      };
      const scaledAt = (t: number, score: Score): number =>
        head.quantile(raw!.subarray((b * H + t) * parts, (b * H + t + 1) * parts), score, scale);
      const quantiles = new Float64Array(levels.length * horizon);
      for (let t = 0; t < horizon; t++) {
        const drawn = sampled && Float64Array.from({ length: this.config.paths }, (_, k) => sampled[b]![k * H + t]!).sort();
        scores.forEach((score, i) => {
          quantiles[i * horizon + t] = inUnits(drawn ? sampleQuantile(drawn, score.level) : scaledAt(t, score));
        });
      }
      const own =
        paths &&
        (asked
          ? Float64Array.from({ length: paths.count * horizon }, (_, i) => asked[b]![Math.floor(i / horizon) * H + (i % horizon)]!)
          : copulaPaths(series.id, paths, horizon, learned.persistence ?? 0, scaledAt)
        ).map((scaled) => (kind === 'negativeBinomial' ? Math.round(inUnits(scaled)) : inUnits(scaled)));
      // Nothing is known about a series without a single observation.
      if (series.values.every(Number.isNaN)) for (const values of [quantiles, own]) values?.fill(Number.NaN);
      return {
        id: series.id,
        cutoff: series.firstStep + series.values.length - 1,
        quantiles: keepTo(targets?.get(series.id), quantiles),
        ...(own ? { paths: keepTo(targets?.get(series.id), own) } : {}),
        ...(gate ? { attention: this.attentionOf(b, horizon, maps, gate) } : {}),
      };
    });
  }

  /** The persistence of the model's own errors on windows that it never trained on. */
  private persistence(windows: readonly PointWindow[], { reader, network, parameters }: Fitted): number {
    const { horizon: H } = this.config;
    if (this.ancestral) return 0;
    const sequences: Float64Array[] = [];
    for (let from = 0; from < windows.length; from += BATCH) {
      tf.tidy(() => {
        const { truth, weight, scales, ...inputs } = reader.read(windows.slice(from, from + BATCH));
        const output = network.run(parameters.named(parameters.tensors()), inputs);
        const [raw, actual, known] = [output.raw, truth, weight].map((tensor) => tensor.dataSync<'float32'>()) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        const parts = output.raw.shape[2];
        scales.forEach(({ scale }, b) => {
          const scoreAtStep = (t: number): number => {
            const row = raw.subarray((b * H + t) * parts, (b * H + t + 1) * parts);
            return scoreOfOutcome(actual[b * H + t]!, (score) => network.head.quantile(row, score, scale));
          };
          sequences.push(Float64Array.from({ length: H }, (_, t) => (known[b * H + t] === 1 ? scoreAtStep(t) : Number.NaN)));
        });
      });
    }
    return persistenceOf(sequences);
  }

  private build(learned: Learned, weights?: Float32Array): Fitted {
    const ids = learned.ids ?? [];
    const reader = new PointReader(this.config, learned.covariates, ids);
    const network = recurrentNetwork(this.config, reader.covariates, ids.length + 1);
    return { learned, reader, network, parameters: new Parameters(network.specs, weights) };
  }

  private need(): Fitted {
    if (this.fitted) return this.fitted;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This recurrent forecaster has not been fitted.', {
      hint: 'Call fit, or load a checkpoint.',
    });
  }

  private attentionOf(b: number, horizon: number, maps: readonly Float32Array[], gate: Float32Array): AttentionMaps {
    const { contextLength: L, horizon: H, branches } = this.config;
    const n = branches.length;
    return {
      contextLength: L,
      columnSteps: 1,
      maps: Object.fromEntries(branches.map((branch, k) => [branch, maps[k]!.slice(b * H * L, (b * H + horizon) * L)])),
      gate: gate.slice(b * H * n, (b * H + horizon) * n),
      branches,
    };
  }
}

export const recurrentRoom: Room = {
  kinds: ['recurrent'],
  create: (_, config) => new RecurrentForecaster(config as RecurrentConfig),
  load: (checkpoint) => RecurrentForecaster.load(checkpoint),
};
