/**
 * The `linear` forecaster: every step of the horizon is a weighted sum of the last `contextLength` values, taken from the last
 * of them and put back on it, with one set of weights for all series. Zeng et al. 2023 (NLinear) found that few networks beat
 * this on long horizons; Toner and Darlow 2024 that its weights need no training: they are a ridge regression, solved here. The
 * penalty is the one that errs least on windows the regression never saw, and those windows tell how wide intervals must be.
 *
 * Invariants: a missing value enters as no change from the last one, with no weight of its own; a missing target teaches
 * nothing; a forecast reads its own series only.
 */
import { initEngine } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import { normalQuantile } from '../../normal.js';
import { hurdled, intermittentOf } from '../../dataset/intermittent.js';
import { keepTo, neverNegative } from '../../dataset/target.js';
import { tooShort } from '../../dataset/tooShort.js';
import type { Checkpoint, FitOptions, Forecaster, Panel, PredictOptions, SeriesData, SeriesForecast, Room } from '../../forecaster.js';
import { copulaPaths, persistenceOf } from '../../heads/paths.js';
import type { Score } from '../../heads/step.js';
import { forecastBeyond } from '../../beyond.js';
import { deviationOf, windowScale } from '../../scalers/windowScale.js';
import { turns } from '../../turns.js';
import { checkLinearConfig, type LinearConfig, lookBack, MOST_WINDOWS } from './config.js';
import { lastSteps } from '../../panel.js';
import { noiseOf, readNoise, savedNoise, widened } from '../shortSeries.js';
import { refuseStart } from '../start.js';
import { RidgeSums } from './ridge.js';

/** Per row; windows are scaled by their series' deviation, so the grid serves every unit. */
const PENALTIES = [1e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 10];
const BLOCK = 1024;
const MOST_VALIDATION_WINDOWS = 512;

interface Fitted {
  /** [contextLength + 1, horizon] of scaled values; the constants last. */
  weights: Float64Array;
  /** [horizon] standard error of each step, scaled. */
  errors: Float64Array;
  deviations: ReadonlyMap<string, number>;
  nonNegative: boolean;
  persistence: number;
  noise: number | undefined;
}

interface Learned {
  ids: string[];
  deviations: number[];
  nonNegative: boolean;
  persistence: number;
  /** See `noiseOf`, null where no series tells it; absent in older checkpoints. */
  noise?: number | null;
}

interface Window {
  series: SeriesData;
  origin: number;
}

export class LinearForecaster implements Forecaster {
  readonly kind = 'linear';

  /** @throws INVALID_CONFIG */
  constructor(
    readonly config: LinearConfig,
    private fitted?: Fitted,
  ) {
    checkLinearConfig(config);
  }

  static load({ manifest, weights }: Checkpoint): LinearForecaster {
    const { learned, ...config } = manifest.config as LinearConfig & { learned: Learned };
    const size = (config.contextLength + 1) * config.horizon;
    return new LinearForecaster(config, {
      weights: Float64Array.from(weights.subarray(0, size)),
      errors: Float64Array.from(weights.subarray(size)),
      deviations: new Map(learned.ids.map((id, i) => [id, learned.deviations[i]!])),
      nonNegative: learned.nonNegative,
      persistence: learned.persistence,
      noise: readNoise(learned.noise),
    });
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    refuseStart(this.kind, options);
    const { signal, onProgress } = options;
    const { horizon } = this.config;
    const deviations = new Map(panel.series.map(({ id, values }) => [id, deviationOf(values)]));
    const { training, validation } = this.split(panel.series);
    if (training.length === 0) throw tooShort(panel.series, horizon + 1);
    await initEngine();
    const turn = turns(signal);
    const started = performance.now();
    const sums = new RidgeSums(this.config.contextLength + 1, horizon);
    for (let from = 0; from < training.length; from += BLOCK) {
      this.addBlock(sums, training.slice(from, from + BLOCK), deviations);
      await turn();
    }
    const scored = validation.length > 0 ? validation : training.slice(-MOST_VALIDATION_WINDOWS);
    let best: { weights: Float64Array; errors: Float64Array; loss: number; persistence: number } | undefined;
    for (const penalty of validation.length > 0 ? PENALTIES : [1]) {
      // As it will be loaded: what a checkpoint holds is what is scored.
      const weights = Float64Array.from(Float32Array.from(sums.solve(penalty)));
      await turn();
      const residuals: Float64Array[] = [];
      for (const window of scored) {
        residuals.push(this.residuals(window, weights, deviations));
        await turn();
      }
      const { errors, loss } = errorsOf(residuals, horizon);
      if (best && !(loss < best.loss)) continue;
      best = {
        weights,
        errors,
        loss,
        persistence: persistenceOf(residuals.map((row) => row.map((value, t) => value / (errors[t]! || 1)))),
      };
    }
    this.fitted = { ...best!, deviations, nonNegative: neverNegative(panel.series), noise: noiseOf(panel) };
    const stepsPerSecond = 1000 / Math.max(1, performance.now() - started);
    onProgress?.({ step: 1, totalSteps: 1, loss: best!.loss, validation: best!.loss, stepsPerSecond, etaSeconds: 0 });
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
    const { horizon, levels, targets } = options;
    const { contextLength } = this.config;
    const { deviations, errors, weights, nonNegative, persistence } = this.need();
    const scores = levels.map((level): Score => ({ level, z: normalQuantile(level) }));
    const turn = turns(options.signal);
    const forecasts: SeriesForecast[] = [];
    for (const series of panel.series) {
      await turn();
      const origin = series.values.length;
      const { x, center, scale } = this.read({ series, origin }, deviations);
      const scaled = this.apply(x, weights);
      const unknown = series.values.every(Number.isNaN);
      const clipped = nonNegative && neverNegative([series]);
      const rare = intermittentOf(series.values, panel.seasonLengths);
      const normal = (t: number, z: number): number => {
        const value = unknown ? NaN : center + scale * (scaled[t]! + z * errors[t]!);
        return clipped ? Math.max(0, value) : value;
      };
      const at = (t: number, { level, z }: Score): number =>
        rare ? hurdled(() => normal(t, z), rare, contextLength)(level, t) : normal(t, z);
      const quantiles = new Float64Array(levels.length * horizon);
      scores.forEach((score, i) => {
        for (let t = 0; t < horizon; t++) quantiles[i * horizon + t] = at(t, score);
      });
      const paths = options.paths && copulaPaths(series.id, options.paths, horizon, persistence, at);
      forecasts.push({
        id: series.id,
        cutoff: series.firstStep + origin - 1,
        quantiles: keepTo(targets?.get(series.id), quantiles),
        ...(paths ? { paths: keepTo(targets?.get(series.id), paths) } : {}),
      });
    }
    return forecasts;
  }

  heldOut({ series }: Panel): ReadonlyMap<string, number> {
    return new Map(
      series.flatMap((one) => {
        const end = this.trainingEnd(one);
        return end < one.values.length ? [[one.id, one.values.length - end]] : [];
      }),
    );
  }

  save(): Checkpoint {
    const { weights, errors, deviations, nonNegative, persistence, noise } = this.need();
    const { contextLength, horizon } = this.config;
    const learned: Learned = {
      ids: [...deviations.keys()],
      deviations: [...deviations.values()],
      nonNegative,
      persistence,
      ...savedNoise(noise),
    };
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: this.kind,
        config: { ...this.config, learned },
        tensors: [
          { name: 'weights', shape: [contextLength + 1, horizon], offset: 0 },
          { name: 'errors', shape: [horizon], offset: weights.length },
        ],
      },
      weights: Float32Array.from([...weights, ...errors]),
    };
  }

  dispose(): void {
    this.fitted = undefined;
  }

  private need(): Fitted {
    if (this.fitted) return this.fitted;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This linear forecaster has not been fitted.', { hint: 'Call fit, or load a checkpoint.' });
  }

  /** Windows spread evenly over the series; no training window reaches into a tail. */
  private split(series: readonly SeriesData[]): { training: Window[]; validation: Window[] } {
    const { horizon, contextLength } = this.config;
    const ranges = series.map((one) => {
      const { length } = one.values;
      const end = this.trainingEnd(one);
      const first = Math.min(contextLength, Math.max(1, end - horizon));
      return {
        series: one,
        first,
        count: Math.max(0, end - horizon - first + 1),
        tailFrom: end,
        tailCount: end < length ? length - horizon - end + 1 : 0,
      };
    });
    const spread = (total: number, most: number, window: (index: number) => Window): Window[] => {
      const count = Math.min(total, most);
      return Array.from({ length: count }, (_, i) => window(Math.floor(((i + 0.5) * total) / count)));
    };
    const pick = (first: 'first' | 'tailFrom', count: 'count' | 'tailCount', most: number): Window[] => {
      const ends: number[] = [];
      let total = 0;
      for (const range of ranges) ends.push((total += range[count]));
      let at = 0;
      return spread(total, most, (index) => {
        while (ends[at]! <= index) at++;
        const range = ranges[at]!;
        return { series: range.series, origin: range[first] + index - (ends[at]! - range[count]) };
      });
    };
    return { training: pick('first', 'count', MOST_WINDOWS), validation: pick('tailFrom', 'tailCount', MOST_VALIDATION_WINDOWS) };
  }

  /** Where the tail begins. A series too short for both gives all of itself to training. */
  private trainingEnd({ values: { length } }: SeriesData): number {
    const { horizon, contextLength, validationTail: tail } = this.config;
    const held = tail >= horizon ? tail : 0;
    return length - held >= contextLength + 2 * horizon ? length - held : length;
  }

  private read({ series, origin }: Window, deviations: ReadonlyMap<string, number>): { x: Float64Array; center: number; scale: number } {
    const { contextLength } = this.config;
    const { values } = series;
    const start = origin - contextLength;
    const deviation = deviations.get(series.id) ?? deviationOf(values.subarray(0, origin));
    const { center, scale } = windowScale('seriesDeviation', values, start, origin, 1, deviation);
    const x = new Float64Array(contextLength);
    for (let i = Math.max(0, -start); i < contextLength; i++) {
      const value = values[start + i]!;
      if (!Number.isNaN(value)) x[i] = (value - center) / scale;
    }
    return { x, center, scale };
  }

  private addBlock(sums: RidgeSums, windows: readonly Window[], deviations: ReadonlyMap<string, number>): void {
    const { contextLength, horizon } = this.config;
    const inputs = new Float32Array(windows.length * (contextLength + 1)).fill(1);
    const targets = new Float32Array(windows.length * horizon);
    windows.forEach((window, row) => {
      const { x, center, scale } = this.read(window, deviations);
      const { values } = window.series;
      inputs.set(x, row * (contextLength + 1));
      for (let t = 0; t < horizon; t++) targets[row * horizon + t] = (values[window.origin + t]! - center) / scale;
    });
    sums.add(inputs, targets, windows.length);
  }

  private apply(x: Float64Array, weights: Float64Array): Float64Array {
    const { contextLength, horizon } = this.config;
    const out = weights.slice(contextLength * horizon);
    for (let i = 0; i < contextLength; i++) {
      const value = x[i]!;
      if (value === 0) continue;
      for (let t = 0, at = i * horizon; t < horizon; t++, at++) out[t]! += value * weights[at]!;
    }
    return out;
  }

  /** Scaled; NaN where the outcome is missing. */
  private residuals(window: Window, weights: Float64Array, deviations: ReadonlyMap<string, number>): Float64Array {
    const { x, center, scale } = this.read(window, deviations);
    const { values } = window.series;
    return this.apply(x, weights).map((value, t) => (values[window.origin + t]! - center) / scale - value);
  }
}

/** Root of the mean square of each step, and the mean square of all. */
function errorsOf(residuals: readonly Float64Array[], horizon: number): { errors: Float64Array; loss: number } {
  const squares = new Float64Array(horizon);
  const counts = new Float64Array(horizon);
  for (const row of residuals)
    for (let t = 0; t < horizon; t++)
      if (!Number.isNaN(row[t]!)) {
        squares[t]! += row[t]! ** 2;
        counts[t]!++;
      }
  const total = squares.reduce((sum, value) => sum + value, 0);
  const seen = counts.reduce((sum, value) => sum + value, 0);
  const all = seen > 0 ? total / seen : 0;
  // A step of which no outcome is known errs like the others.
  return {
    errors: Float64Array.from(Float32Array.from(squares, (value, t) => Math.sqrt(counts[t]! > 0 ? value / counts[t]! : all))),
    loss: all,
  };
}

export const linearRoom: Room = {
  kinds: ['linear'],
  create: (_, config) => new LinearForecaster(config as LinearConfig),
  load: (checkpoint) => LinearForecaster.load(checkpoint),
};
