/**
 * A local forecaster: each series is forecast from its own history alone, at predict time, by one pure function.
 *
 * Invariants: `fit` learns nothing, so a checkpoint is its configuration; no series reads another; the same history
 * gives the same bits; a series without a single observation gets NaN, because nothing is known about it.
 */
import { AlmanacError } from '@almanac/series';
import { keepTo } from '../../dataset/target.js';
import {
  type Checkpoint,
  type FitOptions,
  type Forecaster,
  type Panel,
  type PredictOptions,
  type SeriesForecast,
} from '../../forecaster.js';
import { turns } from '../../turns.js';

/** The distribution of each horizon step, as its quantile function; `step` 0 is one step after the history. */
export type QuantileFunction = (level: number, step: number) => number;

export interface LocalRequest {
  /** History from its first observation on; NaN where missing, so its last values may be NaN too. At least one is observed. */
  values: Float64Array;
  /** 1 where there is no season. */
  seasonLength: number;
  horizon: number;
}

export type LocalMethod = (request: LocalRequest) => QuantileFunction;

export interface LocalConfig {
  /** Steps per season; the panel's first season by default, 1 where it has none. */
  seasonLength?: number;
}

export class LocalForecaster implements Forecaster {
  readonly config: Readonly<Record<string, unknown>>;
  private readonly seasonLength: number | undefined;

  /** @throws BASELINE_CONFIG a setting that baselines do not have, or a season that is no positive whole number */
  constructor(
    readonly kind: string,
    private readonly method: LocalMethod,
    config: LocalConfig = {},
  ) {
    const { seasonLength, ...unknown } = config;
    const stray = Object.keys(unknown)[0];
    if (stray !== undefined) {
      throw new AlmanacError('BASELINE_CONFIG', `The baseline ${kind} has no setting "${stray}".`, {
        hint: 'Baselines know seasonLength only.',
        subject: { setting: stray },
      });
    }
    if (seasonLength !== undefined && !(Number.isInteger(seasonLength) && seasonLength >= 1)) {
      throw new AlmanacError('BASELINE_CONFIG', `The baseline ${kind} cannot use a season of ${String(seasonLength)} steps.`, {
        hint: 'Give seasonLength as a whole number of steps, at least 1.',
        subject: { seasonLength },
      });
    }
    this.seasonLength = seasonLength;
    this.config = seasonLength === undefined ? {} : { seasonLength };
  }

  async fit(_panel: Panel, options: FitOptions): Promise<void> {
    options.signal?.throwIfAborted();
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { horizon, levels, signal } = options;
    const seasonLength = this.seasonLength ?? panel.seasonLengths[0] ?? 1;
    const forecasts: SeriesForecast[] = [];
    const turn = turns(signal);
    for (const series of panel.series) {
      await turn();
      const quantiles = new Float64Array(levels.length * horizon).fill(Number.NaN);
      const first = series.values.findIndex((value) => !Number.isNaN(value));
      if (first >= 0) {
        const quantile = this.method({ values: series.values.subarray(first), seasonLength, horizon });
        for (let step = 0; step < horizon; step++) {
          let previous = -Infinity;
          for (let k = 0; k < levels.length; k++) {
            // Rounding may turn two equal quantiles by one bit; the order is part of the contract.
            previous = Math.max(previous, quantile(levels[k]!, step));
            quantiles[k * horizon + step] = previous;
          }
        }
      }
      forecasts.push({ id: series.id, cutoff: series.firstStep + series.values.length - 1, quantiles: keepTo(options.target, quantiles) });
    }
    return forecasts;
  }

  save(): Checkpoint {
    return {
      manifest: { format: 'almanac-checkpoint', version: 1, kind: this.kind, config: { ...this.config }, tensors: [] },
      weights: new Float32Array(0),
    };
  }

  dispose(): void {}
}
