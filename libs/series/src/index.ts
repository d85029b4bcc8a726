export { changepoints, type Changepoint } from './changepoints.js';
export { AlmanacError, isAlmanacError, type ErrorDetail } from './errors.js';
export { Frequency, type CalendarFields } from './frequency.js';
export { inferFrequency } from './infer.js';
export { DECILES, DEFAULT_QUANTILES } from './quantiles.js';
export { zoneOf, type Zone } from './zone.js';
