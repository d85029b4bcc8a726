/** How good forecasts turned out to be. */
import { anomaliesQuery, anomalyPage, forecastScores, monitorRequest, seriesScorePage, seriesScoresQuery } from '../schemas/monitoring.js';
import { run } from '../schemas/runs.js';
import { type Endpoint } from './endpoint.js';
import { byDataset, byRun } from './parts.js';

export const monitoringEndpoints = {
  monitor: {
    method: 'POST',
    path: '/v1/monitor',
    summary: "Score a model's past forecasts on what was observed since, and look for drift",
    scope: 'write',
    body: monitorRequest,
    status: 202,
    response: run,
  },
  forecastScores: {
    method: 'GET',
    path: '/v1/forecasts/:runId/scores',
    summary: 'How good a stored forecast turned out to be, by step ahead; monitoring scores it as actuals arrive',
    scope: 'read',
    params: byRun,
    status: 200,
    response: forecastScores,
  },
  forecastSeriesScores: {
    method: 'GET',
    path: '/v1/forecasts/:runId/scores/series',
    summary: 'The same by series, beside seasonal naive, the worst first',
    scope: 'read',
    params: byRun,
    query: seriesScoresQuery,
    status: 200,
    response: seriesScorePage,
  },
  listAnomalies: {
    method: 'GET',
    path: '/v1/datasets/:dataset/anomalies',
    summary: 'Observations that monitoring found far outside what was forecast, newest first',
    scope: 'read',
    params: byDataset,
    query: anomaliesQuery,
    status: 200,
    response: anomalyPage,
  },
} as const satisfies Record<string, Endpoint>;
