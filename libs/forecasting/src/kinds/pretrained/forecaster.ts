/**
 * The `pretrained` forecaster: the network that comes with the library, behind the interface of every forecaster. It forecasts as it is,
 * without having seen the panel; fitting fine-tunes it. A forecast reads its own series only.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import { forecastBeyond } from '../../beyond.js';
import { applyWidths, type Scored, widthFactors } from '../../calibrate/widths.js';
import { keepTo, neverNegative } from '../../dataset/target.js';
import type { AttentionMaps, Checkpoint, FitOptions, Forecaster, Panel, PredictOptions, Room, SeriesForecast } from '../../forecaster.js';
import { copulaPaths } from '../../heads/paths.js';
import { between } from '../../heads/stepHead.js';
import { anchorIndex, levelWeights } from '../../levels.js';
import { normalQuantile } from '../../normal.js';
import type { SeriesData } from '../../panel.js';
import { Parameters } from '../../training/parameters.js';
import { noiseOf, readNoise, savedNoise, widened } from '../shortSeries.js';
import { attentionOf, BRANCHES } from './attention.js';
import { checkConfig, fineTuning, LONGEST_HORIZON, type PretrainedConfig, seasonsOf, SHORTEST } from './config.js';
import { fineTune } from './fineTune.js';
import { groupsOf, rowOf, runNetwork, type Values } from './run.js';
import { historyOf } from './sampler.js';
import { HORIZON, LEVELS, SEGMENT } from './shape.js';
import { shippedWeights } from './shipped.js';
import { parameterSpecs } from './specs.js';
import type { Window } from './window.js';
import { WindowReader } from './windows.js';
import { letOthers } from '../../turns.js';

const ANCHOR = anchorIndex(LEVELS);
const LEARNED = LEVELS.map(normalQuantile);
/** One period may be an unusual one: half of what it says of the widths is believed. */
const WIDTH_TRUST = 0.5;

interface State {
  weights: Float32Array;
  /** Calibration: factor per level on its distance from the median. */
  widths: number[];
  /** Of neighbouring errors, for sampled paths. */
  persistence: number;
  /** See `noiseOf`; NaN where it was never shown a panel: then other series tell nothing of a short one. */
  noise: number;
}

/** What a checkpoint holds beside the weights. */
interface Learned {
  widths: number[];
  persistence: number;
  noise?: number | null;
  /** Of the shipped weights that fine-tuning began with. */
  shipped: string;
}

export class PretrainedForecaster implements Forecaster {
  readonly kind = 'pretrained';
  private readonly reader = new WindowReader();
  private readonly parameters = new Parameters(parameterSpecs());

  /** @throws INVALID_CONFIG */
  constructor(
    readonly config: PretrainedConfig,
    private state?: State,
    private shipped?: string,
  ) {
    checkConfig(config);
  }

  static load({ manifest, weights }: Checkpoint): PretrainedForecaster {
    const { learned, ...config } = manifest.config as PretrainedConfig & { learned: Learned };
    const parameters = new Parameters(parameterSpecs());
    parameters.load({ manifest, weights });
    const { widths, persistence, noise, shipped } = learned;
    const state = { weights: parameters.values, widths, persistence, noise: readNoise(noise) ?? Number.NaN };
    return new PretrainedForecaster(config, state, shipped);
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    if (options.signal?.aborted) throw new AlmanacError('TRAINING_CANCELLED', 'Training was cancelled before its first step.');
    const { horizon = HORIZON } = this.config;
    const train =
      this.config.train ?? fineTuning({ count: panel.series.length, horizon, lengths: panel.series.map(({ values }) => values.length) });
    const start = { ...(options.start ? PretrainedForecaster.load(options.start).begin() : this.begin()), noise: noiseOf(panel) };
    if (train.steps === 0) {
      this.state = start;
      return;
    }
    // Longer horizons are gone on to from these.
    const own = Math.min(horizon, HORIZON);
    const tuned = await fineTune(panel.series, this.seasonLengths(panel), own, train, start.weights, options);
    this.state = { ...start, weights: tuned.weights, widths: LEVELS.map(() => 1) };
    if (tuned.validation.length > 0) this.state.widths = widthFactors(this.score(tuned.validation, own), LEVELS, ANCHOR, WIDTH_TRUST);
  }

  /** @throws HORIZON_TOO_LONG, PRETRAINED_MISSING, PRETRAINED_BROKEN */
  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    if (options.horizon > LONGEST_HORIZON)
      throw new AlmanacError(
        'HORIZON_TOO_LONG',
        `The pretrained network forecasts up to ${LONGEST_HORIZON} steps, not ${options.horizon}.`,
        {
          hint: 'Ask for fewer steps, or train a model for this horizon.',
          subject: { horizon: LONGEST_HORIZON },
        },
      );
    const forecasts =
      options.horizon <= HORIZON
        ? await this.predictBlock(panel, options)
        : await forecastBeyond({ predict: (longer, asked) => this.predictBlock(longer, asked) }, panel, options, HORIZON);
    const { noise } = this.begin();
    // It has learned what fewer values than these say of the spread from no window.
    return forecasts.map((forecast, i) => {
      const series = panel.series[i]!;
      const observed = series.values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
      return observed >= SHORTEST ? forecast : widened({ ...panel, series: [series] }, [forecast], options, noise)[0]!;
    });
  }

  save(): Checkpoint {
    const { weights, widths, persistence, noise } = this.begin();
    const learned: Learned = { widths, persistence, ...savedNoise(noise), shipped: this.shipped ?? shippedWeights().manifest.sha256 };
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: this.kind,
        config: { ...this.config, learned },
        tensors: this.parameters.manifest(),
      },
      weights: weights.slice(),
    };
  }

  /** Weights live in plain memory; nothing is held on the engine between calls. */
  dispose(): void {
    this.state = undefined;
  }

  /** As it was fitted, or as it was shipped. */
  private begin(): State {
    if (this.state) return this.state;
    const { weights, manifest } = shippedWeights();
    return { weights, widths: LEVELS.map(() => 1), persistence: manifest.persistence, noise: Number.NaN };
  }

  private seasonLengths(panel: Panel): readonly number[] {
    return this.config.seasonLengths ?? panel.seasonLengths;
  }

  private async predictBlock(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const state = this.begin();
    await initEngine();
    const seasons = seasonsOf(this.seasonLengths(panel));
    const windows = panel.series.map(({ values }): Window => ({ history: historyOf(values, values.length), ...seasons }));
    const forecasts = new Array<SeriesForecast>(windows.length);
    for (const { n, places } of groupsOf(windows)) {
      options.signal?.throwIfAborted();
      const part = places.map((place) => windows[place]!);
      const values = runNetwork(this.parameters, state.weights, this.reader, part, {
        n,
        horizon: options.horizon,
        attention: options.attention ?? false,
      });
      places.forEach((place, b) => {
        forecasts[place] = this.forecastOf(panel.series[place]!, b, part[b]!, values, options, state);
      });
      await letOthers();
    }
    return forecasts;
  }

  /** Quantiles and outcomes of windows, both as distances in units of the window's scale. */
  private score(windows: readonly Window[], horizon: number): Scored {
    const { weights } = this.begin();
    const quantiles: number[] = [];
    const actual: number[] = [];
    const row = new Float64Array(LEVELS.length);
    for (const { n, places } of groupsOf(windows)) {
      const part = places.map((place) => windows[place]!);
      const values = runNetwork(this.parameters, weights, this.reader, part, { n, horizon, attention: false });
      part.forEach(({ future }, b) => {
        const { location, scale } = values.batch;
        for (let h = 0; h < horizon; h++) {
          for (const value of rowOf(values, b, h, row)) quantiles.push((value - location[b]!) / scale[b]!);
          actual.push((future![h]! - location[b]!) / scale[b]!);
        }
      });
    }
    return { quantiles: Float32Array.from(quantiles), actual: Float32Array.from(actual) };
  }

  private forecastOf(series: SeriesData, b: number, window: Window, values: Values, options: PredictOptions, state: State): SeriesForecast {
    const { horizon, levels } = options;
    const weights = levelWeights(LEVELS, levels);
    const quantiles = new Float64Array(levels.length * horizon);
    const nonNegative = neverNegative([series]);
    const kept = (value: number): number => (nonNegative ? Math.max(0, value) : value);
    const row = new Float64Array(LEVELS.length);
    const rowAt = (h: number): Float64Array => {
      rowOf(values, b, h, row);
      applyWidths(row, state.widths, ANCHOR);
      return row;
    };
    for (let h = 0; h < horizon; h++) {
      rowAt(h);
      weights.forEach(({ low, high, share }, i) => {
        quantiles[i * horizon + h] = kept((1 - share) * row[low]! + share * row[high]!);
      });
    }
    const paths = options.paths && this.pathsOf(series.id, options.paths, horizon, state.persistence, rowAt).map(kept);
    // Nothing is known about a series without a single observation.
    if (window.history.length === 0) for (const all of [quantiles, paths]) all?.fill(NaN);
    const target = options.targets?.get(series.id);
    return {
      id: series.id,
      cutoff: series.firstStep + series.values.length - 1,
      quantiles: keepTo(target, quantiles),
      ...(paths ? { paths: keepTo(target, paths) } : {}),
      ...(options.attention ? { attention: this.attention(b, window, values, horizon) } : {}),
    };
  }

  private pathsOf(
    id: string,
    options: NonNullable<PredictOptions['paths']>,
    horizon: number,
    persistence: number,
    rowAt: (h: number) => Float64Array,
  ): Float64Array {
    const rows = Array.from({ length: horizon }, (_, h) => rowAt(h).slice());
    return copulaPaths(id, options, horizon, persistence, (h, { z }) => between(rows[h]!, LEARNED, z));
  }

  private attention(b: number, window: Window, values: Values, horizon: number): AttentionMaps {
    const { maps, gate } = attentionOf(values, b, window, horizon);
    return { contextLength: values.batch.n * SEGMENT, columnSteps: SEGMENT, maps, gate, branches: BRANCHES };
  }
}

export const pretrainedRoom: Room = {
  kinds: ['pretrained'],
  create: (_, config) => new PretrainedForecaster(config as PretrainedConfig),
  load: (checkpoint) => PretrainedForecaster.load(checkpoint),
};
