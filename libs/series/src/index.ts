export { changepoints, type Changepoint } from './changepoints.js';
export { AlmanacError, isAlmanacError, type ErrorDetail } from './errors.js';
export { Frequency, type CalendarFields } from './frequency.js';
export { canMean, checkFrequency, type Counted, counted, findRhythm, inferFrequency, readFrequency, type Rhythm } from './infer.js';
export { nearest } from './nearest.js';
export { type Weekday, weekdayOf, WEEKDAYS } from './openDays.js';
export { DECILES, DEFAULT_QUANTILES } from './quantiles.js';
export { readTime, toInstant, type WrittenTime } from './time.js';
export { zoneOf, type Zone } from './zone.js';
