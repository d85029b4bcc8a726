/** What can be computed away from the worker, and what is said meanwhile. Everything here travels between processes. */
import type { BacktestResult, EngineInfo, GateVerdict, RunProgress, Score } from '@almanac/contracts';
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
  /** The version to beat: both are measured on the held-out steps. */
  champion?: { version: number; checkpoint: Checkpoint } | undefined;
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
  /** Set where there was a champion. */
  gate?: Omit<GateVerdict, 'promoted' | 'reason'>;
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

/** One model over rolling cutoffs, beside seasonal naive, with its leakage certificate. */
export interface BacktestTask {
  task: 'backtest';
  panel: Panel;
  model: { kind: string; label: string; config: Record<string, unknown> };
  horizon: number;
  windows: number;
  stepSize: number;
  refitEvery: number;
  steps?: number | undefined;
  seed: number;
}

export interface BacktestOutcome {
  model: BacktestResult['models'][number];
  seasonalNaive: BacktestResult['models'][number]['score'];
  /** Grid steps. */
  cutoffs: number[];
}

/** Past forecasts beside what was observed since. */
export interface ScoreTask {
  task: 'score';
  /** Up to the last observation. */
  panel: Panel;
  forecasts: SeriesForecast[];
  levels: readonly number[];
}

export interface ScoreOutcome {
  observations: number;
  series: number;
  wql: number | null;
  naiveWql: number | null;
  mase: number | null;
  coverage80: number | null;
  bias: number | null;
}

/** Only loads the engine, to know which. */
export interface ProbeTask {
  task: 'probe';
}

export type Task = TrainTask | PredictTask | BacktestTask | ScoreTask | ProbeTask;
export type OutcomeOf<T extends Task> = T extends TrainTask
  ? TrainOutcome
  : T extends PredictTask
    ? PredictOutcome
    : T extends BacktestTask
      ? BacktestOutcome
      : T extends ScoreTask
        ? ScoreOutcome
        : null;

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
