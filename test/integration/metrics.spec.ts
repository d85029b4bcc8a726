/** What Prometheus collects from API and worker, and that dashboards and alerts ask for nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';

const infra = fileURLToPath(new URL('../../infra/observability/', import.meta.url));

let almanac: RunningAlmanac;
const served = { api: '', worker: '' };

/** The port is one that was free: the log says which. */
async function collect(program: 'api' | 'worker'): Promise<string> {
  const log = readFileSync(join(almanac.home, `${program}.log`), 'utf8');
  const { port } = JSON.parse(log.split('\n').find((line) => line.includes('metrics are served'))!) as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  return response.text();
}

beforeAll(async () => {
  almanac = await startAlmanac({ ALMANAC_METRICS_PORT: '0' });
  const { client } = almanac;
  const rows = Array.from({ length: 60 }, (_, t) => `a,${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${10 + (t % 7)}`);
  const body = ['unique_id,ds,y', ...rows].join('\n');
  const { runId } = await client.upload(new Blob([body]), 'sales.csv', { dataset: 'sales' });
  await client.waitForRun(runId);
  await client.waitForRun((await client.call('train', { body: { dataset: 'sales', model: 'sales', kind: 'theta', horizon: 7 } })).id);
  await client.waitForRun((await client.call('forecast', { body: { model: 'sales' } })).id);
  await client.call('getRun', { params: { runId: '00000000-0000-4000-8000-000000000000' } }).catch(() => undefined);
  for (const program of ['api', 'worker'] as const) served[program] = await collect(program);
});
afterAll(() => almanac?.stop());

/** The value of a figure with these labels among its own, in whatever order. */
function figure(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const line = text
    .split('\n')
    .find(
      (one) =>
        new RegExp(`^${name}[{ ]`).test(one) && Object.entries(labels).every(([label, value]) => one.includes(`${label}="${value}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

it('counts what ended and how long it took, rows, requests by route and status, and how old the forecast is', () => {
  const { api, worker } = served;
  expect(figure(worker, 'almanac_runs_ended_total', { kind: 'forecast', status: 'succeeded' })).toBe(1);
  expect(figure(worker, 'almanac_run_duration_seconds_count', { kind: 'train', status: 'succeeded' })).toBe(1);
  expect(figure(worker, 'almanac_ingested_rows_total')).toBe(60);
  expect(figure(worker, 'almanac_engine_info')).toBe(1);
  const missing = { method: 'GET', route: '/v1/runs/:runId', status: '404' };
  expect(figure(api, 'almanac_http_request_duration_seconds_count', missing)).toBe(1);
  const age = figure(api, 'almanac_forecast_age_seconds', { workspace: 'default', dataset: 'sales', model: 'sales' });
  expect(age).toBeGreaterThan(0);
  expect(figure(api, 'almanac_workers')).toBe(1);
  expect(figure(api, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
});

it('is not on the port of the API', async () => {
  expect((await fetch(`${almanac.url}/metrics`)).headers.get('content-type')).not.toContain('version=0.0.4');
});

it('has every figure that the dashboards and alerts ask for', () => {
  const known = new Set(
    [...`${served.api}\n${served.worker}`.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? ['', '_count', '_sum', '_bucket'].map((part) => name + part) : [name],
    ),
  );
  const asked = readdirSync(infra).flatMap(
    (file) => readFileSync(join(infra, file), 'utf8').match(/\b(?:almanac|process|nodejs)_\w+/g) ?? [],
  );
  expect(asked.length).toBeGreaterThan(20);
  expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
});
