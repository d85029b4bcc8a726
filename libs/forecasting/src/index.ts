export type * from './forecaster.js';
export { type Engine, type EngineName, type EngineOptions, initEngine } from '@almanac/kernels';
export { createForecaster, FORECASTER_KINDS, loadForecaster } from './registry.js';
export { defaultConfig, minimumLength, type Metric, type PanelFacts, type SegmentConfig, type TrainSettings } from './config.js';
export { SegmentForecaster } from './segmentForecaster.js';
export { BASELINE_KINDS, createBaseline, isBaselineKind, type BaselineKind } from './baselines/registry.js';
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
export { CHECK_HORIZON, checkModel, type ModelCheck, type ModelSubject } from './testing/checkModel.js';
