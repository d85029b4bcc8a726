/**
 * `query [--rows N] [--series-length N] [--rate N] [--seconds N] [--pixels N]`: a chart of one whole series, asked
 * for over HTTP at a steady rate, beside the SQL alone at the same rate, in turns: the minimum and maximum of each bucket
 * made by SQL, and the very statement that the API asks. By default one series of 100,000 points at 1,000 pixels out of
 * 100 million observations, 50 requests a second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, get as httpGet } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '@almanac/platform';
import { openStore, type SeriesPiece, type Store } from '@almanac/store';
import pg from 'pg';
import type { Bench, BenchRow } from './bench.js';
import { option } from './measure.js';

const DATASET = 'bench';
const KEY = `alm_${'b'.repeat(32)}`;
const ROUNDS = 4;

interface Sizes {
  series: number;
  length: number;
  rate: number;
  seconds: number;
  pixels: number;
}

function* pieces({ series, length }: Sizes): Generator<SeriesPiece, void> {
  for (let i = 0; i < series; i += 1) {
    const values = new Float64Array(length);
    let level = i;
    for (let t = 0; t < length; t += 1) {
      // A walk with a daily wave; whole hundredths, as prices and counts are.
      level += ((t * 2654435761 + i * 40503) % 201) - 100;
      values[t] = Math.round(100 * (1000 * Math.sin((2 * Math.PI * t) / 24) + level)) / 100;
    }
    yield { id: nameOf(i), firstStep: 0, values };
  }
}

const nameOf = (i: number): string => `series-${String(i).padStart(6, '0')}`;

async function load(store: Store, sizes: Sizes): Promise<string> {
  const start = performance.now();
  const { datasetId, observationCount } = await store.series.writeVersion({
    dataset: { name: DATASET, frequency: 'h', timeZone: 'UTC' },
    mode: 'append',
    pieces: pieces(sizes),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
  const seconds = (performance.now() - start) / 1000;
  console.log(`stored ${observationCount} observations in ${seconds.toFixed(1)} s, ${(observationCount / seconds / 1e6).toFixed(2)} M/s`);
  return datasetId;
}

/** Times of `ask`, called at a steady rate whether or not earlier answers have come: a slow one delays no other. */
async function atRate(sizes: Sizes, ask: (series: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  const open: Promise<void>[] = [];
  const start = performance.now();
  const total = sizes.rate * sizes.seconds;
  for (let i = 0; i < total; i += 1) {
    const due = start + (1000 * i) / sizes.rate;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const asked = performance.now();
    open.push(ask((i * 7919) % sizes.series).then(() => void times.push(performance.now() - asked)));
  }
  await Promise.all(open);
  return times;
}

const percentile = (times: number[], share: number): number => [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1]!;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function startApi(databaseUrl: string, home: string): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const main = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    REDIS_URL: '',
    ALMANAC_HOME: home,
    ALMANAC_PORT: String(port),
    ALMANAC_ADMIN_KEY: KEY,
  };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (
      await fetch(`${url}/v1/health`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return { url, child };
    await sleep(100);
  }
  throw new Error('The API did not start.');
}

/** The body's length; anything but 200 is an error. */
function fetchBody(agent: Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpGet(url, { agent, headers: { authorization: `Bearer ${KEY}` } }, (answer) => {
      let bytes = 0;
      answer.on('data', (data: Buffer) => (bytes += data.length));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(`The API answered ${answer.statusCode}.`))));
    }).on('error', reject);
  });
}

/** What a chart asks of SQL: minimum and maximum of each bucket, made by the server out of the stored arrays. */
function sqlFor({ length, pixels }: Sizes): string {
  const width = Math.ceil(length / (pixels / 2));
  return `SELECT (c.first_step + v.n - 1) / ${width} AS bucket, min(v.value), max(v.value)
    FROM dataset d JOIN series s ON s.dataset_id = d.id JOIN series_chunk c ON c.series_id = s.id AND c.channel = 0 AND c.valid_to IS NULL
    CROSS JOIN LATERAL unnest(c.values) WITH ORDINALITY v(value, n) WHERE d.name = '${DATASET}' AND s.unique_id = $1 GROUP BY 1 ORDER BY 1`;
}

async function compare(url: string, databaseUrl: string, sizes: Sizes): Promise<BenchRow[]> {
  const agent = new Agent({ keepAlive: true });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  const store = await openStore({ databaseUrl });
  const sql = sqlFor(sizes);
  const ask = {
    http: async (i: number): Promise<void> => {
      await fetchBody(agent, `${url}/v1/datasets/${DATASET}/series/${nameOf(i)}/observations?maxPoints=${sizes.pixels}`);
    },
    sql: async (i: number): Promise<void> => void (await pool.query({ text: sql, values: [nameOf(i)], rowMode: 'array' })),
    store: async (i: number): Promise<void> =>
      void (await store.series.readRange({ dataset: DATASET, uniqueId: nameOf(i) }, { maxPoints: sizes.pixels })),
  };
  const names = ['http', 'sql', 'store'] as const;
  const times: Record<(typeof names)[number], number[]> = { http: [], sql: [], store: [] };
  const brief = { ...sizes, seconds: Math.max(1, sizes.seconds / ROUNDS) };
  for (const name of names) await atRate({ ...sizes, seconds: 2 }, ask[name]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) times[name].push(...(await atRate(brief, ask[name])));
  }
  agent.destroy();
  await pool.end();
  await store.close();
  const rows: BenchRow[] = [];
  for (const [label, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [http, ...peers] = names.map((name) => percentile(times[name], share));
    for (const [i, peerName] of ['min and max by bucket in SQL', 'the statement of the API, no HTTP'].entries()) {
      const peer = peers[i]!;
      rows.push({
        case: `chart of ${sizes.length} points, HTTP ${label} at ${sizes.rate}/s`,
        ours: http!,
        peer,
        peerName,
        unit: 'ms',
        ratio: http! / peer,
      });
    }
  }
  return rows;
}

export const query: Bench = {
  name: 'query',
  summary: 'a chart over HTTP beside the SQL alone',
  async run(args) {
    const length = Number(option(args, 'series-length') ?? 100_000);
    const sizes: Sizes = {
      length,
      series: Math.max(1, Math.round(Number(option(args, 'rows') ?? 100_000_000) / length)),
      rate: Number(option(args, 'rate') ?? 50),
      seconds: Number(option(args, 'seconds') ?? 20),
      pixels: Number(option(args, 'pixels') ?? 1000),
    };
    const home = mkdtempSync(join(tmpdir(), 'almanac-bench-query-'));
    chmodSync(home, 0o755);
    const server = await startEmbeddedPostgres({ home });
    let api: ChildProcess | undefined;
    try {
      const store = await openStore({ databaseUrl: server.url });
      await load(store, sizes);
      await store.apiKeys.ensure({
        name: 'bench',
        prefix: 'alm_b',
        hash: createHash('sha256').update(KEY).digest('hex'),
        scopes: ['admin'],
      });
      await store.close();
      const started = await startApi(server.url, home);
      api = started.child;
      return await compare(started.url, server.url, sizes);
    } finally {
      if (api && api.exitCode === null) {
        api.kill('SIGTERM');
        await once(api, 'exit');
      }
      await server.stop();
      rmSync(home, { recursive: true, force: true });
      rmSync(server.folder, { recursive: true, force: true });
    }
  },
};
