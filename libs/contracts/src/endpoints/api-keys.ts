/** API keys of a workspace. */
import { z } from 'zod';
import { pageQuery, uuid } from '../schemas/common.js';
import { apiKeyCreated, apiKeyPage, apiKeyRequest } from '../schemas/system.js';
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
