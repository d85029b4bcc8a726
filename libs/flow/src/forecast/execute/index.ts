/** The worker's side of forecasting. */
export { executeForecast } from './execute.js';
