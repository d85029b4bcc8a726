/** Requests of the Python SDK `nixtla` as predictions, and their answers in its shape. Its paths and encodings are the API's matter. */
export { anomaliesOf, crossValidationOf, forecastOf } from './answer.js';
export { modelNames, modelParams } from './models.js';
export { requestAnomalies, requestCrossValidation, requestForecast } from './request.js';
