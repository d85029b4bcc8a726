export type * from './forecaster.js';
export { type Engine, type EngineName, type EngineOptions, initEngine } from '@almanac/kernels';
export { createForecaster, FORECASTER_KINDS, loadForecaster } from './kinds/registry.js';
export type { Metric } from './facts.js';
export { levelWeights } from './levels.js';
export { lastSteps } from './panel.js';
export { defaultConfig, minimumLength, type SegmentConfig, type TrainSettings } from './kinds/segment/config.js';
export { defaultLinearConfig, type LinearConfig } from './kinds/linear/config.js';
export { LinearForecaster } from './kinds/linear/forecaster.js';
export { SegmentForecaster } from './kinds/segment/forecaster.js';
export type { EnsembleConfig } from './kinds/ensemble/config.js';
export { EnsembleForecaster } from './kinds/ensemble/forecaster.js';
export { joinMembers, memberSeed } from './kinds/members.js';
export { predictMemory, type MemoryFacts, type MemoryPrediction } from './kinds/segment/memory.js';
export { defaultEnsemble } from './kinds/ensemble/config.js';
export { createBaseline } from './kinds/baselines/methods.js';
export { BASELINE_KINDS, isBaselineKind, type BaselineKind } from './kinds/baselines/plan.js';
export * from './plan/index.js';
export { mae, mase, owa, rmse, seasonalScale, smape, type OwaParts } from './metrics/point.js';
export { centralIntervals, coverage, crps, msis, pinball, quantileRow, wql, wqlParts, type CentralInterval } from './metrics/quantile.js';
export { scoreForecasts, type Metrics, type ScoreOptions, type Scores, type SeriesMetrics } from './metrics/score.js';
export { dieboldMariano, type DieboldMariano } from './metrics/dieboldMariano.js';
export { cutPanel, type Cutoff } from './backtest/cut.js';
export {
  backtest,
  rollingCutoffs,
  type BacktestModel,
  type BacktestOptions,
  type BacktestReport,
  type BacktestResult,
  type BacktestWindow,
} from './backtest/backtest.js';
export {
  certifyForecasts,
  certifyNoLeakage,
  requireNoLeakage,
  type ForecastAt,
  type LeakageCertificate,
  type LeakageCheck,
  type LeakageOptions,
} from './backtest/leakage.js';
export { CELL_KINDS, type CellKind } from './cells/kinds.js';
export { recurrentLayer, type RecurrentLayer } from './cells/layer.js';
export { gradientFlow } from './cells/gradientFlow.js';
export { type Encoder, type Encoding } from './encoders/encoder.js';
export { stackedEncoder, type StackedSettings } from './encoders/stacked.js';
export { hierarchicalEncoder, type HierarchicalSettings } from './encoders/hierarchical.js';
export { gridEncoder, type GridSettings } from './encoders/grid.js';
export { treeEncoder, type TreeEncoder, type TreeSettings } from './encoders/tree.js';
export { delayedEncoder } from './encoders/delayed.js';
export { relatedEncoder } from './encoders/related.js';
export { coherent, COHERENT_LEVELS } from './encoders/coherent.js';
export type { Parents } from './encoders/families.js';
export { incoherence, reconcile, summedUp, type Hierarchy } from './encoders/hierarchy.js';
export { learnOnline, OnlineForecaster, type LearnedSeries, type OnlineLearning } from './kinds/online/forecaster.js';
export { OnlineModel, type OnlineSettings, type OnlineState } from './kinds/online/onlineModel.js';
export { OutlierFilter, PromotionGuard, type GuardSettings, type Verdict } from './kinds/online/guard.js';
export { createTrace, type Trace, type TraceRule } from './kinds/online/traces.js';
export { gruCell, lstmCell, tanhCell, type OnlineCell } from './kinds/online/cell.js';
export { BRANCHES, type Branch } from './attention/branches.js';
export { DECODER_KINDS, type DecoderKind } from './decoders/kinds.js';
export { pointwiseNetwork, type PointwiseSettings } from './attention/pointwise.js';
export { HEAD_KINDS, type HeadKind } from './heads/head.js';
export { copulaPaths, sampleQuantile, type PathOptions } from './heads/paths.js';
export { SCALER_KINDS, type ScalerKind } from './scalers/windowScale.js';
export { defaultRecurrentConfig, ENCODER_KINDS, type EncoderKind, type RecurrentConfig } from './kinds/recurrent/config.js';
export { RecurrentForecaster } from './kinds/recurrent/forecaster.js';
export { TASK_FAMILIES, taskSpec, type TaskFamily, type TaskSettings, type TaskSpec, type TaskTraining } from './tasks/spec.js';
export { TaskModel } from './tasks/taskModel.js';
export { type TaskExample, type TaskInput } from './tasks/examples.js';
export { gapExamples, windowExamples } from './tasks/windows.js';
export { type ColdStartConfig } from './kinds/coldStart/config.js';
export { borrowedAt } from './notes.js';
export {
  keepTo,
  learnedTargets,
  type LearnedTargets,
  targetsFor,
  targetKindsOf,
  type TargetKind,
  type TargetKinds,
} from './dataset/target.js';
export { type LogRange } from './search/range.js';
export { candidates, defaultSpace, type SearchSpace } from './search/space.js';
export { forecastTrial } from './search/trial.js';
export {
  pendingTrials,
  searchReport,
  successiveHalving,
  type SearchOptions,
  type SearchReport,
  type SearchSettings,
  type Trial,
  type TrialResult,
  type TrialRunner,
  type TrialScore,
} from './search/halving.js';
export { OnlineConformal, type OnlineConformalSettings, type OnlineConformalState } from './calibrate/online.js';
export { CALENDAR_FIELDS, calendarNames, withCalendar, type CalendarField, type CalendarSettings } from './dataset/calendarCovariates.js';
export type { CellState } from './cells/state.js';
export type { PointwiseNetwork } from './attention/shapes.js';
export { contributionsOf, type ForecastPart, type PartKind } from './explain/contributions.js';
export * from './paths/index.js';
export { lendThreads, letOthers } from './turns.js';
