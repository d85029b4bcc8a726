/** Quotas of a workspace: seen by everybody in it, set by the operator. */
import { quotaList, quotaPatch } from '../schemas/quotas.js';
import { type Endpoint } from './endpoint.js';
import { byWorkspace } from './parts.js';

export const quotaEndpoints = {
  listQuotas: {
    method: 'GET',
    path: '/v1/quotas',
    summary: 'What this workspace may have at most, and what it has',
    scope: 'read',
    status: 200,
    response: quotaList,
  },
  workspaceQuotas: {
    method: 'GET',
    path: '/v1/workspaces/:workspace/quotas',
    summary: 'The same of any workspace; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    status: 200,
    response: quotaList,
  },
  setQuotas: {
    method: 'PATCH',
    path: '/v1/workspaces/:workspace/quotas',
    summary: 'Set what a workspace may have at most; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    body: quotaPatch,
    status: 200,
    response: quotaList,
  },
} as const satisfies Record<string, Endpoint>;
