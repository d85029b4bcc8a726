/**
 * Faults of every kind, one after the other, under load: a worker, the API, a process of PostgreSQL and PostgreSQL itself are
 * killed, connections to it are refused, the disk is full, the clocks jump.
 *
 * What must hold: nothing that was acknowledged is lost, nothing is there twice, and so many seconds after the end of a fault
 * everything works again. The table in docs/reliability.md is written here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { House } from './house.js';
import { Load, type Tally, type Verdict } from './load.js';

const HEALTHY_MS = 10_000;
const HOLD_MS = 4_000;
/** After so long PostgreSQL is started again at once when it ends; before, with growing pauses. */
const BETWEEN_MS = 11_000;
const DISK = '900m';
const JUMP_MS = 2 * 86_400_000;
const PATIENCE_MS = 300_000;
const docs = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url));

interface Fault {
  name: string;
  what: string;
  /** Resolves when the fault is over, with what has to be seen beside readiness. */
  strike(house: House, clock: string): Promise<{ workerSince?: Date }>;
}

interface Row {
  fault: Fault;
  times: number;
  tally: Tally;
  verdict: Verdict;
  healthyMs: number[];
}

const FAULTS: readonly Fault[] = [
  {
    name: 'worker',
    what: 'the worker is killed (SIGKILL)',
    async strike(house) {
      const workerSince = new Date();
      await house.kill('worker');
      return { workerSince };
    },
  },
  { name: 'api', what: 'the API is killed (SIGKILL)', strike: (house) => house.kill('api').then(() => ({})) },
  {
    name: 'backend',
    what: 'one process of PostgreSQL is killed (SIGKILL): the server restarts all of them',
    async strike(house) {
      const client = new pg.Client({ connectionString: house.databaseUrl });
      client.on('error', () => undefined);
      await client.connect();
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`,
      );
      if (rows[0]) process.kill(rows[0].pid, 'SIGKILL');
      await client.end().catch(() => undefined);
      return {};
    },
  },
  { name: 'postmaster', what: 'PostgreSQL itself is killed (SIGKILL)', strike: (house) => house.killPostgres().then(() => ({})) },
  {
    name: 'refused',
    what: `connections to PostgreSQL are cut and refused for ${HOLD_MS / 1000} s`,
    async strike(house) {
      await house.gateway!.refuse();
      await sleep(HOLD_MS);
      await house.gateway!.accept();
      return {};
    },
  },
  {
    name: 'disk',
    what: `the disk of the database and of the files is full for ${HOLD_MS / 1000} s`,
    async strike(house) {
      const ballast = join(house.home, 'ballast');
      const until = Date.now() + HOLD_MS;
      // Whatever somebody else frees meanwhile is taken as well.
      for (const file = openSync(ballast, 'a'); ;) {
        try {
          writeSync(file, Buffer.alloc(1 << 16));
        } catch {
          if (Date.now() > until) {
            closeSync(file);
            break;
          }
          await sleep(50);
        }
      }
      rmSync(ballast);
      return {};
    },
  },
  {
    name: 'clock',
    what: `the clocks of the API and the worker are two days ahead for ${HOLD_MS / 1000} s`,
    async strike(_, clock) {
      writeFileSync(clock, String(JUMP_MS));
      await sleep(HOLD_MS);
      writeFileSync(clock, '0');
      return {};
    },
  },
];

/** @param only names of faults; all unless given */
export async function faults(times: number, _seed: number, only: readonly string[]): Promise<boolean> {
  const wanted = only.length === 0 ? FAULTS : FAULTS.filter(({ name }) => only.includes(name));
  const disk = smallDisk();
  const clock = join(mkdtempSync(join(tmpdir(), 'almanac-clock-')), 'ahead');
  writeFileSync(clock, '0');
  const preload = fileURLToPath(new URL('../../chaos/clock.mjs', import.meta.url));
  const env = { CHAOS_CLOCK: clock, NODE_OPTIONS: `--import=${preload}`, ALMANAC_MIN_FREE_DISK_MB: '50', ALMANAC_THREADS: '1' };
  const house = await House.build(env, 1, { ...(disk ? { home: disk.folder } : {}), gateway: true, supervised: true });
  const rows: Row[] = [];
  try {
    await house.probe();
    for (const fault of wanted) {
      if (fault.name === 'disk' && !disk) console.error('No small disk can be mounted here (that is for root): a full one is not tried.');
      else rows.push(await under(house, fault, times, clock));
    }
  } finally {
    await house.tearDown();
    disk?.remove();
  }
  if (wanted.length === FAULTS.length) writeFileSync(docs, report(rows, times));
  console.log(table(rows).join('\n'));
  return rows.length === wanted.length && rows.every(isWell);
}

async function under(house: House, fault: Fault, times: number, clock: string): Promise<Row> {
  const load = await Load.begin(house, fault.name);
  const healthyMs: number[] = [];
  for (let time = 1; time <= times; time += 1) {
    await sleep(500 + Math.random() * 2000);
    const since = await fault.strike(house, clock);
    const over = Date.now();
    await healthy(house, since.workerSince);
    healthyMs.push(Date.now() - over);
    console.log(`${fault.name} ${time}: healthy after ${healthyMs.at(-1)} ms; ${JSON.stringify(load.tally)}`);
    if (time < times) await sleep(Math.max(0, over + BETWEEN_MS - Date.now()));
  }
  await load.end();
  const verdict = await load.judge();
  for (const one of [...verdict.lost, ...verdict.doubled]) console.error(`${fault.name}: ${one}`);
  return { fault, times, tally: load.tally, verdict, healthyMs };
}

/** Ready in every part, and able to write. */
async function healthy(house: House, workerSince: Date | undefined): Promise<void> {
  const { client } = house;
  const body = [{ unique_id: 'probe', ds: new Date(1_700_000_000_000 - (1_700_000_000_000 % 3_600_000)).toISOString(), y: 1 }];
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    const signal = AbortSignal.timeout(3_000);
    const well = await client.call('readyz', {}, signal).then(
      () => true,
      () => false,
    );
    if (!well) continue;
    if (workerSince) {
      const seen = await client.call('systemStatus', {}, signal).catch(() => undefined);
      if (!seen?.workers.some(({ startedAt }) => new Date(startedAt) >= workerSince)) continue;
    }
    const wrote = await client.call('appendObservations', { params: { dataset: await house.probe() }, body }, signal).then(
      () => true,
      () => false,
    );
    if (wrote) return;
  }
  throw new Error(`Nothing works ${PATIENCE_MS / 1000} s after the fault.\n${house.logOf('api').slice(-3000)}`);
}

const isWell = ({ verdict, healthyMs }: Row): boolean =>
  verdict.lost.length === 0 && verdict.doubled.length === 0 && Math.max(...healthyMs) <= HEALTHY_MS;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function table(rows: readonly Row[]): string[] {
  return [
    '| Fault | Times | Acknowledged: appends, uploads, runs | Sent again | Lost | Doubled | Healthy again: half within | all within |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows.map(({ fault, times, tally, verdict, healthyMs }) => {
      const sorted = healthyMs.toSorted((a, b) => a - b);
      const counts = [tally.appends, tally.uploads, tally.runs].join(', ');
      const times2 = [seconds(sorted[Math.floor((sorted.length - 1) / 2)]!), seconds(sorted.at(-1)!)];
      return `| ${[fault.what, times, counts, tally.again, verdict.lost.length, verdict.doubled.length, ...times2].join(' | ')} |`;
    }),
  ];
}

function report(rows: readonly Row[], times: number): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    '# Reliability',
    '',
    'Written by `npm run chaos -- faults`; do not edit. Clients append, upload and ask for forecasts without a pause, and send again what was not',
    `answered, while each fault strikes ${times} ${times === 1 ? 'time' : 'times'}. Afterwards everything that was acknowledged is looked for, and everything is counted. Healthy`,
    'again is when every part says that it is ready and a write is answered; the time runs from the end of the fault and includes starting the',
    `process anew. At most ${HEALTHY_MS / 1000} s are allowed, and nothing lost or doubled.`,
    '',
    ...table(rows),
    '',
    `${new Date().toISOString().slice(0, 10)}, ${machine}, commit ${commit}.`,
    '',
  ].join('\n');
}

/** A disk of its own that can be filled; undefined where none may be mounted. */
function smallDisk(): { folder: string; remove(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=755`, 'tmpfs', folder]);
  if (status !== 0) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const remove = (): void => {
    if (readFileSync('/proc/mounts', 'utf8').includes(` ${folder} `)) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return { folder, remove };
}
