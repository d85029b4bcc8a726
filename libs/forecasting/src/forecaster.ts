/**
 * What every model of this library is: something that fits a panel of series and predicts quantiles after a cutoff.
 * Networks and baselines share this one interface, so that backtests, ensembles and the conformance suite know no kinds.
 *
 * Invariants: a missing observation is NaN and is never filled by inventing a value; nothing after a cutoff is read.
 */

import type { LearnedTargets, TargetKinds } from './dataset/target.js';
import type { Panel } from './panel.js';

export type { Panel, SeriesData } from './panel.js';

export interface PredictOptions {
  horizon: number;
  /** Ascending levels in (0, 1). */
  levels: readonly number[];
  /** Return the attention maps too, where the model has them, and as far as it was trained to forecast. */
  attention?: boolean;
  /** Return possible futures too, where the model can draw them; the same seed gives the same ones. */
  paths?: { count: number; seed: number };
  /** Return what each member forecasts too, of a model that is made of some. */
  members?: boolean;
  /** Values that the target of each series can take, as `targetKindsOf` finds them: quantiles are clipped at 0 and rounded accordingly. */
  targets?: TargetKinds;
  signal?: AbortSignal;
}

/** Attention of one forecast; rows are horizon steps, columns look-back steps (oldest first), each row sums to 1. */
export interface AttentionMaps {
  contextLength: number;
  /** Look-back steps per column: 1, or the segment length where attention runs over segments. */
  columnSteps: number;
  maps: Record<string, Float32Array>;
  /** [horizon, branches] weights of the branches, in the order of `branches`. */
  gate: Float32Array;
  branches: readonly string[];
}

/** Notes that a reader of the forecast needs. */
export interface ForecastNote {
  /** Stable. */
  code: string;
  detail: string;
}

/** What one member of a model forecasts. */
export interface MemberForecast {
  label: string;
  /** Of the whole, 0 … 1. */
  share: number;
  /** As those of the whole. */
  quantiles: Float64Array;
}

export interface SeriesForecast {
  id: string;
  /** Grid step of the last observation used. */
  cutoff: number;
  /** [levels, horizon], level-major, non-decreasing in level; NaN where it is not known. */
  quantiles: Float64Array;
  /** [count, horizon], path-major: each a whole future, whose steps hang together. Whole numbers from a head for counts. */
  paths?: Float64Array;
  attention?: AttentionMaps;
  /** Of a model that is made of others: what each of them says, and its share; of those that take part in this series. */
  members?: MemberForecast[];
  notes?: ForecastNote[];
}

/** What a model that chooses among others has chosen, and why, in words. */
export interface ModelChoice {
  summary: string;
  members: {
    label: string;
    kind: string;
    /** Of a series of which nothing else is known, 0 … 1. */
    share: number;
    /** Its loss relative to that of all members together, where it was measured fairly. */
    loss: number | null;
    why: string;
  }[];
  /** In the order of the panel. */
  series: {
    id: string;
    /** By member. */
    shares: number[];
    why: string;
  }[];
}

/** Streamed while a model fits. Budgets are steps, never seconds. */
export interface FitProgress {
  step: number;
  totalSteps: number;
  loss: number;
  /** Set on the steps where the validation windows were scored. */
  validation?: number;
  /**
   * How much of a gradient reaches the first step of the look-back, relative to its last; set with `validation` by recurrent forecasters.
   */
  gradientReach?: number;
  stepsPerSecond: number;
  etaSeconds: number;
}

export interface FitOptions {
  seed: number;
  /** Threads that share each step; 1 by default. Results depend on the number, so a resumed run needs the same. */
  threads?: number;
  /** Called every so many steps with all that `resume` needs. */
  checkpoint?: { everySteps: number; save: (state: Checkpoint) => void | Promise<void> };
  /** State of an interrupted run of the same panel, settings, seed and threads: the result is that of an undisturbed run. */
  resume?: Checkpoint;
  /** Weights to start from instead of random ones: a checkpoint of a model with the same settings, to fine-tune it. */
  start?: Checkpoint;
  onProgress?: (progress: FitProgress) => void;
  /** Once it is aborted, training keeps its state (`checkpoint`) at the step it has reached, and throws. */
  signal?: AbortSignal;
}

/** A versioned manifest and plain little-endian float32 weights; loadable for ever, by anything that reads JSON. */
export interface Checkpoint {
  manifest: CheckpointManifest;
  weights: Float32Array;
}

export interface CheckpointManifest extends LearnedTargets {
  format: 'almanac-checkpoint';
  version: 1;
  kind: string;
  config: Record<string, unknown>;
  /** Name, shape and offset (in floats) of each tensor in `weights`. */
  tensors: { name: string; shape: number[]; offset: number }[];
}

export interface Forecaster {
  /** `segment`, `seasonalNaive`, … */
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Learns from all of the panel. The caller cuts what must stay unseen. */
  fit(panel: Panel, options: FitOptions): Promise<void>;
  /** Forecasts the `horizon` steps after the last value of each series of the panel, in its order. */
  predict(panel: Panel, options: PredictOptions): Promise<SeriesForecast[]>;
  /**
   * What is learned about fitted members together, of a model that is made of some: by `fit` itself, or by whoever joined members that
   * were trained apart. The panel and the seed are those of the fit.
   */
  weigh?(panel: Panel, options: Pick<FitOptions, 'seed' | 'signal'>): Promise<void>;
  /** What it has chosen for the series of the panel it was fitted on; of a model that chooses. */
  choice?(panel: Panel): ModelChoice;
  /** Last steps of series, by their ids, that a fit on this panel with this seed learns nothing from but when to stop. */
  heldOut?(panel: Panel, seed: number): ReadonlyMap<string, number>;
  save(): Checkpoint;
  /** Frees tensors. */
  dispose(): void;
}

/** Makes what other forecasters are made of; the registry passes its own two doors. */
export interface MemberMaker {
  create(kind: string, config: Record<string, unknown>): Forecaster;
  load(checkpoint: Checkpoint): Forecaster;
}

/** What makes the forecasters of one or several kinds: the side of a kind's room that computes. */
export interface Room {
  readonly kinds: readonly string[];
  /** One that has yet to be fitted. @throws INVALID_CONFIG */
  create(kind: string, config: Record<string, unknown>, maker: MemberMaker): Forecaster;
  /** A fitted one. @throws CHECKPOINT_BROKEN */
  load(checkpoint: Checkpoint, maker: MemberMaker): Forecaster;
}
