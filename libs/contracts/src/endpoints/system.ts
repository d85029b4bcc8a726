/** The installation itself: its health, this description, its queue and workers. */
import { z } from 'zod';
import { health, systemStatus } from '../schemas/system.js';
import { type Endpoint } from './endpoint.js';

export const systemEndpoints = {
  health: { method: 'GET', path: '/v1/health', summary: 'Is the API up?', scope: null, status: 200, response: health },
  openApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    scope: null,
    status: 200,
    response: z.record(z.string(), z.unknown()),
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
