/** API keys of a workspace. */
import { z } from 'zod';
import { pageQuery, uuid } from '../schemas/common.js';
import { apiKeyCreated, apiKeyPage, apiKeyRequest, apiKeyRotated, apiKeyRotation } from '../schemas/system.js';
import { type Endpoint } from './endpoint.js';

export const apiKeyEndpoints = {
  listApiKeys: {
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'API keys, without the keys',
    scope: 'admin',
    query: pageQuery,
    status: 200,
    response: apiKeyPage,
  },
  createApiKey: {
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Make an API key; it is shown once',
    scope: 'admin',
    body: apiKeyRequest,
    status: 201,
    response: apiKeyCreated,
  },
  rotateApiKey: {
    method: 'POST',
    path: '/v1/api-keys/:id/rotate',
    summary: 'Make another key in place of one, which opens beside it for a while; the new one is shown once',
    scope: 'admin',
    params: z.object({ id: uuid }),
    body: apiKeyRotation,
    status: 201,
    response: apiKeyRotated,
  },
  deleteApiKey: {
    method: 'DELETE',
    path: '/v1/api-keys/:id',
    summary: 'Revoke an API key',
    scope: 'admin',
    params: z.object({ id: uuid }),
    status: 204,
    response: z.void(),
  },
} as const satisfies Record<string, Endpoint>;
