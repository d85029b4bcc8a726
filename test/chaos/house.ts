/** A whole Almanac whose parts can be killed with SIGKILL and started again: Postgres, the API, a worker and a second one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AlmanacClient, createClient, type Run, run } from '@almanac/contracts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@almanac/platform';
import { Gateway } from './gateway.js';

type Program = 'api' | 'worker' | 'helper';
export type Part = Program | 'postgres';
/** As long as the supervisor of `npm start` waits. */
const RESTART_MS = 1_000;
const KEY = `alm_${'c'.repeat(32)}`;
/** Of a machine that may have much else to do. */
const READY_PATIENCE_MS = 600_000;

export interface HouseOptions {
  /** An empty folder for all its data; one of its own unless given. */
  home?: string;
  /** The programs reach PostgreSQL through one that can refuse them. */
  gateway?: boolean;
  /** Programs that end are started again by themselves. */
  supervised?: boolean;
}

export class House {
  gateway: Gateway | undefined;
  private tornDown = false;
  /** Not where the disk may be full. */
  private readonly logs = mkdtempSync(join(tmpdir(), 'almanac-chaos-logs-'));
  readonly client: AlmanacClient;
  readonly url: string;
  /** An admin key. */
  readonly key = KEY;
  private postgres: EmbeddedPostgres | undefined;
  private readonly programs = new Map<Program, ChildProcess>();

  private constructor(
    readonly home: string,
    private readonly port: number,
    private readonly extraEnv: Record<string, string>,
    private readonly supervised: boolean,
    /** Its folder is somebody else's. */
    private readonly lent: boolean,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.client = createClient({ baseUrl: this.url, apiKey: KEY });
  }

  /** @param env for the API and the workers, e.g. REDIS_URL @param workers one, or two */
  static async build(env: Record<string, string> = {}, workers: 1 | 2 = 1, options: HouseOptions = {}): Promise<House> {
    const home = options.home ?? mkdtempSync(join(tmpdir(), 'almanac-chaos-'));
    chmodSync(home, 0o755);
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    const house = new House(home, port, env, options.supervised ?? false, options.home !== undefined);
    process.once('exit', () => house.programs.forEach((child) => child.kill('SIGKILL')));
    await house.start('postgres');
    if (options.gateway) house.gateway = await Gateway.build(() => house.databaseUrl);
    await house.start('api');
    await house.start('worker');
    if (workers === 2) await house.start('helper');
    return house;
  }

  get databaseUrl(): string {
    return this.postgres!.url;
  }

  async start(part: Part): Promise<void> {
    if (part === 'postgres') {
      // A small disk has room for a small log.
      this.postgres = await startEmbeddedPostgres({ home: this.home, ...(this.supervised ? { settings: { max_wal_size: '128MB' } } : {}) });
      return;
    }
    const main = fileURLToPath(new URL(`../../../apps/${part === 'helper' ? 'worker' : part}/dist/main.js`, import.meta.url));
    const env = {
      ...process.env,
      DATABASE_URL: this.gateway?.url ?? this.databaseUrl,
      REDIS_URL: '',
      ALMANAC_HOME: this.home,
      ALMANAC_PORT: String(this.port),
      ALMANAC_ADMIN_KEY: KEY,
      ...this.extraEnv,
    };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(this.logs, `${part}.log`), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.programs.set(part, child);
    if (this.supervised)
      child.once('exit', () => setTimeout(() => this.tornDown || void this.start(part).catch(() => undefined), RESTART_MS));
    if (part === 'api' && !this.restarting) await this.untilReady();
    if (this.supervised && part === 'api') this.restarting = true;
  }

  /** Bytes that a program holds in memory now. */
  memoryOf(part: Program): number {
    const status = readFileSync(`/proc/${this.programs.get(part)!.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** At once; where it is supervised it comes back by itself. */
  kill(part: Program): Promise<void> {
    return kill(this.programs.get(part)!);
  }

  /** It comes back by itself. */
  async killPostgres(): Promise<void> {
    process.kill(Number(readFileSync(join(this.postgres!.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await sleep(0);
  }

  /** Asks for a forecast; the same key is the same run. */
  async ask(key: string, body: object, signal: AbortSignal): Promise<Run> {
    const answer = await fetch(`${this.url}/v1/forecasts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal,
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return run.parse(await answer.json());
  }

  /** A dataset to try whether something can be written. */
  async probe(): Promise<string> {
    this.probed ??= (async () => {
      const file = new Blob(['unique_id,ds,y\nprobe,2023-11-14T00:00:00Z,0\n']);
      const { runId } = await this.client.upload(file, 'probe.csv', { dataset: 'probe', frequency: 'h' });
      await this.client.waitForRun(runId);
      return 'probe';
    })();
    return this.probed;
  }
  private probed: Promise<string> | undefined;
  private restarting = false;

  /** Kills a part at once and starts it again. A program that could not live without it is started again too. */
  async crash(part: Part): Promise<void> {
    const { url } = this.postgres!;
    if (part === 'postgres') {
      process.kill(Number(readFileSync(join(this.postgres!.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      await this.postgres!.stop();
    } else {
      await kill(this.programs.get(part)!);
    }
    await this.start(part);
    // Somebody else has taken its port meanwhile: a supervisor would start the programs with the new address.
    if (this.postgres!.url !== url) for (const program of this.programs.values()) await kill(program);
    await this.revive();
  }

  /** What a supervisor does: a program that ended is started again. */
  async revive(): Promise<void> {
    for (const [part, child] of this.programs) if (child.exitCode !== null || child.signalCode !== null) await this.start(part);
    await this.untilReady();
  }

  logOf(part: Part): string {
    return readFileSync(
      join(part === 'postgres' ? this.postgres!.folder : this.logs, part === 'postgres' ? 'server.log' : `${part}.log`),
      'utf8',
    );
  }

  async tearDown(): Promise<void> {
    this.tornDown = true;
    await this.gateway?.refuse();
    for (const child of this.programs.values()) child.kill('SIGKILL');
    await this.postgres?.stop();
    rmSync(this.logs, { recursive: true, force: true });
    if (!this.lent) rmSync(this.home, { recursive: true, force: true });
    if (this.postgres) rmSync(this.postgres.folder, { recursive: true, force: true });
  }

  private async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_PATIENCE_MS;
    for (;;) {
      // A question that needs the database, so that ready means ready.
      if (
        await this.client.call('listRuns', {}).then(
          () => true,
          () => false,
        )
      )
        return;
      if (Date.now() > deadline)
        throw new Error(`The API was not ready within ${READY_PATIENCE_MS / 1000} s.\n${this.logOf('api').slice(-2000)}`);
      await sleep(100);
    }
  }
}

/** At once; resolves when it is gone. */
async function kill(child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGKILL');
  await gone;
}
