/**
 * `load [--clients N] [--minutes N] [--pause MS] [--uploads SHARE]`: so many clients at once read, append and upload, each with
 * a pause between two requests (a second unless given; 0 for none). By default 200 clients for ten minutes, of whose requests nine
 * in ten are reads (charts, series, datasets, runs, forecasts), the rest appends, and two in a thousand uploads that a worker reads.
 * Beside each number stands what is allowed: no errors, 150 ms for 99 of 100 reads, and the memory of the API at the start.
 */
import type { Run } from '@almanac/contracts';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { House } from '../chaos/house.js';
import type { Bench, BenchRow } from './bench.js';
import { option } from './measure.js';

const DATASETS = 10;
const SERIES = 20;
const HOURS = 500;
const FIRST_HOUR = 475_000;
const READS = 0.9;
const READ_P99_MS = 150;
/** Before memory is looked at for the first time. */
const WARM_MS = 20_000;
const MEGABYTE = 2 ** 20;

const at = (step: number): string => new Date((FIRST_HOUR + step) * 3_600_000).toISOString();
const any = (n: number): number => Math.floor(Math.random() * n);
const csv = (rows: readonly string[]): string => `unique_id,ds,y\n${rows.join('\n')}\n`;

interface Ask {
  kind: 'read' | 'append' | 'upload';
  method: 'GET' | 'POST';
  path: string;
  type?: string;
  body?: string;
}

const READ_PATHS = (): string[] => [
  `/v1/datasets/load-${any(DATASETS)}/series/s${any(SERIES)}/observations?maxPoints=500`,
  `/v1/datasets/load-${any(DATASETS)}/series?limit=50`,
  `/v1/datasets/load-${any(DATASETS)}`,
  '/v1/datasets',
  '/v1/runs?limit=50',
  `/v1/forecasts/latest?dataset=load-0&uniqueId=s${any(SERIES)}`,
];

function nextAsk(client: number, no: number, uploads: number): Ask {
  const dice = Math.random();
  if (dice < uploads) {
    const rows = Array.from({ length: 200 }, (_, t) => `c${client}-${no},${at(t)},${t}`);
    return {
      kind: 'upload',
      method: 'POST',
      path: `/v1/uploads?dataset=uploads-${client % DATASETS}&frequency=h`,
      type: 'application/octet-stream',
      body: csv(rows),
    };
  }
  const paths = READ_PATHS();
  if (dice < READS) return { kind: 'read', method: 'GET', path: paths[any(paths.length)]! };
  const body = JSON.stringify([{ unique_id: `s${any(SERIES)}`, ds: at(HOURS + no), y: dice }]);
  return { kind: 'append', method: 'POST', path: `/v1/datasets/load-${any(DATASETS)}/observations`, type: 'application/json', body };
}

interface Measured {
  ms: Record<Ask['kind'], number[]>;
  faults: Map<string, number>;
}

async function prepare({ client }: House): Promise<void> {
  const rows = Array.from({ length: SERIES * HOURS }, (_, i) => `s${i % SERIES},${at(Math.floor(i / SERIES))},${i % 24}`);
  for (let i = 0; i < DATASETS; i += 1) {
    const { runId } = await client.upload(new Blob([csv(rows)]), 'load.csv', { dataset: `load-${i}`, frequency: 'h' });
    await succeeded(client.waitForRun(runId));
  }
  const model = { dataset: 'load-0', kind: 'seasonalNaive', model: 'load', horizon: 24 };
  await succeeded(client.waitForRun((await client.call('train', { body: model })).id));
  await succeeded(client.waitForRun((await client.call('forecast', { body: { model: 'load' } })).id));
}

async function succeeded(ended: Promise<Run>): Promise<void> {
  const { status, error } = await ended;
  if (status !== 'succeeded') throw new Error(`A run that prepares the bench ${status}: ${JSON.stringify(error)}`);
}

/** Sends one request and reads its answer to the end. */
function send(house: House, agent: Agent, { method, path, type, body }: Ask): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${house.key}`,
      ...(type ? { 'content-type': type, 'content-length': Buffer.byteLength(body!) } : {}),
    };
    const asked = request(`${house.url}${path}`, { method, agent, headers }, (answer) => {
      const failed = answer.statusCode! >= 400;
      let text = '';
      answer.on('data', (chunk: Buffer) => failed && (text += chunk.toString()));
      answer.on('end', () =>
        resolve(failed ? `${answer.statusCode} ${/"code":"(\w+)"/.exec(text)?.[1]} ${method} ${path.split('?')[0]}` : undefined),
      );
      answer.on('error', (error) => resolve(error.message));
    });
    asked.on('error', (error) => resolve(error.message));
    asked.end(body);
  });
}

async function keepAsking(
  house: House,
  agent: Agent,
  no: number,
  until: number,
  pause: number,
  uploads: number,
  found: Measured,
): Promise<void> {
  await sleep(Math.random() * pause);
  for (let i = 0; Date.now() < until; i += 1) {
    const ask = nextAsk(no, i, uploads);
    const start = performance.now();
    const fault = await send(house, agent, ask);
    if (fault === undefined) found.ms[ask.kind].push(performance.now() - start);
    else found.faults.set(fault, (found.faults.get(fault) ?? 0) + 1);
    if (pause > 0) await sleep(pause * (0.5 + Math.random()));
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export const load: Bench = {
  name: 'load',
  summary: 'many clients that read, append and upload at once: errors, how long reads take, whether memory grows',
  async run(args): Promise<BenchRow[]> {
    const [clients, minutes, pause, uploads] = [
      Number(option(args, 'clients') ?? 200),
      Number(option(args, 'minutes') ?? 10),
      Number(option(args, 'pause') ?? 1000),
      Number(option(args, 'uploads') ?? 0.002),
    ];
    const house = await House.build({ ALMANAC_QUOTAS: 'callerRequestsPerMinute=unlimited,requestsPerMinute=unlimited' });
    const agent = new Agent({ keepAlive: true, maxSockets: clients });
    try {
      await prepare(house);
      const found: Measured = { ms: { read: [], append: [], upload: [] }, faults: new Map() };
      const until = Date.now() + minutes * 60_000;
      const all = Promise.all(Array.from({ length: clients }, (_, no) => keepAsking(house, agent, no, until, pause, uploads, found)));
      await Promise.race([sleep(WARM_MS), all]);
      const before = house.memoryOf('api');
      await all;
      const after = house.memoryOf('api');
      return rowsOf(found, before / MEGABYTE, after / MEGABYTE, minutes);
    } finally {
      agent.destroy();
      await house.tearDown();
    }
  },
};

function rowsOf({ ms, faults }: Measured, before: number, after: number, minutes: number): BenchRow[] {
  for (const [fault, times] of [...faults].sort((a, b) => b[1] - a[1]).slice(0, 10)) console.log(`  ${times} × ${fault}`);
  const failed = [...faults.values()].reduce((sum, times) => sum + times, 0);
  const done = ms.read.length + ms.append.length + ms.upload.length;
  console.log(`${done} requests answered, ${(done / minutes / 60).toFixed(0)} a second; ${failed} failed`);
  const rows: BenchRow[] = [
    {
      case: 'requests that failed',
      ours: failed,
      peer: done + failed,
      peerName: 'all requests',
      unit: 'requests',
      ratio: failed / (done + failed),
    },
    { case: 'memory of the API at the end', ours: after, peer: before, peerName: 'at the start', unit: 'MB', ratio: after / before },
  ];
  for (const kind of ['read', 'append', 'upload'] as const)
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      if (ms[kind].length === 0) continue;
      const ours = quantile(ms[kind], share);
      rows.push({
        case: `${kind}s, ${name}`,
        ours,
        peer: READ_P99_MS,
        peerName: 'allowed for the p99 of reads',
        unit: 'ms',
        ratio: ours / READ_P99_MS,
      });
    }
  return rows;
}
