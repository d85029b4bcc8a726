/** Workspaces, which the admins of the default one look after. */
import { pageQuery } from '../schemas/common.js';
import { workspace, workspaceCreated, workspacePage, workspaceRequest } from '../schemas/system.js';
import { erasure } from '../schemas/erasures.js';
import { type Endpoint } from './endpoint.js';
import { byWorkspace } from './parts.js';

export const workspaceEndpoints = {
  listWorkspaces: {
    method: 'GET',
    path: '/v1/workspaces',
    summary: 'Workspaces; for admins of the default one',
    scope: 'admin',
    query: pageQuery,
    status: 200,
    response: workspacePage,
  },
  createWorkspace: {
    method: 'POST',
    path: '/v1/workspaces',
    summary: 'Make a workspace with an admin key, which is shown once; for admins of the default one',
    scope: 'admin',
    body: workspaceRequest,
    status: 201,
    response: workspaceCreated,
  },
  renameWorkspace: {
    method: 'PATCH',
    path: '/v1/workspaces/:workspace',
    summary: 'Rename a workspace; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    body: workspaceRequest,
    status: 200,
    response: workspace,
  },
  deleteWorkspace: {
    method: 'DELETE',
    path: '/v1/workspaces/:workspace',
    summary: 'Delete a workspace with all that is in it; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    status: 200,
    response: erasure,
  },
} as const satisfies Record<string, Endpoint>;
