/** Searches for the settings of a model. */
import { run } from '../schemas/runs.js';
import { searchRequest, searchSpace, searchSpaceQuery } from '../schemas/searches.js';
import { type Endpoint } from './endpoint.js';

export const searchEndpoints = {
  search: {
    method: 'POST',
    path: '/v1/searches',
    summary: 'Queue a search for the best settings of a model by successive halving; the winner is trained and registered',
    scope: 'write',
    body: searchRequest,
    status: 202,
    response: run,
  },
  searchSpace: {
    method: 'GET',
    path: '/v1/searches/space',
    summary: 'What a search on a dataset would vary, and every setting that it could',
    scope: 'read',
    query: searchSpaceQuery,
    status: 200,
    response: searchSpace,
  },
} as const satisfies Record<string, Endpoint>;
