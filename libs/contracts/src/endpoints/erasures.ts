/** Certificates of erasure. */
import { z } from 'zod';
import { pageQuery, uuid } from '../schemas/common.js';
import { erasure, erasurePage } from '../schemas/erasures.js';
import { type Endpoint } from './endpoint.js';

export const erasureEndpoints = {
  listErasures: {
    method: 'GET',
    path: '/v1/erasures',
    summary: 'What was deleted, with what went and when; the newest first',
    scope: 'read',
    query: pageQuery,
    status: 200,
    response: erasurePage,
  },
  getErasure: {
    method: 'GET',
    path: '/v1/erasures/:erasureId',
    summary: 'One certificate of erasure',
    scope: 'read',
    params: z.object({ erasureId: uuid }),
    status: 200,
    response: erasure,
  },
} as const satisfies Record<string, Endpoint>;
