/** How long a workspace keeps finished runs: seen by everybody in it, set by its admins. */
import { retention, retentionPatch } from '../schemas/retention.js';
import { type Endpoint } from './endpoint.js';

export const retentionEndpoints = {
  getRetention: {
    method: 'GET',
    path: '/v1/retention',
    summary: 'For how many days this workspace keeps forecasts, other runs and logs',
    scope: 'read',
    status: 200,
    response: retention,
  },
  setRetention: {
    method: 'PATCH',
    path: '/v1/retention',
    summary: 'Set for how many days they are kept; older ones are removed within minutes and cannot be brought back',
    scope: 'admin',
    body: retentionPatch,
    status: 200,
    response: retention,
  },
} as const satisfies Record<string, Endpoint>;
