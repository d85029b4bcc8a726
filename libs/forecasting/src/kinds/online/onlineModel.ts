/**
 * A small forecaster that goes on learning with every observation: a recurrent core with online gradients (exact ones of a minGRU, by
 * default), and a linear quantile head on the correction to seasonal naive.
 *
 * Protocol: the champion forecasts. Its shadow, a copy, learns fast: the core from the one-step loss of each new observation, the
 * head from replayed origins, as far as their horizons have come true. What is judged is the mean of its heads over two seasons (Polyak and
 * Juditsky 1992), so that the rate can be high. Weights are pulled back to where they started, steps are clipped, outliers are
 * skipped, and the guard decides on promotion and rollback.
 *
 * Invariants: what is drawn comes from the seed and the number of observations; an observation is used only after the
 * forecast of it was scored; a missing observation moves time on and teaches nothing.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { Random } from '../../dataset/random.js';
import { pinball } from '../../metrics/quantile.js';
import { coresOf, ONLINE_CELLS, type OnlineCellKind } from './core.js';
import { OutlierFilter, PromotionGuard, type Verdict } from './guard.js';
import { TRACE_RULES, type TraceRule } from './traces.js';
import type { OnlineCore } from './onlineCore.js';

export interface OnlineSettings {
  horizon: number;
  /** 1 where there is none. */
  seasonLength: number;
  levels?: readonly number[];
  hidden?: number;
  /** Default `minGru`, whose gradients are exact. */
  cell?: OnlineCellKind;
  /** How a GRU or an LSTM carries its gradients: exactly, or by random traces. Default `noBackTrack`; minGRU knows `rtrl` only. */
  rule?: TraceRule;
  /** Random traces that are averaged. */
  copies?: number;
  seed?: number;
  /** Of the start-up passes; the updates after them use `learningRateScale` of it. */
  learningRate?: number;
  learningRateScale?: number;
  /** Largest gradient norm. */
  clip?: number;
  /** Pull of each update towards the weights that were promoted last. */
  anchor?: number;
  /** Matured origins replayed per observation. */
  replay?: number;
}

/** A model between two observations, as JSON: what a process needs to go on where another stopped. NaN is null. */
export interface OnlineState {
  format: 'almanac-online';
  version: 1;
  settings: Required<OnlineSettings>;
  scale: number;
  seen: number;
  guard: PromotionGuard['memory'];
  outliersInRow: number;
  arrays: Record<string, (number | null)[]>;
}

interface Weights {
  core: Float64Array;
  /** [features, horizon·levels] */
  head: Float64Array;
}

/** What the head sees at one origin, and the seasonal naive forecasts from there. */
interface Origin {
  features: Float64Array;
  base: Float64Array;
}

const INPUTS = 3;
/** How far back replay reaches, in origins per one replayed. */
const REACH = 40;

export class OnlineModel {
  readonly levels: readonly number[];
  private readonly settings: Required<OnlineSettings>;
  private readonly features: number;
  /** One value and one origin per observation, the oldest forgotten. */
  private readonly history: number[] = [];
  private readonly origins: Origin[] = [];
  private readonly guard: PromotionGuard;
  private readonly outliers = new OutlierFilter();
  private seen = 0;
  private scale = 1;
  private readonly champion: OnlineCore;
  private readonly shadow: OnlineCore;
  private championHead: Float64Array;
  private shadowHead: Float64Array;
  /** Of the shadow's heads of late: what is judged and promoted, without the noise of single updates. */
  private meanHead: Float64Array;
  private anchor: Weights;
  private championOrigin: Origin | undefined;
  private shadowOrigin: Origin | undefined;

  /** @throws INVALID_CONFIG a cell or rule that there is not */
  constructor(settings: OnlineSettings) {
    this.settings = complete(settings);
    const { hidden, horizon, seasonLength } = this.settings;
    checkOnlineSettings(this.settings);
    this.levels = this.settings.levels;
    this.features = hidden + INPUTS + 1;
    ({ champion: this.champion, shadow: this.shadow } = coresOf({ ...this.settings, inputs: INPUTS }));
    this.championHead = new Float64Array(this.features * horizon * this.levels.length);
    this.shadowHead = this.championHead.slice();
    this.meanHead = this.championHead.slice();
    this.anchor = { core: this.shadow.weights.slice(), head: this.championHead.slice() };
    this.guard = new PromotionGuard({ seasonLength });
  }

  /** Learns from a history, several times over, and makes the result the champion. */
  fit(values: ArrayLike<number>, passes = 8): void {
    const { seasonLength, learningRate } = this.settings;
    this.scale = scaleOf(values, seasonLength);
    for (let pass = 0; pass < passes; pass++) {
      this.restart();
      for (let t = 0; t < values.length; t++) this.advance(values[t]!, learningRate * (1 - pass / passes), false);
    }
    this.meanHead = this.shadowHead.slice();
    this.promote();
    this.champion.state.set(this.shadow.state);
    this.championOrigin = this.shadowOrigin;
  }

  /**
   * One new observation, NaN where it is missing.
   *
   * @returns the losses of both on it (NaN where it could not be scored) and what the guard decided
   */
  observe(value: number): { champion: number; shadow: number; verdict: Verdict } {
    const champion = this.lossOf(this.championOrigin, this.championHead, value);
    const shadow = this.lossOf(this.shadowOrigin, this.meanHead, value);
    const verdict = Number.isNaN(value) ? 'keep' : this.guard.judge(shadow, champion);
    if (verdict === 'promote') this.promote();
    if (verdict === 'rollback') this.rollback();
    this.advance(value, this.settings.learningRate * this.settings.learningRateScale, true);
    return { champion, shadow, verdict };
  }

  /** All that the champion knows beside the history: its scale, then core and head. */
  championWeights(): Float64Array {
    return Float64Array.of(this.scale, ...this.champion.weights, ...this.championHead);
  }

  /**
   * Champion and shadow take the weights of a champion, and look back on a history without learning from it.
   * @throws ONLINE_STATE weights of a model of another size
   */
  start(weights: ArrayLike<number>, history: Float64Array): void {
    const split = 1 + this.champion.weights.length;
    if (weights.length !== split + this.championHead.length)
      throw new AlmanacError(
        'ONLINE_STATE',
        `An online model of these settings has ${split + this.championHead.length} weights, not ${weights.length}.`,
        {
          hint: 'Load it with the settings that it was trained with.',
        },
      );
    const all = Float64Array.from(weights);
    this.scale = all[0]!;
    this.shadow.weights.set(all.subarray(1, split));
    this.shadowHead = all.slice(split);
    this.meanHead = this.shadowHead.slice();
    this.restart();
    this.promote();
    for (const value of history.subarray(Math.max(0, history.length - this.remembered))) this.advance(value, 0, true);
  }

  /** The champion's quantiles of the next steps, [levels, horizon], non-decreasing in level. */
  forecast(): Float64Array {
    return this.quantilesOf(this.championOrigin, this.championHead);
  }

  save(): OnlineState {
    const arrays = Object.fromEntries(
      Object.entries(this.arrays()).map(([name, values]) => [name, Array.from(values, (value) => (Number.isNaN(value) ? null : value))]),
    );
    const { settings, scale, seen } = this;
    return {
      format: 'almanac-online',
      version: 1,
      settings,
      scale,
      seen,
      guard: { ...this.guard.memory },
      outliersInRow: this.outliers.inRow,
      arrays,
    };
  }

  /** @throws ONLINE_STATE a state of another format or version */
  static load(state: OnlineState): OnlineModel {
    if (state.format !== 'almanac-online' || state.version !== 1) {
      throw new AlmanacError(
        'ONLINE_STATE',
        `This is not the state of an online model of version 1, but "${String(state.format)}" version ${String(state.version)}.`,
        {
          hint: 'Load it with the version of Almanac that wrote it.',
        },
      );
    }
    const model = new OnlineModel(state.settings);
    model.scale = state.scale;
    model.seen = state.seen;
    model.guard.memory = { ...model.guard.memory, ...state.guard };
    model.outliers.inRow = state.outliersInRow;
    // A state from before heads were averaged.
    const values = (name: string): number[] => (state.arrays[name] ?? state.arrays['shadowHead'])!.map((value) => value ?? Number.NaN);
    for (const [name, array] of Object.entries(model.arrays())) if (array instanceof Float64Array) array.set(values(name));
    model.history.push(...values('history'));
    const { horizon } = model.settings;
    const origin = (features: number[], base: number[]): Origin => ({
      features: Float64Array.from(features),
      base: Float64Array.from(base),
    });
    const [features, base] = [values('originFeatures'), values('originBase')];
    for (let k = 0; k < model.history.length; k++) {
      model.origins.push(origin(features.slice(k * model.features, (k + 1) * model.features), base.slice(k * horizon, (k + 1) * horizon)));
    }
    model.shadowOrigin = model.origins.at(-1);
    const champion = values('championOrigin');
    if (champion.length > 0) model.championOrigin = origin(champion.slice(0, model.features), champion.slice(model.features));
    return model;
  }

  /** Everything numeric that changes; typed arrays are the model's own. */
  private arrays(): Record<string, Float64Array | number[]> {
    return {
      championCore: this.champion.weights,
      championState: this.champion.state,
      championHead: this.championHead,
      shadowCore: this.shadow.weights,
      shadowState: this.shadow.state,
      shadowTraces: this.shadow.traces,
      shadowHead: this.shadowHead,
      meanHead: this.meanHead,
      anchorCore: this.anchor.core,
      anchorHead: this.anchor.head,
      history: this.history,
      originFeatures: this.origins.flatMap(({ features }) => [...features]),
      originBase: this.origins.flatMap(({ base }) => [...base]),
      championOrigin: this.championOrigin ? [...this.championOrigin.features, ...this.championOrigin.base] : [],
    };
  }

  private advance(value: number, learningRate: number, live: boolean): void {
    const teaches = learningRate > 0 && !Number.isNaN(value) && this.shadowOrigin !== undefined && !(live && this.isOutlier(value));
    if (teaches) {
      this.learnCore(value, learningRate);
      this.history.push(value);
      this.learnHead(learningRate);
      if (live) this.averageHead();
    } else {
      this.history.push(value);
    }
    const input = this.inputOf();
    this.shadow.step(input);
    this.shadowOrigin = this.originOf(this.shadow, input);
    if (live) {
      this.champion.step(input, false);
      this.championOrigin = this.originOf(this.champion, input);
    }
    this.origins.push(this.shadowOrigin);
    this.seen++;
    this.forget();
  }

  /** One-step pinball, through the head into the core. */
  private learnCore(value: number, learningRate: number): void {
    const { levels, shadowHead, settings } = this;
    const { features, base } = this.shadowOrigin!;
    const columns = settings.horizon * levels.length;
    const delta = new Float64Array(settings.hidden);
    levels.forEach((level, q) => {
      const error = (value - base[0]!) / this.scale - this.output(features, shadowHead, q * settings.horizon);
      const slope = (error >= 0 ? -level : 1 - level) / levels.length;
      for (let j = 0; j < settings.hidden; j++) delta[j]! += slope * shadowHead[j * columns + q * settings.horizon]!;
    });
    const gradient = new Float64Array(this.shadow.weights.length);
    this.shadow.addGradient(delta, gradient);
    descend(this.shadow.weights, gradient, this.anchor.core, learningRate, settings);
  }

  /** Replays origins whose horizon has come true, the newest always among them. */
  private learnHead(learningRate: number): void {
    const { horizon, replay, seed } = this.settings;
    const matured = this.origins.length - horizon;
    if (matured <= 0) return;
    const random = new Random(seed, 71, this.seen);
    const columns = horizon * this.levels.length;
    const gradient = new Float64Array(this.shadowHead.length);
    for (let k = 0; k < replay; k++) {
      const index = k === 0 ? matured - 1 : Math.max(0, matured - 1 - random.below(Math.min(matured, REACH * replay)));
      const { features, base } = this.origins[index]!;
      // What a broken shadow saw would break the next one.
      if (features.some(Number.isNaN)) continue;
      for (let step = 0; step < horizon; step++) {
        const actual = this.history[index + 1 + step]!;
        if (Number.isNaN(actual)) continue;
        const target = (actual - base[step]!) / this.scale;
        this.levels.forEach((level, q) => {
          const column = q * horizon + step;
          const slope = (target >= this.output(features, this.shadowHead, column) ? -level : 1 - level) / replay;
          for (let j = 0; j < features.length; j++) gradient[j * columns + column]! += slope * features[j]!;
        });
      }
    }
    descend(this.shadowHead, gradient, this.anchor.head, learningRate, { ...this.settings, clip: this.settings.clip * Math.sqrt(columns) });
  }

  private averageHead(): void {
    const { meanHead, shadowHead } = this;
    const share = 1 / Math.max(10, 2 * this.settings.seasonLength);
    for (let i = 0; i < meanHead.length; i++) meanHead[i]! += share * (shadowHead[i]! - meanHead[i]!);
  }

  private output(features: Float64Array, head: Float64Array, column: number): number {
    const columns = this.settings.horizon * this.levels.length;
    let sum = 0;
    for (let j = 0; j < features.length; j++) sum += features[j]! * head[j * columns + column]!;
    return sum;
  }

  private quantilesOf(origin: Origin | undefined, head: Float64Array): Float64Array {
    const { horizon } = this.settings;
    const quantiles = new Float64Array(this.levels.length * horizon).fill(Number.NaN);
    if (!origin) return quantiles;
    for (let step = 0; step < horizon; step++) {
      const row = Float64Array.from(
        this.levels,
        (_, q) => origin.base[step]! + this.scale * this.output(origin.features, head, q * horizon + step),
      ).sort();
      row.forEach((value, q) => (quantiles[q * horizon + step] = value));
    }
    return quantiles;
  }

  private lossOf(origin: Origin | undefined, head: Float64Array, value: number): number {
    if (!origin || Number.isNaN(value)) return Number.NaN;
    const quantiles = this.quantilesOf(origin, head);
    return (
      this.levels.reduce((sum, level, q) => sum + pinball(level, value, quantiles[q * this.settings.horizon]!), 0) / this.levels.length
    );
  }

  private isOutlier(value: number): boolean {
    const { horizon } = this.settings;
    const quantiles = this.quantilesOf(this.shadowOrigin, this.shadowHead);
    const at = (level: number): number =>
      quantiles[
        this.levels.reduce((best, other, i) => (Math.abs(other - level) < Math.abs(this.levels[best]! - level) ? i : best), 0) * horizon
      ]!;
    return this.outliers.isOutlier(value, at(0.5), Math.max(at(0.75) - at(0.25), 0.1 * this.scale));
  }

  /** The newest value's distance from a season before, from its neighbour, and whether it is known. */
  private inputOf(): Float64Array {
    const { history, settings } = this;
    const t = history.length - 1;
    const seasonal = (history[t]! - this.known(t - settings.seasonLength)) / this.scale;
    const step = (history[t]! - this.known(t - 1)) / this.scale;
    const bounded = (x: number): number => (Number.isFinite(x) ? Math.asinh(x) : 0);
    return Float64Array.of(bounded(seasonal), bounded(step), Number(!Number.isNaN(history[t]!)));
  }

  private originOf(core: OnlineCore, input: Float64Array): Origin {
    const features = new Float64Array(this.features);
    features.set(core.state.subarray(0, core.hidden));
    features.set(input, core.hidden);
    features[this.features - 1] = 1;
    const { horizon, seasonLength } = this.settings;
    const end = this.history.length;
    const base = Float64Array.from({ length: horizon }, (_, step) => this.known(end - seasonLength + (step % seasonLength)));
    return { features, base };
  }

  /** The value at t, or the last one known before it in steps of a season, then the last known of all. */
  private known(t: number): number {
    for (let at = Math.min(t, this.history.length - 1); at >= 0; at -= this.settings.seasonLength)
      if (!Number.isNaN(this.history[at]!)) return this.history[at]!;
    for (let at = this.history.length - 1; at >= 0; at--) if (!Number.isNaN(this.history[at]!)) return this.history[at]!;
    return 0;
  }

  /** Steps that are kept at least. */
  private get remembered(): number {
    const { replay, horizon, seasonLength } = this.settings;
    return REACH * replay + horizon + 8 * seasonLength;
  }

  private forget(): void {
    const needed = this.remembered;
    if (this.history.length < 2 * needed) return;
    this.history.splice(0, this.history.length - needed);
    this.origins.splice(0, this.origins.length - needed);
  }

  private restart(): void {
    this.history.length = 0;
    this.origins.length = 0;
    this.shadow.state.fill(0);
    this.shadow.forget();
    this.shadowOrigin = undefined;
    this.anchor = { core: this.shadow.weights.slice(), head: this.shadowHead.slice() };
  }

  private promote(): void {
    this.champion.weights.set(this.shadow.weights);
    this.champion.state.set(this.shadow.state);
    this.championHead = this.meanHead.slice();
    this.championOrigin = this.shadowOrigin;
    this.anchor = { core: this.shadow.weights.slice(), head: this.meanHead.slice() };
  }

  private rollback(): void {
    this.shadow.weights.set(this.champion.weights);
    this.shadow.state.set(this.champion.state);
    this.shadow.forget();
    this.shadowHead = this.championHead.slice();
    this.meanHead = this.championHead.slice();
    this.shadowOrigin = this.championOrigin;
  }
}

function complete(settings: OnlineSettings): Required<OnlineSettings> {
  const cell = settings.cell ?? 'minGru';
  return {
    levels: DEFAULT_QUANTILES,
    hidden: 16,
    cell,
    rule: cell === 'minGru' ? 'rtrl' : 'noBackTrack',
    copies: 8,
    seed: 0,
    learningRate: 0.05,
    learningRateScale: 2,
    clip: 1,
    anchor: 1e-3,
    replay: 8,
    ...settings,
  };
}

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkOnlineSettings(settings: OnlineSettings): void {
  const { cell, rule, copies } = complete(settings);
  const fail = (setting: string, value: unknown, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', `The setting ${setting} of an online model cannot be ${JSON.stringify(value)}.`, {
      hint,
      subject: { setting },
    });
  };
  for (const name of ['horizon', 'seasonLength'] as const)
    if (!Number.isInteger(settings[name]) || settings[name] < 1) fail(name, settings[name], 'Give a whole number of steps, at least 1.');
  if (!ONLINE_CELLS.includes(cell)) fail('cell', cell, `Cells are ${ONLINE_CELLS.join(', ')}.`);
  if (!TRACE_RULES.includes(rule)) fail('rule', rule, `Rules are ${TRACE_RULES.join(', ')}.`);
  if (cell === 'minGru' && rule !== 'rtrl') fail('rule', rule, 'A minGRU learns exactly, by rtrl; random traces are for gru and lstm.');
  if (!Number.isInteger(copies) || copies < 1) fail('copies', copies, 'Give a whole number, at least 1.');
}

function descend(
  weights: Float64Array,
  gradient: Float64Array,
  anchor: Float64Array,
  learningRate: number,
  { clip, anchor: pull }: { clip: number; anchor: number },
): void {
  let squares = 0;
  for (const value of gradient) squares += value * value;
  const shrink = Math.min(1, clip / (Math.sqrt(squares) + 1e-12));
  for (let i = 0; i < weights.length; i++) weights[i]! -= learningRate * (shrink * gradient[i]! + pull * (weights[i]! - anchor[i]!));
}

/** Mean |difference to the season before|, or what comes nearest to it. */
function scaleOf(values: ArrayLike<number>, seasonLength: number): number {
  let sum = 0;
  let count = 0;
  for (let t = seasonLength; t < values.length; t++) {
    const difference = Math.abs(values[t]! - values[t - seasonLength]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count++;
  }
  return count > 0 && sum > 0 ? sum / count : 1;
}
