/** Stored forecasts. */
import { z } from 'zod';
import {
  attentionMaps,
  forecastPage,
  forecastRequest,
  forecastsCsvQuery,
  forecastsQuery,
  seriesForecastsQuery,
} from '../schemas/forecasts.js';
import { contributions } from '../schemas/contributions.js';
import { run } from '../schemas/runs.js';
import { paths, pathsQuery, totals, totalsRequest } from '../schemas/totals.js';
import { type Endpoint } from './endpoint.js';
import { uniqueId } from '../schemas/common.js';
import { byRun, bySeries, idInQuery, text } from './parts.js';

export const forecastEndpoints = {
  forecast: {
    method: 'POST',
    path: '/v1/forecasts',
    summary: 'Queue a forecast run',
    scope: 'write',
    body: forecastRequest,
    status: 202,
    response: run,
  },
  latestForecasts: {
    method: 'GET',
    path: '/v1/forecasts/latest',
    summary: 'The latest forecast of each series, or with `history` all of them',
    scope: 'read',
    query: forecastsQuery,
    status: 200,
    response: forecastPage,
  },
  listSeriesForecasts: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/forecasts',
    summary: 'Every stored forecast of one series, the newest cutoff first',
    scope: 'read',
    params: bySeries,
    query: seriesForecastsQuery.extend(idInQuery),
    status: 200,
    response: forecastPage,
  },
  latestForecastsCsv: {
    method: 'GET',
    path: '/v1/forecasts/latest.csv',
    summary: "The same as CSV in the forecaster's columns",
    scope: 'read',
    query: forecastsCsvQuery,
    produces: 'text/csv',
    status: 200,
    response: text,
  },
  replayForecast: {
    method: 'POST',
    path: '/v1/forecasts/:runId/replay',
    summary: 'Make a forecast again from its lineage and report every difference',
    scope: 'write',
    params: byRun,
    status: 202,
    response: run,
  },
  forecastTotals: {
    method: 'POST',
    path: '/v1/forecasts/totals',
    summary: 'Sums of a stored forecast over steps and series, with their intervals; nothing is stored',
    scope: 'read',
    body: totalsRequest,
    pure: true,
    status: 200,
    response: totals,
  },
  forecastPaths: {
    method: 'GET',
    path: '/v1/forecasts/:runId/paths',
    summary: 'Sampled paths of one series of a stored forecast: possible futures whose steps hang together',
    scope: 'read',
    params: byRun,
    query: pathsQuery,
    status: 200,
    response: paths,
  },
  getContributions: {
    method: 'GET',
    path: '/v1/forecasts/:runId/contributions',
    summary: 'What one forecast is made of, where it has been taken apart',
    scope: 'read',
    params: byRun,
    query: z.object({ uniqueId }),
    status: 200,
    response: contributions,
  },
  getAttention: {
    method: 'GET',
    path: '/v1/forecasts/:runId/attention',
    summary: 'Attention maps of one forecast',
    scope: 'read',
    params: byRun,
    query: z.object({ uniqueId }),
    status: 200,
    response: attentionMaps,
  },
} as const satisfies Record<string, Endpoint>;
