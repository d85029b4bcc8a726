/** Backtests of models over rolling cutoffs. */
import { backtestRequest, backtestSeriesPage, backtestSeriesQuery } from '../schemas/backtests.js';
import { run } from '../schemas/runs.js';
import { type Endpoint } from './endpoint.js';
import { byRun } from './parts.js';

export const backtestEndpoints = {
  backtest: {
    method: 'POST',
    path: '/v1/backtests',
    summary: 'Queue a backtest of several models over rolling cutoffs',
    scope: 'write',
    body: backtestRequest,
    status: 202,
    response: run,
  },
  listBacktestSeries: {
    method: 'GET',
    path: '/v1/backtests/:runId/series',
    summary: 'Errors of a backtest by series, the worst first',
    scope: 'read',
    params: byRun,
    query: backtestSeriesQuery,
    status: 200,
    response: backtestSeriesPage,
  },
} as const satisfies Record<string, Endpoint>;
