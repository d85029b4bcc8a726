/** The audit log of a workspace. */
import { auditFilter, auditPage, auditQuery, auditVerdict, auditVerdictQuery } from '../schemas/audit.js';
import { type Endpoint } from './endpoint.js';
import { text } from './parts.js';

export const auditEndpoints = {
  listAudit: {
    method: 'GET',
    path: '/v1/audit',
    summary: 'Who did what to what, newest first',
    scope: 'admin',
    query: auditQuery,
    status: 200,
    response: auditPage,
  },
  auditCsv: {
    method: 'GET',
    path: '/v1/audit.csv',
    summary: 'All of it as CSV',
    scope: 'admin',
    query: auditFilter,
    produces: 'text/csv',
    status: 200,
    response: text,
  },
  auditLines: {
    method: 'GET',
    path: '/v1/audit.ndjson',
    summary: 'All of it as JSON lines',
    scope: 'admin',
    query: auditFilter,
    produces: 'application/x-ndjson',
    status: 200,
    response: text,
  },
  verifyAudit: {
    method: 'GET',
    path: '/v1/audit/verdict',
    summary: 'Whether every entry is as it was written',
    scope: 'admin',
    query: auditVerdictQuery,
    status: 200,
    response: auditVerdict,
  },
} as const satisfies Record<string, Endpoint>;
