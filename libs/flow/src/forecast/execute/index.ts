/** The worker's side of forecasting. */
export { explainForecasts } from './explain.js';
export { executeForecast, executeForecastPart } from './execute.js';
