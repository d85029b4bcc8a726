/** Runs of every kind: to list, follow, estimate, cancel and resume. */
import { runEstimate } from '../schemas/admission.js';
import { run, runCurve, runPage, runsQuery } from '../schemas/runs.js';
import { scheduleAction } from '../schemas/schedules.js';
import { type Endpoint } from './endpoint.js';
import { byRun, text } from './parts.js';

export const runEndpoints = {
  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    summary: 'Runs, newest first',
    scope: 'read',
    query: runsQuery,
    status: 200,
    response: runPage,
  },
  getRun: { method: 'GET', path: '/v1/runs/:runId', summary: 'One run', scope: 'read', params: byRun, status: 200, response: run },
  getRunCurve: {
    method: 'GET',
    path: '/v1/runs/:runId/curve',
    summary: 'Loss, validation and speed of a training by step, at most 4,000 points',
    scope: 'read',
    params: byRun,
    status: 200,
    response: runCurve,
  },
  estimateRun: {
    method: 'POST',
    path: '/v1/runs/predict',
    summary: 'What a run would take (memory, time, cost) and whether it would be admitted; nothing is queued',
    scope: 'read',
    body: scheduleAction,
    pure: true,
    status: 200,
    response: runEstimate,
  },
  cancelRun: {
    method: 'POST',
    path: '/v1/runs/:runId/cancel',
    summary: 'Ask a run to stop; a queued one stops at once',
    scope: 'write',
    params: byRun,
    status: 202,
    response: run,
  },
  resumeRun: {
    method: 'POST',
    path: '/v1/runs/:runId/resume',
    summary: 'Go on with a training or a search that was cancelled or failed, as a new run from its last state or with its trials',
    scope: 'write',
    params: byRun,
    status: 202,
    response: run,
  },
  followRun: {
    method: 'GET',
    path: '/v1/runs/:runId/events',
    summary: 'Server-sent events: the run, each time it changes, until it ends',
    scope: 'read',
    params: byRun,
    produces: 'text/event-stream',
    status: 200,
    response: text,
  },
} as const satisfies Record<string, Endpoint>;
