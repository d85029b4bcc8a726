export { normalQuantile } from '../metrics/normal.js';
