/** What can be computed away from the worker, and what is said meanwhile. Everything here travels between processes. */
import type { BacktestResult, EngineInfo, GateVerdict, LiveScore, ModelChoice, Problem, RunProgress, Score } from '@almanac/contracts';
import type {
  Checkpoint,
  Dependence,
  ForecastPart,
  LearnedSeries,
  OnlineConformalState,
  OnlineLearning,
  Panel,
  SeriesForecast,
  Trial,
  TrialScore,
  ModelChoice as ChosenBySeries,
} from '@almanac/forecasting';
import type { ForecastScores, NewAnomaly, SeriesScore } from '@almanac/store';

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
  /** The version to beat: both are measured on the held-out steps. With a recipe, as it is when trained without them. */
  champion?: { version: number; checkpoint: Checkpoint } | { version: number; recipe: Recipe } | undefined;
  /** First steps of each forecast that the gate judges; all of them unless given. */
  judged?: number | undefined;
  /** Weights to begin with instead of random ones. */
  start?: Checkpoint | undefined;
  /** What an interrupted delivery of the same run had reached. */
  resume?: Checkpoint | undefined;
  /** The members of the ensemble, where they have been trained already. */
  members?: MemberOutcome[] | undefined;
}

/** What a version was trained by. */
export type Recipe = Pick<TrainTask, 'kind' | 'horizon' | 'contextLength' | 'steps' | 'config' | 'seed'>;

/** One member of an ensemble, trained alone. */
export interface MemberTask extends Omit<TrainTask, 'task' | 'champion' | 'judged' | 'members'> {
  task: 'member';
  member: number;
}

export interface MemberOutcome {
  /** Null where the panel gives the model fewer members than the request let expect, as where no series is long enough for a network. */
  checkpoint: Checkpoint | null;
  steps: number;
}

export interface TrainOutcome {
  checkpoint: Checkpoint;
  config: Record<string, unknown>;
  score: Score;
  baselines: Score[];
  /** Label of the baseline that did best on the training part; the ratio is to that. */
  baseline: string;
  wqlRatio: number | null;
  /** Of a model that is made of others. */
  choice?: ModelChoice;
  /** On what was held out; with what was chosen for each series, where the kind chooses. */
  series: SeriesScore[];
  /** Seasonal naive by the shortest season, on the same steps. */
  naiveSeries: SeriesScore[];
  /** Of the errors on the held-out steps. */
  dependence: Dependence;
  /** Optimiser steps; 0 for a baseline. */
  steps: number;
  trainSeconds: number;
  parameters: number;
  scoredSeries: number;
  skippedSeries: { uniqueId: string; reason: string }[];
  /** Set where there was a champion; `refused`: why it could not be measured. */
  gate?: Omit<GateVerdict, 'promoted' | 'reason'> & { refused?: string };
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
  /** What each member of a mix says is wanted, too. */
  members?: boolean;
  /** What each median is made of is wanted, too. */
  contributions?: boolean;
  /** What the forecasts of some series go through, by their ids. */
  calibrations?: Record<string, OnlineConformalState> | undefined;
}

export interface PredictOutcome {
  /**
   * `own`: the model's quantiles before the calibration. `parts` where they were asked for: null where the median is not known.
   */
  forecasts: (SeriesForecast & { own?: Float64Array; parts?: ForecastPart[] | null })[];
}

/** Learns from what came true of forecasts, oldest first; the outcome has a state for each series. */
export interface CalibrateTask {
  task: 'calibrate';
  series: {
    state: OnlineConformalState | null;
    levels: readonly number[];
    /** With the model's own quantiles; outcomes [horizon], NaN where there is nothing new. */
    forecasts: { quantiles: Float64Array; outcomes: Float64Array }[];
  }[];
}

/** One model of a backtest over rolling cutoffs. */
interface WindowsTask {
  panel: Panel;
  model: { kind: string; label: string; config: Record<string, unknown> };
  horizon: number;
  windows: number;
  stepSize: number;
  steps?: number | undefined;
  seed: number;
}

/** That it reads nothing after a cutoff. */
export interface CertifyTask extends WindowsTask {
  task: 'certify';
  /** Ids of the series that are looked at, and grid steps. */
  sample: { series: string[]; cutoffs: number[] };
  /** Of these series, as they are read where the stored rows after a cutoff are others. */
  stored: { cutoff: number; panel: Panel }[];
}

/** Some windows of one model: from one to before another. */
export interface BacktestTask extends WindowsTask {
  task: 'backtest';
  refitEvery: number;
  from: number;
  to: number;
}

/** One trial of a search: trained before the first of its cutoffs, scored at all of them. */
export interface TrialTask {
  task: 'trial';
  panel: Panel;
  trial: Trial;
  horizon: number;
  /** Last steps of each series that no trial may see. */
  holdout: number;
  windows: number;
  stepSize: number;
}

export interface TrialOutcome extends TrialScore {
  /** Grid steps. */
  cutoffs: number[];
}

export interface WindowForecasts {
  /** Grid step. */
  cutoff: number;
  forecasts: SeriesForecast[];
}

/** All windows of one model, oldest first. */
export interface ScoreWindowsTask {
  task: 'scoreWindows';
  panel: Panel;
  kind: string;
  label: string;
  windows: WindowForecasts[];
}

export type ScoredBacktest = Pick<BacktestResult['models'][number], 'score' | 'windows' | 'perHorizon' | 'totals'> & {
  /** Over all windows. */
  series: SeriesScore[];
};

/** Past forecasts beside what was observed since. */
export interface ScoreTask {
  task: 'score';
  /** Up to the last observation. */
  panel: Panel;
  /** Over as many steps as are scored. */
  forecasts: SeriesForecast[];
  levels: readonly number[];
  /** Steps that the forecast is judged by. */
  first: number;
  /** Steps that were scored before: only what came after them can be news. */
  from: number;
}

export interface ScoreOutcome extends ForecastScores {
  /** Within the first steps. */
  observations: number;
  live: Omit<LiveScore, 'runId' | 'version' | 'cutoff'>;
  unexpected: (Omit<NewAnomaly, 'seriesId'> & { id: string })[];
}

/** A forecast without a model: by a kind that needs no training, or by a mix of such kinds. */
export interface ChooseTask {
  task: 'choose';
  panel: Panel;
  kind: string;
  config: Record<string, unknown>;
  horizon: number;
  levels: readonly number[];
  /** What each member says is wanted, too. */
  members?: boolean;
}

export interface ChooseOutcome {
  forecasts: SeriesForecast[];
  /** Of a mix. */
  choice: ChosenBySeries | null;
}

/** Online learning from what was observed since. */
export interface LearnTask {
  task: 'learn';
  panel: Panel;
  checkpoint: Checkpoint;
  states?: Record<string, LearnedSeries> | undefined;
  anew: boolean;
}

/** Only loads the engine, to know which. */
export interface ProbeTask {
  task: 'probe';
}

interface Outcomes {
  train: TrainOutcome;
  member: MemberOutcome;
  predict: PredictOutcome;
  calibrate: OnlineConformalState[];
  choose: ChooseOutcome;
  backtest: WindowForecasts[];
  certify: BacktestResult['models'][number]['certificate'];
  scoreWindows: ScoredBacktest;
  trial: TrialOutcome;
  score: ScoreOutcome;
  learn: OnlineLearning;
  probe: null;
}
export type Task =
  | CalibrateTask
  | TrainTask
  | MemberTask
  | PredictTask
  | ChooseTask
  | BacktestTask
  | CertifyTask
  | ScoreWindowsTask
  | TrialTask
  | ScoreTask
  | LearnTask
  | ProbeTask;
export type OutcomeOf<T extends Task> = Outcomes[T['task']];

/** `pause`: at its next step the task gives its threads back, says so, and waits until it may `goOn`. */
export type ToChild = { kind: 'run'; task: Task; wish: EngineWish } | { kind: 'pause' } | { kind: 'goOn' } | { kind: 'stop' };
export type FromChild =
  | { kind: 'ready' }
  | { kind: 'paused' }
  | { kind: 'engine'; engine: EngineInfo }
  | { kind: 'progress'; progress: RunProgress }
  | { kind: 'state'; state: Checkpoint }
  | { kind: 'done'; outcome: unknown }
  | { kind: 'failed'; problem: Problem; stack: string | undefined };
