/** Quotas: limits, what is in use, and refusals that say which, how much and what to do. */
export { callerBucket, QuotaBook, STANDARD_QUOTAS, standardQuotas, type Quotas, workspaceBucket } from './limits.js';
export { refuseOver, overQuota, quotaExceeded, refuseSize, withinBytes } from './refuse.js';
export { listQuotas, setQuotas } from './quotas.js';
