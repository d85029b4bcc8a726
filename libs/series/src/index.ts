export { AlmanacError, isAlmanacError, type ErrorDetail } from './errors.js';
export { DECILES, DEFAULT_QUANTILES } from './quantiles.js';
