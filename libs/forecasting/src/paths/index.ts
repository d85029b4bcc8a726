/** Paths and sums of forecasts that are stored. Loads no TensorFlow.js, so that the API may ask. */
export { type SumCoverage, type TotalsCoverage, totalsCoverage } from './coverage.js';
export { type Dependence, dependenceOf, scoreOf, UNMEASURED } from './dependence.js';
export { type Marginals, PathSampler, quantilesOf, type SampleOptions } from './sample.js';
