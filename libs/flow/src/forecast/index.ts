/** Forecasting, as it is asked for; `@almanac/flow/forecast/execute` is the worker's side and loads the forecasting library. */
export { createOverride, deleteOverride, listOverrides } from './overrides.js';
export { type ForecastPlan } from './plan.js';
export { requestForecast, requestReplay } from './request.js';
