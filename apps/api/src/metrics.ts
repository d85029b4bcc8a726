/** What the API counts for Prometheus: requests, and what the database knows of queue, forecasts and accuracy, asked when collected. */
import type { FlowContext } from '@almanac/flow/runs';
import { createRegistry, Gauge, Histogram, type Registry } from '@almanac/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Before the application listens: hooks are of requests to come. */
export function apiMetrics(app: NestFastifyApplication, { store, queue }: Pick<FlowContext, 'store' | 'queue'>): Registry {
  const registry = createRegistry('api');
  const registers = [registry];
  const requests = new Histogram({
    ...{ name: 'almanac_http_request_duration_seconds', help: 'Requests by route and status.', labelNames: ['method', 'route', 'status'] },
    ...{ buckets: SECONDS, registers },
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      requests.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
      done();
    });
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => Promise<void>): void => {
    new Gauge({
      ...{ name, help, labelNames, registers },
      async collect() {
        this.reset();
        await collect(this);
      },
    });
  };
  gauge('almanac_queue_jobs', 'Jobs that wait in the queue.', ['queue'], async (of) => {
    for (const [name, waiting] of Object.entries(await queue.depth())) of.set({ queue: name }, waiting);
  });
  gauge('almanac_runs_open', 'Runs that wait or are under way.', ['kind', 'status'], async (of) => {
    for (const { kind, status, runs } of await store.figures.openRuns()) of.set({ kind, status }, runs);
  });
  gauge('almanac_runs_oldest_queued_seconds', 'How long the oldest waiting run has waited.', ['kind'], async (of) => {
    for (const { kind, status, oldestSeconds } of await store.figures.openRuns()) if (status === 'queued') of.set({ kind }, oldestSeconds);
  });
  gauge('almanac_forecast_age_seconds', 'Since the last forecast of a model.', ['workspace', 'dataset', 'model'], async (of) => {
    for (const { ageSeconds, ...labels } of await store.figures.forecasts()) of.set(labels, ageSeconds);
  });
  gauge('almanac_forecast_wql', 'Of the newest forecast that monitoring scored.', ['workspace', 'model', 'of'], async (of) => {
    for (const { workspace, model, wql, naiveWql } of await store.figures.scores()) {
      if (wql !== null) of.set({ workspace, model, of: 'model' }, wql);
      if (naiveWql !== null) of.set({ workspace, model, of: 'seasonal_naive' }, naiveWql);
    }
  });
  gauge('almanac_forecast_coverage_80_ratio', 'Share of observations inside the 80 % interval.', ['workspace', 'model'], async (of) => {
    for (const { workspace, model, coverage80 } of await store.figures.scores())
      if (coverage80 !== null) of.set({ workspace, model }, coverage80);
  });
  gauge('almanac_forecast_drift', '1 while monitoring reports drift.', ['workspace', 'model'], async (of) => {
    for (const { workspace, model, drift } of await store.figures.scores()) of.set({ workspace, model }, Number(drift));
  });
  gauge('almanac_workers', 'Workers that were seen in the last 15 seconds.', [], async (of) =>
    of.set((await store.workers.list(15_000)).length),
  );
  gauge('almanac_database_bytes', 'Size of the database.', [], async (of) => of.set(await store.figures.databaseBytes()));
  gauge('almanac_database_pool_connections', 'Connections of this program to the database.', ['state'], (of) => {
    const { open, idle, waiting } = store.pool();
    of.set({ state: 'used' }, open - idle);
    of.set({ state: 'idle' }, idle);
    // Statements that wait for a connection.
    of.set({ state: 'waiting' }, waiting);
    return Promise.resolve();
  });
  return registry;
}
