/** Forecasting, as it is asked for; `@almanac/flow/forecast/execute` is the worker's side and loads the forecasting library. */
export { type ForecastPlan, requestForecast, requestReplay } from './request.js';
