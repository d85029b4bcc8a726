/** The API as a program: configuration, store, queue and application opened in that order, and closed in reverse. */
import 'reflect-metadata';
import { explainError } from '@almanac/contracts/problem';
import { JOBS, type FlowContext, startClock } from '@almanac/flow/runs';
import { standardQuotas } from '@almanac/flow/quota';
import {
  createLogger,
  loadConfig,
  openCipher,
  openObjects,
  openQueue,
  requireDatabaseUrl,
  isProxied,
  refusePlainHttp,
  serveMetrics,
} from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { NEWEST_SERVER, OLDEST_SERVER, openStore } from '@almanac/store';
import type { Server } from 'node:tls';
import { createApp } from './app.js';
import { apiMetrics } from './metrics.js';
import { ensureAdmin } from './http/newKey.js';
import { peopleSettings } from './people/settings.js';
import { readTls, renewTls } from './tls.js';

/** Of a server that is starting as well, or is started anew. */
const DATABASE_PATIENCE_MS = 60_000;

async function start(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger('api', config.logLevel);
  const closing: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      for (const close of closing.reverse()) await close().catch((error: unknown) => logger.error({ error }, 'closing'));
    })());

  try {
    refusePlainHttp(config.http, isProxied(config));
    const { tls } = config.http;
    const certificate = tls && readTls(tls);
    const store = await openStore({
      databaseUrl: requireDatabaseUrl(config),
      cipher: openCipher(config),
      poolSize: config.poolSize,
      patienceMs: DATABASE_PATIENCE_MS,
      onWait: (error) => logger.warn({ error: error.message }, 'waiting for the database'),
    });
    closing.push(() => store.close());
    await store.webhooks.sealSecrets();
    if (!store.isolated) logger.warn('the database does not keep workspaces apart by itself: see "Your own PostgreSQL" in the guide');
    if (store.server.major > NEWEST_SERVER)
      logger.warn({ server: store.server.version }, `Almanac is tested on PostgreSQL ${OLDEST_SERVER} to ${NEWEST_SERVER}`);
    await ensureAdmin(store, config.adminKey, logger);
    const queue = await openQueue(config, JOBS, logger);
    closing.push(() => queue.close());
    const clock = await startClock(store, logger);
    closing.push(() => Promise.resolve(clock.stop()));
    const context: FlowContext = {
      store,
      queue,
      objects: await openObjects(config),
      logger,
      now: clock.now,
      codeVersion: config.codeVersion,
      limits: config.limits,
      quotas: standardQuotas(config.quotas),
      ingest: config.ingest,
    };
    const app = await createApp(context, {
      trustProxy: config.trustProxy,
      people: peopleSettings(config),
      ...(certificate && { tls: certificate }),
      disk: { folder: config.home, leastFreeBytes: config.leastFreeBytes },
    });
    closing.push(() => app.close());
    if (config.metrics) {
      const served = await serveMetrics(apiMetrics(app, context), config.metrics);
      closing.push(() => served.close());
      logger.info({ port: served.port }, 'metrics are served');
    }
    if (tls) {
      const stopRenewing = renewTls(app.getHttpServer() as unknown as Server, tls, logger);
      closing.push(() => Promise.resolve(stopRenewing()));
    }
    await app.listen(config.http.port, config.http.host).catch((cause: NodeJS.ErrnoException) => {
      throw new AlmanacError(
        cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'PORT_NOT_USABLE',
        `The API cannot listen on ${config.http.host}:${config.http.port}: ${cause.code === 'EADDRINUSE' ? 'another program does' : cause.message}.`,
        { hint: 'Stop that program, or set ALMANAC_PORT to another port.', subject: { port: config.http.port }, status: 500, cause },
      );
    });
    logger.info({ address: await app.getUrl(), queue: queue.driver }, 'listening');
  } catch (error) {
    await stop();
    throw error;
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      void stop().then(() => process.exit(0));
    });
  }
}

try {
  await start();
} catch (error) {
  process.stderr.write(`The API could not start: ${explainError(error)}\n`);
  process.exit(1);
}
