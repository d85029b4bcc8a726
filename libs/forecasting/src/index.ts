export type * from './forecaster.js';
