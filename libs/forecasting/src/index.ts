export type * from './forecaster.js';
export { createForecaster, FORECASTER_KINDS, loadForecaster } from './registry.js';
export { defaultConfig, minimumLength, type Metric, type PanelFacts, type SegmentConfig, type TrainSettings } from './config.js';
export { SegmentForecaster } from './segmentForecaster.js';
