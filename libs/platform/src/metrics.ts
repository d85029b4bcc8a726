/**
 * Figures of a program for Prometheus, served at `/metrics` on a port of its own, so that they are reached from where they are collected
 * and not from where the API is. Off unless a port is set.
 *
 * Source of the names and units: https://prometheus.io/docs/practices/naming (seconds, bytes, `_total` for what only grows).
 */
import { createServer } from 'node:http';
import { AlmanacError } from '@almanac/series';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, type Registry };

/** The process itself: CPU, memory, event loop, garbage collection. */
export function createRegistry(program: 'api' | 'worker'): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ program });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** @throws AlmanacError PORT_IN_USE, PORT_NOT_USABLE */
export async function serveMetrics(
  registry: Registry,
  { host, port }: { host: string; port: number },
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics' || request.method !== 'GET') return void response.writeHead(404).end();
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) =>
        response.writeHead(503, { 'content-type': 'text/plain' }).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      reject(
        new AlmanacError(
          taken ? 'PORT_IN_USE' : 'PORT_NOT_USABLE',
          `The metrics cannot be served on ${host}:${port}: ${taken ? 'another program listens there' : cause.message}.`,
          {
            hint: 'Set ALMANAC_METRICS_PORT to another port; API and workers of one machine need one each.',
            subject: { port },
            status: 500,
            cause,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
