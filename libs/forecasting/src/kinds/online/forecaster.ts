/**
 * Online models, one a series, as a forecaster like any other: `fit` starts them, `predict` forecasts from any cutoff, and
 * `learnOnline` lets them go on where they stopped.
 *
 * Invariants: a checkpoint holds champions only, so what it forecasts is a function of it and of the history before the cutoff,
 * whatever was learned since; a series that it does not know is fitted to its own history, the same way every time.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { keepTo } from '../../dataset/target.js';
import type { Checkpoint, FitOptions, Forecaster, Panel, PredictOptions, SeriesData, SeriesForecast, Room } from '../../forecaster.js';
import { levelWeights } from '../../levels.js';
import { noiseOf, readNoise, savedNoise, widened } from '../shortSeries.js';
import { checkOnlineSettings, OnlineModel, type OnlineSettings, type OnlineState } from './onlineModel.js';
import { letOthers } from '../../turns.js';

/** One series: a state and the grid step it has come to. */
export interface LearnedSeries {
  until: number;
  state: OnlineState;
}

export interface OnlineLearning {
  /** The champions as they are now. */
  checkpoint: Checkpoint;
  /** By series: what `learnOnline` wants next time. */
  states: Record<string, LearnedSeries>;
  series: number;
  observations: number;
  /** Series whose shadow took its champion's place, and whose shadow was thrown away. */
  promoted: string[];
  rolledBack: string[];
  /** Mean one-step pinball loss of both on what was observed, up to the promotion of a series; null where nothing was. */
  pinball: { champion: number; shadow: number } | null;
}

/** A champion's weights as a checkpoint has them: the grid step it has seen, as two floats that are exact, then the weights. */
type Packed = Float32Array;
const STEP_PARTS = 2 ** 20;
const HEADER = 2;

/** What a checkpoint holds of the panel, null where no series tells it. */
interface Learned {
  noise?: number | null;
}

export class OnlineForecaster implements Forecaster {
  readonly kind = 'online';
  config: Readonly<Record<string, unknown>>;
  private readonly champions = new Map<string, Packed>();
  /** See `noiseOf`; undefined in older checkpoints. */
  private noise: number | undefined;

  /** @throws INVALID_CONFIG */
  constructor({ learned, ...config }: OnlineSettings & { learned?: Learned }) {
    checkOnlineSettings(config);
    this.noise = readNoise(learned?.noise);
    this.config = { levels: [...DEFAULT_QUANTILES], ...config };
  }

  static load({ manifest, weights }: Checkpoint): OnlineForecaster {
    const forecaster = new OnlineForecaster(manifest.config as unknown as OnlineSettings);
    for (const { name, shape, offset } of manifest.tensors) forecaster.champions.set(name, weights.slice(offset, offset + shape[0]!));
    return forecaster;
  }

  get settings(): OnlineSettings {
    return this.config as unknown as OnlineSettings;
  }

  async fit(panel: Panel, { seed, signal }: FitOptions): Promise<void> {
    this.config = { ...this.config, seed };
    this.champions.clear();
    this.noise = noiseOf(panel);
    for await (const series of inTurn(panel, signal)) {
      const values = observed(series);
      if (values.length > 0) this.keep(series.id, lastStep(series), this.fitted(values));
    }
  }

  async predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]> {
    const { horizon, levels, targets, signal } = options;
    const own = this.settings.horizon;
    if (horizon > own)
      throw new AlmanacError('HORIZON_TOO_LONG', `This online model forecasts ${own} steps, not ${horizon}.`, {
        hint: 'Ask for fewer steps, or train one with a longer horizon.',
        subject: { horizon: own },
      });
    const forecasts: SeriesForecast[] = [];
    for await (const series of inTurn(panel, signal)) {
      const quantiles = new Float64Array(levels.length * horizon).fill(Number.NaN);
      const values = observed(series);
      if (values.length > 0) {
        const model = this.modelAt(series.id, values);
        const learned = model.forecast();
        for (let step = 0; step < horizon; step++) {
          const row = levelWeights(model.levels, levels)
            .map(({ low, high, share }) => (1 - share) * learned[low * own + step]! + share * learned[high * own + step]!)
            .sort((a, b) => a - b);
          row.forEach((value, q) => (quantiles[q * horizon + step] = value));
        }
      }
      forecasts.push({ id: series.id, cutoff: lastStep(series), quantiles: keepTo(targets?.get(series.id), quantiles) });
    }
    return widened(panel, forecasts, options, this.noise);
  }

  save(): Checkpoint {
    const tensors: Checkpoint['manifest']['tensors'] = [];
    let offset = 0;
    for (const [name, { length }] of this.champions) {
      tensors.push({ name, shape: [length], offset });
      offset += length;
    }
    const weights = new Float32Array(offset);
    [...this.champions.values()].forEach((packed, at) => weights.set(packed, tensors[at]!.offset));
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: this.kind,
        config: { ...this.config, ...(this.noise === undefined ? {} : { learned: savedNoise(this.noise) }) },
        tensors,
      },
      weights,
    };
  }

  dispose(): void {}

  /** A model that has seen these values and no more; it learns nothing of them, unless it does not know the series. */
  modelAt(id: string, values: Float64Array): OnlineModel {
    const packed = this.champions.get(id);
    if (!packed) return this.fitted(values);
    const model = new OnlineModel(this.settings);
    model.start(packed.subarray(HEADER), values);
    return model;
  }

  /** Last step that the champion of a series has learned from. */
  learnedUntil(id: string): number | undefined {
    const packed = this.champions.get(id);
    return packed && packed[0]! * STEP_PARTS + packed[1]!;
  }

  keep(id: string, until: number, model: OnlineModel): void {
    const high = Math.floor(until / STEP_PARTS);
    this.champions.set(id, Float32Array.from([high, until - high * STEP_PARTS, ...model.championWeights()]));
  }

  private fitted(values: Float64Array): OnlineModel {
    const model = new OnlineModel(this.settings);
    model.fit(values);
    return model;
  }
}

/**
 * Feeds each series what was observed after the step it had come to, in order.
 *
 * @param options.states of the learning before; a series without one starts from the champion in the checkpoint
 * @param options.anew what was observed until now teaches nothing: shadows start from the champion, here
 * @throws CHECKPOINT_MISMATCH a checkpoint of no online model
 */
export async function learnOnline(
  checkpoint: Checkpoint,
  panel: Panel,
  { states = {}, anew = false, signal }: { states?: Readonly<Record<string, LearnedSeries>>; anew?: boolean; signal?: AbortSignal } = {},
): Promise<OnlineLearning> {
  if (checkpoint.manifest.kind !== 'online')
    throw new AlmanacError('CHECKPOINT_MISMATCH', `A model of the kind "${checkpoint.manifest.kind}" does not learn online.`, {
      hint: 'Train a model of the kind "online".',
    });
  const forecaster = OnlineForecaster.load(checkpoint);
  const learning: OnlineLearning = { checkpoint, states: {}, series: 0, observations: 0, promoted: [], rolledBack: [], pinball: null };
  const loss = { champion: 0, shadow: 0, count: 0 };
  for await (const series of inTurn(panel, signal)) {
    const values = observed(series);
    if (values.length === 0) continue;
    const last = lastStep(series);
    const before = Object.hasOwn(states, series.id) ? states[series.id] : undefined;
    const until = before?.until ?? (anew ? undefined : forecaster.learnedUntil(series.id)) ?? last;
    const known = Math.max(0, values.length - Math.max(0, last - until));
    const model = before ? OnlineModel.load(before.state) : forecaster.modelAt(series.id, values.subarray(0, known));
    let [promoted, rolledBack] = [false, false];
    for (const value of values.subarray(known)) {
      const seen = model.observe(value);
      learning.observations += Number(!Number.isNaN(value));
      if (!promoted && Number.isFinite(seen.champion) && Number.isFinite(seen.shadow)) {
        loss.champion += seen.champion;
        loss.shadow += seen.shadow;
        loss.count++;
      }
      promoted ||= seen.verdict === 'promote';
      rolledBack ||= seen.verdict === 'rollback';
    }
    learning.series++;
    const now = Math.max(last, until);
    if (promoted || forecaster.learnedUntil(series.id) === undefined) forecaster.keep(series.id, now, model);
    if (promoted) learning.promoted.push(series.id);
    if (rolledBack) learning.rolledBack.push(series.id);
    learning.states[series.id] = { until: now, state: model.save() };
  }
  const saved = forecaster.save();
  const { target, targets } = checkpoint.manifest;
  learning.checkpoint = { ...saved, manifest: { ...saved.manifest, ...(target ? { target } : {}), ...(targets ? { targets } : {}) } };
  if (loss.count > 0) learning.pinball = { champion: loss.champion / loss.count, shadow: loss.shadow / loss.count };
  return learning;
}

/** From the first observation on. */
function observed({ values }: SeriesData): Float64Array {
  const first = values.findIndex((value) => !Number.isNaN(value));
  return first < 0 ? values.subarray(0, 0) : values.subarray(first);
}

const lastStep = ({ firstStep, values }: SeriesData): number => firstStep + values.length - 1;

/** One series after the other, letting a cancel or a heartbeat through now and then. */
async function* inTurn(panel: Panel, signal: AbortSignal | undefined): AsyncGenerator<SeriesData> {
  let yielded = performance.now();
  for (const series of panel.series) {
    if (performance.now() - yielded > 50) {
      await letOthers();
      yielded = performance.now();
    }
    signal?.throwIfAborted();
    yield series;
  }
}

export const onlineRoom: Room = {
  kinds: ['online'],
  create: (_, config) => new OnlineForecaster(config as unknown as OnlineSettings),
  load: (checkpoint) => OnlineForecaster.load(checkpoint),
};
