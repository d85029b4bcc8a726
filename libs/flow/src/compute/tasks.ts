/** What can be computed away from the worker, and what is said meanwhile. Everything here travels between processes. */
import type { EngineInfo, RunProgress, Score } from '@almanac/contracts';
import type { Checkpoint, Panel, SeriesForecast } from '@almanac/forecasting';

/** Engine settings that a run records, and that resuming or replaying it forces. */
export interface EngineWish {
  engine?: 'tensorflow' | 'wasm' | undefined;
  threads: number;
}

export interface TrainTask {
  task: 'train';
  /** Whole, the last `holdout` steps of each series included: they are cut off before anything learns. */
  panel: Panel;
  kind: string;
  horizon: number;
  holdout: number;
  contextLength?: number | undefined;
  steps?: number | undefined;
  /** Overrides of the derived settings. */
  config: Record<string, unknown>;
  seed: number;
  /** What an interrupted delivery of the same run had reached. */
  resume?: Checkpoint | undefined;
}

export interface TrainOutcome {
  checkpoint: Checkpoint;
  config: Record<string, unknown>;
  score: Score;
  baselines: Score[];
  wqlRatio: number | null;
  /** Optimiser steps; 0 for a baseline. */
  steps: number;
  trainSeconds: number;
  parameters: number;
  scoredSeries: number;
  skippedSeries: { uniqueId: string; reason: string }[];
}

export interface PredictTask {
  task: 'predict';
  /** Left out on the way to a process that has it under this key already. */
  checkpoint?: Checkpoint | undefined;
  /** Names the checkpoint, so that shard after shard need not send it again. */
  checkpointKey: string;
  panel: Panel;
  horizon: number;
  levels: readonly number[];
  attention: boolean;
}

export interface PredictOutcome {
  forecasts: SeriesForecast[];
}

/** Only loads the engine, to know which. */
export interface ProbeTask {
  task: 'probe';
}

export type Task = TrainTask | PredictTask | ProbeTask;
export type OutcomeOf<T extends Task> = T extends TrainTask ? TrainOutcome : T extends PredictTask ? PredictOutcome : null;

export type ToChild = { kind: 'run'; task: Task; wish: EngineWish } | { kind: 'stop' };
export type FromChild =
  | { kind: 'ready' }
  | { kind: 'engine'; engine: EngineInfo }
  | { kind: 'progress'; progress: RunProgress }
  | { kind: 'state'; state: Checkpoint }
  | { kind: 'done'; outcome: unknown }
  | { kind: 'failed'; error: SentError };

/** An error as it crosses between processes. */
export interface SentError {
  message: string;
  stack?: string | undefined;
  /** Set for coded errors. */
  code?: string | undefined;
  hint?: string | undefined;
  subject?: Record<string, unknown> | undefined;
  status?: number | undefined;
}
