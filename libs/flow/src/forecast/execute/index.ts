/** The worker's side of forecasting. */
export { executeForecast, executeForecastPart } from './execute.js';
