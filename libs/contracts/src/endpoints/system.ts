/** The installation itself: its health, this description, its queue and workers. */
import { z } from 'zod';
import { overview } from '../schemas/overview.js';
import { health, readiness, readinessQuery, systemStatus } from '../schemas/system.js';
import { type Endpoint } from './endpoint.js';

export const systemEndpoints = {
  livez: {
    method: 'GET',
    path: '/v1/livez',
    summary: 'Does this process answer? For whoever starts it anew when it does not',
    scope: null,
    status: 200,
    response: health,
  },
  readyz: {
    method: 'GET',
    path: '/v1/readyz',
    summary:
      'Can work be done? Database, queue, object storage, free disk and a worker that lives; else 503 NOT_READY says what is missing',
    scope: null,
    query: readinessQuery,
    status: 200,
    response: readiness,
  },
  health: { method: 'GET', path: '/v1/health', summary: 'The same as livez, by its old name', scope: null, status: 200, response: health },
  openApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    scope: null,
    status: 200,
    response: z.record(z.string(), z.unknown()),
  },
  getOverview: {
    method: 'GET',
    path: '/v1/overview',
    summary: 'What is due, what ran, how good the forecasts have been and on which series they were worst, alerts and totals',
    scope: 'read',
    status: 200,
    response: overview,
  },
  systemStatus: {
    method: 'GET',
    path: '/v1/system',
    summary: 'Queue, workers and their engines',
    scope: 'read',
    status: 200,
    response: systemStatus,
  },
} as const satisfies Record<string, Endpoint>;
