/**
 * The `recurrent` forecaster: the point-wise attention network over any cell and encoder, trained globally over a panel.
 * A forecast reads its own series only, and carries the maps of its alignments and the gate between them.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { type PointwiseNetwork } from '../attention/pointwise.js';
import { covariateScales, type CovariateScales } from '../dataset/covariates.js';
import { keepTo } from '../dataset/target.js';
import {
  type AttentionMaps,
  type Checkpoint,
  type FitOptions,
  type Forecaster,
  type Panel,
  type PredictOptions,
  type SeriesForecast,
} from '../forecaster.js';
import { levelWeights } from '../model/levels.js';
import { Parameters } from '../model/parameters.js';
import { checkRecurrentConfig, type RecurrentConfig } from './config.js';
import { recurrentNetwork } from './network.js';
import { trainRecurrent } from './train.js';
import { PointReader, PointSampler } from './windows.js';

const BATCH = 64;

interface Learned {
  covariates: CovariateScales;
  /** No training value was negative, so no forecast is. */
  nonNegative: boolean;
}

interface Fitted {
  learned: Learned;
  reader: PointReader;
  network: PointwiseNetwork;
  parameters: Parameters;
}

export class RecurrentForecaster implements Forecaster {
  readonly kind = 'recurrent';
  private fitted: Fitted | undefined;

  /** @throws INVALID_CONFIG */
  constructor(readonly config: RecurrentConfig) {
    checkRecurrentConfig(config);
  }

  /** @throws CHECKPOINT_BROKEN */
  static load({ manifest, weights }: Checkpoint): RecurrentForecaster {
    const { learned, ...config } = manifest.config as RecurrentConfig & { learned: Learned };
    const forecaster = new RecurrentForecaster(config);
    forecaster.fitted = forecaster.build(learned, weights.slice());
    return forecaster;
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    const learned: Learned = {
      covariates: covariateScales(panel.series, this.config.covariates),
      nonNegative: panel.series.every(({ values }) => values.every((value) => !(value < 0))),
    };
    const sampler = new PointSampler(panel.series, this.config, options.seed);
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
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { reader, network, parameters, learned } = this.need();
    if (options.horizon > this.config.horizon) {
      throw new AlmanacError('HORIZON_TOO_LONG', `The model forecasts ${this.config.horizon} steps, not ${options.horizon}.`, {
        hint: 'Ask for fewer steps, or train a model with a longer horizon.',
      });
    }
    await initEngine();
    const { horizon: H, levels: known } = this.config;
    const weights = levelWeights(known, options.levels);
    const forecasts: SeriesForecast[] = [];
    for (let from = 0; from < panel.series.length; from += BATCH) {
      options.signal?.throwIfAborted();
      const part = panel.series.slice(from, from + BATCH);
      tf.tidy(() => {
        const { x, mask, covariates, scales } = reader.read(part.map((series) => ({ series, origin: series.values.length })));
        const output = network.run(parameters.named(parameters.tensors()), { x, mask, covariates });
        const quantiles = output.quantiles.dataSync<'float32'>();
        const maps = options.attention ? output.maps.map((map) => map.dataSync<'float32'>()) : [];
        const gate = options.attention ? output.gate.dataSync<'float32'>() : undefined;
        part.forEach((series, b) => {
          const { center, scale } = scales[b]!;
          const result = new Float64Array(options.levels.length * options.horizon);
          for (let t = 0; t < options.horizon; t++) {
            weights.forEach(({ low, high, share }, i) => {
              const at = (b * H + t) * known.length;
              const value = center + scale * ((1 - share) * quantiles[at + low]! + share * quantiles[at + high]!);
              result[i * options.horizon + t] = learned.nonNegative ? Math.max(0, value) : value;
            });
          }
          // Nothing is known about a series without a single observation.
          if (series.values.every(Number.isNaN)) result.fill(Number.NaN);
          forecasts.push({
            id: series.id,
            cutoff: series.firstStep + series.values.length - 1,
            quantiles: keepTo(options.target, result),
            ...(gate ? { attention: this.attentionOf(b, options.horizon, maps, gate) } : {}),
          });
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
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

  private build(learned: Learned, weights?: Float32Array): Fitted {
    const reader = new PointReader(this.config, learned.covariates);
    const network = recurrentNetwork(this.config, reader.covariates);
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
