/**
 * A local forecaster: each series is forecast from its own history alone, at predict time, by one pure function.
 *
 * Invariants: a series reads another only for the width of an interval that its own history does not tell (`spread.ts`), which `fit`
 * learns of the panel; the same history gives the same bits; a series without a single observation gets NaN, because nothing is known
 * about it. A series that is mostly 0 is forecast as the counts that it is (`dataset/intermittent.ts`), whatever the method.
 */
import { AlmanacError } from '@almanac/series';
import { hurdled, intermittentOf } from '../../dataset/intermittent.js';
import { keepTo } from '../../dataset/target.js';
import {
  type Checkpoint,
  type FitOptions,
  type ForecastNote,
  type Forecaster,
  type Panel,
  type PredictOptions,
  type SeriesForecast,
} from '../../forecaster.js';
import { borrowedAt, SPREAD_BORROWED, SPREAD_UNKNOWN } from '../../notes.js';
import { turns } from '../../turns.js';
import { relativeSpread, type Spread, spreadOf } from './spread.js';

/** The distribution of each horizon step, as its quantile function; `step` 0 is one step after the history. */
export type QuantileFunction = (level: number, step: number) => number;

export interface LocalRequest {
  /** History from its first observation on; NaN where missing, so its last values may be NaN too. At least one is observed. */
  values: Float64Array;
  /** 1 where there is no season. */
  seasonLength: number;
  horizon: number;
  spread: Spread;
}

export type LocalMethod = (request: LocalRequest) => QuantileFunction;

export interface LocalConfig {
  /** Steps per season; the panel's first season by default, 1 where it has none. */
  seasonLength?: number;
}

/** What a checkpoint holds beside the settings. */
interface Learned {
  /** See `relativeSpread`; null where no series of the panel tells it. */
  spread: number | null;
}

export class LocalForecaster implements Forecaster {
  readonly config: Readonly<Record<string, unknown>>;
  private readonly seasonLength: number | undefined;
  /** Of the panel that it was fitted on; that of the panel that it forecasts otherwise. */
  private spread: number | undefined;

  /** @throws BASELINE_CONFIG a setting that baselines do not have, or a season that is no positive whole number */
  constructor(
    readonly kind: string,
    private readonly method: LocalMethod,
    config: LocalConfig = {},
  ) {
    const { seasonLength, learned, ...unknown } = config as LocalConfig & { learned?: Learned };
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
    this.spread = learned && (learned.spread ?? Number.NaN);
    this.config = seasonLength === undefined ? {} : { seasonLength };
  }

  async fit(panel: Panel, options: FitOptions): Promise<void> {
    options.signal?.throwIfAborted();
    this.spread = relativeSpread(panel.series);
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { horizon, levels, signal } = options;
    const seasonLength = this.seasonLength ?? panel.seasonLengths[0] ?? 1;
    const seasons = [...new Set([seasonLength, ...panel.seasonLengths])].sort((a, b) => a - b);
    const ofPanel = this.spread ?? relativeSpread(panel.series);
    const forecasts: SeriesForecast[] = [];
    const turn = turns(signal);
    for (const series of panel.series) {
      await turn();
      const quantiles = new Float64Array(levels.length * horizon).fill(Number.NaN);
      const first = series.values.findIndex((value) => !Number.isNaN(value));
      let borrowed = false;
      if (first >= 0) {
        const values = series.values.subarray(first);
        const spread = spreadOf(values, seasonLength, ofPanel);
        const quantile = hurdled(this.method({ values, seasonLength, horizon, spread }), intermittentOf(values, seasons), seasonLength);
        for (let step = 0; step < horizon; step++) {
          let previous = -Infinity;
          for (let k = 0; k < levels.length; k++) {
            const value = quantile(levels[k]!, step);
            // Rounding may turn two equal quantiles by one bit; the order is part of the contract.
            previous = value < previous ? previous : Number.isNaN(value) ? previous : value;
            quantiles[k * horizon + step] = Number.isNaN(value) ? value : previous;
          }
        }
        borrowed = spread.borrowed;
      }
      const cutoff = series.firstStep + series.values.length - 1;
      const notes = borrowed ? spreadNotes(quantiles) : [];
      const kept = keepTo(options.targets?.get(series.id), quantiles, borrowedAt(notes, levels));
      forecasts.push({ id: series.id, cutoff, quantiles: kept, ...(notes.length > 0 ? { notes } : {}) });
    }
    return forecasts;
  }

  save(): Checkpoint {
    return {
      manifest: { format: 'almanac-checkpoint', version: 1, kind: this.kind, config: { ...this.config, ...this.learned() }, tensors: [] },
      weights: new Float32Array(0),
    };
  }

  dispose(): void {}

  private learned(): { learned?: Learned } {
    if (this.spread === undefined) return {};
    return { learned: { spread: Number.isNaN(this.spread) ? null : this.spread } };
  }
}

/** Nothing where the quantiles rest on no borrowed width after all, as those of a series that is mostly 0. */
function spreadNotes(quantiles: Float64Array): ForecastNote[] {
  const known = quantiles.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return [];
  if (known.length < quantiles.length) return [SPREAD_UNKNOWN];
  return known.every((value) => value === 0) ? [] : [SPREAD_BORROWED];
}
