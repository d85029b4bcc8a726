/** Starts the real API and worker as processes of their own, on a free loopback port, over a database made for the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { createTestDatabase } from './database.js';
import { placeInstallation } from './installation.js';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/dist\/?$/, '');

export interface RunningAlmanac {
  client: AlmanacClient;
  url: string;
  apiKey: string;
  databaseUrl: string;
  home: string;
  /** An address that signs a browser in as an admin, once. */
  signInAddress(): Promise<string>;
  /** Kills the worker, and what computes for it, as a machine that loses its power does. */
  killWorker(): Promise<void>;
  startWorker(): void;
  /** How many of its programs have ended by themselves. */
  dead(): number;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/**
 * @param env overrides of the environment, e.g. REDIS_URL
 * @param options.server address of the Postgres server, where no test asks for it
 * @param options.fixture folder of an earlier version's installation (see installation.ts), to start on instead of nothing
 */
export async function startAlmanac(
  env: Record<string, string> = {},
  { server, fixture }: { server?: string | undefined; fixture?: string } = {},
): Promise<RunningAlmanac> {
  const database = await createTestDatabase({ server, migrated: fixture === undefined });
  const home = mkdtempSync(join(tmpdir(), 'almanac-home-'));
  if (fixture !== undefined) await placeInstallation(database.url, home, fixture);
  const port = await freePort();
  const apiKey = `alm_test_${'k'.repeat(24)}`;
  const children: { child: ChildProcess; log: string }[] = [];
  const launch = (name: string): void => {
    const log = join(home, `${name}.log`);
    const child = spawn(process.execPath, [join(root, `apps/${name}/dist/main.js`)], {
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        ALMANAC_HOME: home,
        ALMANAC_PORT: String(port),
        ALMANAC_ADMIN_KEY: apiKey,
        REDIS_URL: '',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(log);
    child.stdout.pipe(file);
    child.stderr.pipe(file);
    children.push({ child, log });
  };
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await ended;
        clearTimeout(force);
      }),
    );
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  };

  const killWorker = async (): Promise<void> => {
    const worker = children.findLast(({ log }) => log.endsWith('worker.log'))!.child;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGKILL');
    await ended;
    children.splice(
      children.findIndex(({ child }) => child === worker),
      1,
    );
  };

  const url = `http://127.0.0.1:${port}`;
  const client = createClient({ baseUrl: url, apiKey });
  try {
    launch('api');
    await answers(() => client.call('health', {}), children);
    launch('worker');
    await answers(async () => {
      const { workers } = await client.call('systemStatus', {});
      if (workers.length === 0) throw new Error('no worker yet');
    }, children);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    client,
    url,
    apiKey,
    databaseUrl: database.url,
    signInAddress: async () => `${url}/#link=${(await client.call('createSignInLink', {})).token}`,
    home,
    killWorker,
    startWorker: () => launch('worker'),
    dead: () => children.filter(({ child }) => child.exitCode !== null || child.signalCode !== null).length,
    stop,
  };
}

async function answers(ask: () => Promise<unknown>, children: { child: ChildProcess; log: string }[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await ask();
      return;
    } catch (error) {
      const dead = children.find(({ child }) => child.exitCode !== null);
      if (dead || attempt > 400)
        throw new Error(`Almanac did not start: ${dead ? readFileSync(dead.log, 'utf8') : String(error)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
