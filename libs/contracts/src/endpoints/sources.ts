/** Sources of datasets. When they are read is a schedule's. */
import { z } from 'zod';
import { run } from '../schemas/runs.js';
import { pullBody, source, sourcePage, sourcePatch, sourceRequest, sourcesQuery } from '../schemas/sources.js';
import { type Endpoint } from './endpoint.js';
import { bySource } from './parts.js';

export const sourceEndpoints = {
  listSources: {
    method: 'GET',
    path: '/v1/sources',
    summary: 'Sources, without their secrets',
    scope: 'read',
    query: sourcesQuery,
    status: 200,
    response: sourcePage,
  },
  createSource: {
    method: 'POST',
    path: '/v1/sources',
    summary: 'Make a source; nothing is read yet',
    scope: 'write',
    body: sourceRequest,
    status: 201,
    response: source,
  },
  getSource: {
    method: 'GET',
    path: '/v1/sources/:source',
    summary: 'One source',
    scope: 'read',
    params: bySource,
    status: 200,
    response: source,
  },
  updateSource: {
    method: 'PATCH',
    path: '/v1/sources/:source',
    summary: 'Change a source; if it reads something else, the next reading takes everything',
    scope: 'write',
    params: bySource,
    body: sourcePatch,
    status: 200,
    response: source,
  },
  deleteSource: {
    method: 'DELETE',
    path: '/v1/sources/:source',
    summary: 'Delete a source; the dataset stays',
    scope: 'write',
    params: bySource,
    status: 204,
    response: z.void(),
  },
  pullSource: {
    method: 'POST',
    path: '/v1/sources/:source/pull',
    summary: 'Read it now',
    scope: 'write',
    params: bySource,
    body: pullBody,
    status: 202,
    response: run,
  },
} as const satisfies Record<string, Endpoint>;
