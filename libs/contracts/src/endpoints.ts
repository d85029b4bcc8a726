/**
 * Every HTTP endpoint in one table, of a file a resource: the API routes it, the OpenAPI document is made from it, the typed client
 * calls it. Names are unique across the files, and so are method and path (a test looks); a test of the API checks that each row is served.
 */
import { type z } from 'zod';
import { apiKeyEndpoints } from './endpoints/api-keys.js';
import { auditEndpoints } from './endpoints/audit.js';
import { backtestEndpoints } from './endpoints/backtests.js';
import { datasetEndpoints } from './endpoints/datasets.js';
import { erasureEndpoints } from './endpoints/erasures.js';
import { forecastEndpoints } from './endpoints/forecasts.js';
import { memberEndpoints } from './endpoints/members.js';
import { modelEndpoints } from './endpoints/models.js';
import { monitoringEndpoints } from './endpoints/monitoring.js';
import { nixtlaEndpoints } from './endpoints/nixtla.js';
import { predictionEndpoints } from './endpoints/predictions.js';
import { quotaEndpoints } from './endpoints/quotas.js';
import { retentionEndpoints } from './endpoints/retention.js';
import { runEndpoints } from './endpoints/runs.js';
import { scheduleEndpoints } from './endpoints/schedules.js';
import { searchEndpoints } from './endpoints/searches.js';
import { seriesEndpoints } from './endpoints/series.js';
import { sessionEndpoints } from './endpoints/sessions.js';
import { sourceEndpoints } from './endpoints/sources.js';
import { systemEndpoints } from './endpoints/system.js';
import { trainingEndpoints } from './endpoints/training.js';
import { webhookEndpoints } from './endpoints/webhooks.js';
import { workspaceEndpoints } from './endpoints/workspaces.js';

export { type Endpoint } from './endpoints/endpoint.js';

export const endpoints = {
  ...sourceEndpoints,
  ...systemEndpoints,
  ...sessionEndpoints,
  ...memberEndpoints,
  ...apiKeyEndpoints,
  ...workspaceEndpoints,
  ...quotaEndpoints,
  ...retentionEndpoints,
  ...datasetEndpoints,
  ...seriesEndpoints,
  ...erasureEndpoints,
  ...runEndpoints,
  ...trainingEndpoints,
  ...modelEndpoints,
  ...backtestEndpoints,
  ...searchEndpoints,
  ...forecastEndpoints,
  ...predictionEndpoints,
  ...nixtlaEndpoints,
  ...monitoringEndpoints,
  ...scheduleEndpoints,
  ...webhookEndpoints,
  ...auditEndpoints,
} as const;

export type EndpointName = keyof typeof endpoints;
type Table = typeof endpoints;
type Input<E, K extends string> = E extends Record<K, infer S extends z.ZodType> ? { [P in K]: z.input<S> } : unknown;
interface Conditional {
  /** The `etag` of what was read: 412 where somebody has changed it since. */
  ifMatch?: string | undefined;
}
/** What a caller passes: params, query and body where the endpoint has them. */
export type EndpointInput<N extends EndpointName> = (Table[N] extends { method: 'GET' } ? unknown : Conditional) &
  Input<Table[N], 'params'> &
  (Table[N] extends { query: infer Q extends z.ZodType } ? { query?: z.input<Q> } : unknown) &
  Input<Table[N], 'body'>;
export type EndpointOutput<N extends EndpointName> = z.output<Table[N]['response']>;
/** Endpoints that answer a page at a time. */
export type ListName = {
  [N in EndpointName]: EndpointOutput<N> extends { items: unknown[]; next: string | null } ? N : never;
}[EndpointName];
export type ItemOf<N extends ListName> = EndpointOutput<N> extends { items: (infer T)[] } ? T : never;
