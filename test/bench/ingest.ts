/**
 * `ingest [--rows N] [--series N] [--rounds N]`: a CSV file in series order goes through the HTTP API into the
 * store, beside `COPY … FROM STDIN (FORMAT csv)` of the same file into a plain table with its primary key, on the same
 * server, in turns. Then what both take on disk, and how long reading all of it back takes. By default 10 million
 * observations over 10,000 series.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AlmanacClient, createClient, ingestResult } from '@almanac/contracts';
import { startEmbeddedPostgres } from '@almanac/platform';
import { openStore } from '@almanac/store';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Bench, BenchRow } from './bench.js';
import { option } from './measure.js';

const KEY = `alm_${'b'.repeat(32)}`;
const PEER = 'COPY csv into a table with its primary key';
const HOUR_MS = 3_600_000;
const START = Date.UTC(2020, 0, 1);
/** Series whose rows the peer selects at once: all rows of the table would not fit into a process. */
const SERIES_PER_SELECT = 500;

interface Sizes {
  series: number;
  length: number;
  rounds: number;
}

/** `series_id,ts,value`, in series order: hourly, whole hundredths, a daily wave on a walk. */
async function writeCsv(path: string, { series, length }: Sizes): Promise<void> {
  const times = Array.from({ length }, (_, t) => new Date(START + t * HOUR_MS).toISOString().replace('T', ' ').replace('.000Z', '+00'));
  const file = createWriteStream(path);
  file.write('series_id,ts,value\n');
  for (let i = 0; i < series; i += 1) {
    let level = i;
    let lines = '';
    for (let t = 0; t < length; t += 1) {
      level += ((t * 2654435761 + i * 40503) % 201) - 100;
      lines += `${i},${times[t]},${Math.round(100 * (1000 * Math.sin((2 * Math.PI * t) / 24) + level)) / 100}\n`;
    }
    if (!file.write(lines)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

async function upload(client: AlmanacClient, csv: string, dataset: string): Promise<void> {
  const options = { dataset, idColumn: 'series_id', timeColumn: 'ts', valueColumn: 'value', frequency: 'h' };
  const { runId } = await client.uploadStream(createReadStream(csv, { highWaterMark: 1 << 20 }), 'bench.csv', options);
  const run = await client.waitForRun(runId);
  if (run.error) throw new Error(`${run.error.code}: ${run.error.detail}`);
  const { findings } = ingestResult.parse(run.result);
  console.log(`  ${dataset}: the worker read ${findings.rowsPerSecond.toLocaleString('en')} rows/s before it wrote`);
}

async function copy(pool: pg.Pool, csv: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('DROP TABLE IF EXISTS peer');
    await client.query('CREATE TABLE peer (series_id integer, ts timestamptz, value float8, PRIMARY KEY (series_id, ts))');
    await pipeline(createReadStream(csv, { highWaterMark: 1 << 20 }), client.query(copyFrom('COPY peer FROM STDIN (FORMAT csv, HEADER)')));
  } finally {
    client.release();
  }
}

async function readOurs(databaseUrl: string, dataset: string): Promise<number> {
  const store = await openStore({ databaseUrl });
  const { id } = await store.datasets.get(dataset);
  let sum = 0;
  const taken = await seconds(async () => {
    for await (const { values } of store.series.readPanel(id)) for (const value of values) sum += value;
  });
  await store.close();
  console.log(`  ours sums up to ${sum.toFixed(2)}`);
  return taken;
}

async function readPeer(pool: pg.Pool, { series }: Sizes): Promise<number> {
  let sum = 0;
  const taken = await seconds(async () => {
    for (let from = 0; from < series; from += SERIES_PER_SELECT) {
      const text = 'SELECT series_id, ts, value FROM peer WHERE series_id >= $1 AND series_id < $2 ORDER BY series_id, ts';
      const { rows } = await pool.query<[number, Date, number]>({ text, values: [from, from + SERIES_PER_SELECT], rowMode: 'array' });
      for (const row of rows) sum += row[2];
    }
  });
  console.log(`  the peer sums up to ${sum.toFixed(2)}`);
  return taken;
}

async function sizeOf(pool: pg.Pool, tables: readonly string[]): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    'SELECT sum(pg_total_relation_size(name::regclass)) AS bytes FROM unnest($1::text[]) name',
    [tables],
  );
  return Number(rows[0]!.bytes) / 2 ** 20;
}

/** The most memory that a process ever held, in MB; Linux only. */
function peakMemory(child: ChildProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

function launch(name: 'api' | 'worker', databaseUrl: string, home: string, port: number): ChildProcess {
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    REDIS_URL: '',
    ALMANAC_HOME: home,
    ALMANAC_PORT: String(port),
    ALMANAC_ADMIN_KEY: KEY,
    ALMANAC_LOG_LEVEL: 'warn',
    ALMANAC_ENGINE: 'wasm',
  };
  return spawn(process.execPath, [fileURLToPath(new URL(`../../../apps/${name}/dist/main.js`, import.meta.url))], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await holds().catch(() => false)) return;
    await sleep(100);
  }
  throw new Error(`${what} did not start.`);
}

async function compare(databaseUrl: string, home: string, sizes: Sizes): Promise<BenchRow[]> {
  const csv = join(home, 'bench.csv');
  await writeCsv(csv, sizes);
  const observations = sizes.series * sizes.length;
  console.log(`${observations.toLocaleString('en')} observations, a file of ${(statSync(csv).size / 2 ** 20).toFixed(0)} MB`);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const port = await freePort();
  const children = [launch('api', databaseUrl, home, port)];
  try {
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: KEY });
    await until('The API', async () => Boolean(await client.call('health', {})));
    children.push(launch('worker', databaseUrl, home, port));
    await until('The worker', async () => (await client.call('systemStatus', {})).workers.length > 0);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round < sizes.rounds; round += 1) {
      if (round > 0) await client.call('deleteDataset', { params: { dataset: `bench-${round - 1}` } });
      ours.push(await seconds(() => upload(client, csv, `bench-${round}`)));
      peer.push(await seconds(() => copy(pool, csv)));
      console.log(`  round ${round + 1}: ours ${ours.at(-1)!.toFixed(1)} s, COPY ${peer.at(-1)!.toFixed(1)} s`);
    }
    const apiMemory = peakMemory(children[0]!);
    if (sizes.rounds > 1) await pool.query('VACUUM FULL series_chunk');
    const [oursMb, peerMb] = [
      await sizeOf(pool, ['series_chunk', 'series', 'dataset', 'dataset_version', 'grid_step']),
      await sizeOf(pool, ['peer']),
    ];
    const reads = { ours: [] as number[], peer: [] as number[] };
    for (let round = 0; round < 2; round += 1) {
      reads.ours.push(await readOurs(databaseUrl, `bench-${sizes.rounds - 1}`));
      reads.peer.push(await readPeer(pool, sizes));
    }
    const label = `${observations / 1e6} million observations, ${sizes.series} series`;
    const row = (what: string, a: number, b: number, peerName: string, unit: string): BenchRow => ({
      case: `${what}, ${label}`,
      ours: a,
      peer: b,
      peerName,
      unit,
      ratio: a / b,
    });
    return [
      row('upload over HTTP until it is stored', Math.min(...ours), Math.min(...peer), PEER, 's'),
      row('on disk with indexes and TOAST', oursMb, peerMb, 'the table and its primary key', 'MB'),
      row('reading all of it back', Math.min(...reads.ours), Math.min(...reads.peer), "SELECT in key order, rowMode 'array'", 's'),
      row('memory of the API, most of all', apiMemory, 300, 'what it may take', 'MB'),
    ];
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    await pool.end();
  }
}

export const ingest: Bench = {
  name: 'ingest',
  summary: 'a CSV file through the API into the store, beside COPY of the same file into a plain table',
  async run(args) {
    const series = Number(option(args, 'series') ?? 10_000);
    const observations = Number(option(args, 'rows') ?? 10_000_000);
    const sizes = { series, length: Math.max(1, Math.round(observations / series)), rounds: Number(option(args, 'rounds') ?? 1) };
    const home = mkdtempSync(join(tmpdir(), 'almanac-bench-ingest-'));
    chmodSync(home, 0o755);
    const server = await startEmbeddedPostgres({ home });
    try {
      return await compare(server.url, home, sizes);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
      rmSync(server.folder, { recursive: true, force: true });
    }
  },
};
