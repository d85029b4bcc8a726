/**
 * Every HTTP endpoint in one table: the API routes it, the OpenAPI document is made from it, the typed client calls it.
 * A test of the API checks that each row is served.
 */
import { z } from 'zod';
import * as a from './schemas/admission.js';
import * as c from './schemas/common.js';
import * as d from './schemas/datasets.js';
import * as b from './schemas/backtests.js';
import * as f from './schemas/forecasts.js';
import * as m from './schemas/models.js';
import * as o from './schemas/monitoring.js';
import * as p from './schemas/predictions.js';
import * as r from './schemas/runs.js';
import * as s from './schemas/schedules.js';
import * as y from './schemas/system.js';
import * as w from './schemas/webhooks.js';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  summary: string;
  /** Scope a key needs; null: no key. */
  scope: y.Scope | null;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Content of the answer where it is not JSON. */
  produces?: 'text/csv' | 'text/event-stream';
  /** `multipart`: a file part and an `options` part. */
  consumes?: 'multipart';
  status: number;
  response: z.ZodType;
  /** It answers 202 with a run where the work takes longer than the caller waits. */
  slow?: true;
  /** It changes nothing that lasts, so it may be repeated freely; idempotency keys, which keep answers, are ignored. */
  pure?: true;
}

const text = z.string();
const byDataset = z.object({ dataset: c.name });
const bySeries = byDataset.extend({ uniqueId: z.string() });
const byRun = z.object({ runId: c.uuid });
const byModel = z.object({ model: c.name });
const bySchedule = z.object({ schedule: c.name });
const byWorkspace = z.object({ workspace: c.name });
const byWebhook = z.object({ webhookId: c.uuid });

export const endpoints = {
  health: { method: 'GET', path: '/v1/health', summary: 'Is the API up?', scope: null, status: 200, response: y.health },
  openApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    scope: null,
    status: 200,
    response: z.record(z.string(), z.unknown()),
  },
  systemStatus: {
    method: 'GET',
    path: '/v1/system',
    summary: 'Queue, workers and their engines',
    scope: 'read',
    status: 200,
    response: y.systemStatus,
  },
  listApiKeys: {
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'API keys, without the keys',
    scope: 'admin',
    query: c.pageQuery,
    status: 200,
    response: y.apiKeyPage,
  },
  createApiKey: {
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Make an API key; it is shown once',
    scope: 'admin',
    body: y.apiKeyRequest,
    status: 201,
    response: y.apiKeyCreated,
  },
  deleteApiKey: {
    method: 'DELETE',
    path: '/v1/api-keys/:id',
    summary: 'Revoke an API key',
    scope: 'admin',
    params: z.object({ id: c.uuid }),
    status: 204,
    response: z.void(),
  },

  listWorkspaces: {
    method: 'GET',
    path: '/v1/workspaces',
    summary: 'Workspaces; for admins of the default one',
    scope: 'admin',
    query: c.pageQuery,
    status: 200,
    response: y.workspacePage,
  },
  createWorkspace: {
    method: 'POST',
    path: '/v1/workspaces',
    summary: 'Make a workspace with an admin key, which is shown once; for admins of the default one',
    scope: 'admin',
    body: y.workspaceRequest,
    status: 201,
    response: y.workspaceCreated,
  },
  renameWorkspace: {
    method: 'PATCH',
    path: '/v1/workspaces/:workspace',
    summary: 'Rename a workspace; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    body: y.workspaceRequest,
    status: 200,
    response: y.workspace,
  },
  deleteWorkspace: {
    method: 'DELETE',
    path: '/v1/workspaces/:workspace',
    summary: 'Delete a workspace with all that is in it; for admins of the default one',
    scope: 'admin',
    params: byWorkspace,
    status: 204,
    response: z.void(),
  },

  createUpload: {
    method: 'POST',
    path: '/v1/uploads',
    summary: 'Upload a file: it is streamed to disk, then ingested by a run',
    scope: 'write',
    consumes: 'multipart',
    body: d.ingestOptions,
    status: 202,
    response: d.uploadAccepted,
  },
  listDatasets: {
    method: 'GET',
    path: '/v1/datasets',
    summary: 'Datasets',
    scope: 'read',
    query: c.pageQuery,
    status: 200,
    response: d.datasetPage,
  },
  getDataset: {
    method: 'GET',
    path: '/v1/datasets/:dataset',
    summary: 'One dataset',
    scope: 'read',
    params: byDataset,
    status: 200,
    response: d.dataset,
  },
  deleteDataset: {
    method: 'DELETE',
    path: '/v1/datasets/:dataset',
    summary: 'Delete a dataset with its series',
    scope: 'write',
    params: byDataset,
    status: 204,
    response: z.void(),
  },
  appendObservations: {
    method: 'POST',
    path: '/v1/datasets/:dataset/observations',
    summary: 'Add or correct a few observations at once: all rows or none; 422 ROWS_REFUSED names the rows at fault and why',
    scope: 'write',
    params: byDataset,
    body: d.observationRows,
    status: 200,
    response: d.appended,
  },
  listDatasetVersions: {
    method: 'GET',
    path: '/v1/datasets/:dataset/versions',
    summary: 'Versions, newest first, with what was found in each upload',
    scope: 'read',
    params: byDataset,
    query: c.pageQuery,
    status: 200,
    response: d.datasetVersionPage,
  },
  downloadRejects: {
    method: 'GET',
    path: '/v1/runs/:runId/rejects',
    summary: 'Rejected rows of an ingest run: line, rule, text',
    scope: 'read',
    params: byRun,
    produces: 'text/csv',
    status: 200,
    response: text,
  },
  listSeries: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series',
    summary: 'Series of a dataset, by id',
    scope: 'read',
    params: byDataset,
    query: d.seriesQuery,
    status: 200,
    response: d.seriesPage,
  },
  getObservations: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/observations',
    summary: 'Values of one series, down-sampled for a chart',
    scope: 'read',
    params: bySeries,
    query: d.observationsQuery,
    status: 200,
    response: d.observations,
  },

  getChangepoints: {
    method: 'GET',
    path: '/v1/datasets/:dataset/series/:uniqueId/changepoints',
    summary: 'Where one series began to behave differently',
    scope: 'read',
    params: bySeries,
    status: 200,
    response: d.changepointList,
  },
  listHolidays: {
    method: 'GET',
    path: '/v1/datasets/:dataset/holidays',
    summary: 'Public holidays over the span of a dataset',
    scope: 'read',
    params: byDataset,
    query: d.holidaysQuery,
    status: 200,
    response: d.holidayList,
  },

  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    summary: 'Runs, newest first',
    scope: 'read',
    query: r.runsQuery,
    status: 200,
    response: r.runPage,
  },
  getRun: { method: 'GET', path: '/v1/runs/:runId', summary: 'One run', scope: 'read', params: byRun, status: 200, response: r.run },
  getRunCurve: {
    method: 'GET',
    path: '/v1/runs/:runId/curve',
    summary: 'Loss, validation and speed of a training by step, at most 4,000 points',
    scope: 'read',
    params: byRun,
    status: 200,
    response: r.runCurve,
  },
  predictRun: {
    method: 'POST',
    path: '/v1/runs/predict',
    summary: 'What a run would take (memory, time, cost) and whether it would be admitted; nothing is queued',
    scope: 'read',
    body: s.scheduleAction,
    status: 200,
    response: a.runPrediction,
  },
  cancelRun: {
    method: 'POST',
    path: '/v1/runs/:runId/cancel',
    summary: 'Ask a run to stop; a queued one stops at once',
    scope: 'write',
    params: byRun,
    status: 202,
    response: r.run,
  },
  followRun: {
    method: 'GET',
    path: '/v1/runs/:runId/events',
    summary: 'Server-sent events: the run, each time it changes, until it ends',
    scope: 'read',
    params: byRun,
    produces: 'text/event-stream',
    status: 200,
    response: text,
  },

  modelKinds: {
    method: 'GET',
    path: '/v1/model-kinds',
    summary: 'Kinds of model that can be trained',
    scope: 'read',
    status: 200,
    response: m.modelKinds,
  },
  train: {
    method: 'POST',
    path: '/v1/train',
    summary: 'Queue a training run',
    scope: 'write',
    body: m.trainRequest,
    status: 202,
    response: r.run,
  },
  backtest: {
    method: 'POST',
    path: '/v1/backtests',
    summary: 'Queue a backtest of several models over rolling cutoffs',
    scope: 'write',
    body: b.backtestRequest,
    status: 202,
    response: r.run,
  },
  listBacktestSeries: {
    method: 'GET',
    path: '/v1/backtests/:runId/series',
    summary: 'Errors of a backtest by series, the worst first',
    scope: 'read',
    params: byRun,
    query: b.backtestSeriesQuery,
    status: 200,
    response: b.backtestSeriesPage,
  },
  listBacktestSeries: {
    method: 'GET',
    path: '/v1/backtests/:runId/series',
    summary: 'Errors of a backtest by series, the worst first',
    scope: 'read',
    params: byRun,
    query: b.backtestSeriesQuery,
    status: 200,
    response: b.backtestSeriesPage,
  },
  monitor: {
    method: 'POST',
    path: '/v1/monitor',
    summary: "Score a model's past forecasts on what was observed since, and look for drift",
    scope: 'write',
    body: o.monitorRequest,
    status: 202,
    response: r.run,
  },
  listModels: {
    method: 'GET',
    path: '/v1/models',
    summary: 'Models of the registry',
    scope: 'read',
    query: c.pageQuery,
    status: 200,
    response: m.modelPage,
  },
  listModelVersions: {
    method: 'GET',
    path: '/v1/models/:model/versions',
    summary: 'Versions, newest first, with accuracy and lineage',
    scope: 'read',
    params: byModel,
    query: c.pageQuery,
    status: 200,
    response: m.modelVersionPage,
  },
  setModelAlias: {
    method: 'PUT',
    path: '/v1/models/:model/aliases/:alias',
    summary: 'Point `champion` or `challenger` at a version',
    scope: 'write',
    params: byModel.extend({ alias: m.aliasName }),
    body: m.setAlias,
    status: 200,
    response: m.modelVersion,
  },
  listAliasHistory: {
    method: 'GET',
    path: '/v1/models/:model/aliases',
    summary: 'Which version bore which alias, when',
    scope: 'read',
    params: byModel,
    query: c.pageQuery,
    status: 200,
    response: m.aliasChangePage,
  },

  forecast: {
    method: 'POST',
    path: '/v1/forecasts',
    summary: 'Queue a forecast run',
    scope: 'write',
    body: f.forecastRequest,
    status: 202,
    response: r.run,
  },
  predict: {
    method: 'POST',
    path: '/v1/forecast',
    summary: 'Forecast series whose history is in the body; nothing is stored',
    scope: 'write',
    body: p.predictionRequest,
    status: 200,
    response: z.union([p.prediction, r.run]),
    slow: true,
    pure: true,
  },
  whatIf: {
    method: 'POST',
    path: '/v1/forecasts/what-if',
    summary: 'Forecast stored series with changed future covariates, beside the unchanged; nothing is stored',
    scope: 'write',
    body: p.whatIfRequest,
    status: 200,
    response: z.union([p.whatIf, r.run]),
    slow: true,
    pure: true,
  },
  getPrediction: {
    method: 'GET',
    path: '/v1/predictions/:runId',
    summary: 'The answer of a prediction that took long, for an hour',
    scope: 'read',
    params: p.byPrediction,
    status: 200,
    response: z.union([p.prediction, p.whatIf]),
  },
  latestForecasts: {
    method: 'GET',
    path: '/v1/forecasts/latest',
    summary: 'The latest forecast of each series',
    scope: 'read',
    query: f.forecastsQuery,
    status: 200,
    response: f.forecastPage,
  },
  latestForecastsCsv: {
    method: 'GET',
    path: '/v1/forecasts/latest.csv',
    summary: "The same as CSV in the forecaster's columns",
    scope: 'read',
    query: f.forecastsCsvQuery,
    produces: 'text/csv',
    status: 200,
    response: text,
  },
  replayForecast: {
    method: 'POST',
    path: '/v1/forecasts/:runId/replay',
    summary: 'Make a forecast again from its lineage and report every difference',
    scope: 'write',
    params: byRun,
    status: 202,
    response: r.run,
  },
  getAttention: {
    method: 'GET',
    path: '/v1/forecasts/:runId/attention',
    summary: 'Attention maps of one forecast',
    scope: 'read',
    params: byRun,
    query: z.object({ uniqueId: z.string() }),
    status: 200,
    response: f.attentionMaps,
  },

  listSchedules: {
    method: 'GET',
    path: '/v1/schedules',
    summary: 'Schedules with their next due times',
    scope: 'read',
    query: c.pageQuery,
    status: 200,
    response: s.schedulePage,
  },
  createSchedule: {
    method: 'POST',
    path: '/v1/schedules',
    summary: 'Make a schedule',
    scope: 'write',
    body: s.scheduleRequest,
    status: 201,
    response: s.schedule,
  },
  updateSchedule: {
    method: 'PATCH',
    path: '/v1/schedules/:schedule',
    summary: 'Change or pause a schedule',
    scope: 'write',
    params: bySchedule,
    body: s.schedulePatch,
    status: 200,
    response: s.schedule,
  },
  deleteSchedule: {
    method: 'DELETE',
    path: '/v1/schedules/:schedule',
    summary: 'Delete a schedule; its runs stay',
    scope: 'write',
    params: bySchedule,
    status: 204,
    response: z.void(),
  },
  runSchedule: {
    method: 'POST',
    path: '/v1/schedules/:schedule/run',
    summary: 'Run it now, beside its times',
    scope: 'write',
    params: bySchedule,
    status: 202,
    response: r.run,
  },
  listFirings: {
    method: 'GET',
    path: '/v1/schedules/:schedule/firings',
    summary: 'Past firings, newest first',
    scope: 'read',
    params: bySchedule,
    query: c.pageQuery,
    status: 200,
    response: s.firingPage,
  },

  listWebhooks: {
    method: 'GET',
    path: '/v1/webhooks',
    summary: 'Webhooks, without their secrets',
    scope: 'read',
    query: c.pageQuery,
    status: 200,
    response: w.webhookPage,
  },
  createWebhook: {
    method: 'POST',
    path: '/v1/webhooks',
    summary: 'Make a webhook; its secret is shown once',
    scope: 'write',
    body: w.webhookRequest,
    status: 201,
    response: w.webhookCreated,
  },
  getWebhook: {
    method: 'GET',
    path: '/v1/webhooks/:webhookId',
    summary: 'One webhook',
    scope: 'read',
    params: byWebhook,
    status: 200,
    response: w.webhook,
  },
  updateWebhook: {
    method: 'PATCH',
    path: '/v1/webhooks/:webhookId',
    summary: 'Change or pause a webhook',
    scope: 'write',
    params: byWebhook,
    body: w.webhookPatch,
    status: 200,
    response: w.webhook,
  },
  deleteWebhook: {
    method: 'DELETE',
    path: '/v1/webhooks/:webhookId',
    summary: 'Delete a webhook with its deliveries',
    scope: 'write',
    params: byWebhook,
    status: 204,
    response: z.void(),
  },
  rotateWebhookSecret: {
    method: 'POST',
    path: '/v1/webhooks/:webhookId/secret',
    summary: 'Give a webhook a new secret; it is shown once',
    scope: 'write',
    params: byWebhook,
    status: 200,
    response: w.webhookCreated,
  },
  pingWebhook: {
    method: 'POST',
    path: '/v1/webhooks/:webhookId/ping',
    summary: 'Send a test message',
    scope: 'write',
    params: byWebhook,
    status: 202,
    response: w.webhookDelivery,
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/v1/webhooks/:webhookId/deliveries',
    summary: 'Deliveries, newest first, with what the receiver answered',
    scope: 'read',
    params: byWebhook,
    query: w.webhookDeliveriesQuery,
    status: 200,
    response: w.webhookDeliveryPage,
  },
  replayWebhookDelivery: {
    method: 'POST',
    path: '/v1/webhooks/:webhookId/deliveries/:deliveryId/replay',
    summary: 'Send a message again, as a new delivery under the same webhook-id',
    scope: 'write',
    params: byWebhook.extend({ deliveryId: c.uuid }),
    status: 202,
    response: w.webhookDelivery,
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
type Table = typeof endpoints;
type Input<E, K extends string> = E extends Record<K, infer S extends z.ZodType> ? { [P in K]: z.input<S> } : unknown;
/** What a caller passes: params, query and body where the endpoint has them. */
export type EndpointInput<N extends EndpointName> = Input<Table[N], 'params'> &
  (Table[N] extends { query: infer Q extends z.ZodType } ? { query?: z.input<Q> } : unknown) &
  Input<Table[N], 'body'>;
export type EndpointOutput<N extends EndpointName> = z.output<Table[N]['response']>;
