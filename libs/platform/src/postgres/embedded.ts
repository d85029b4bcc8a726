/**
 * The embedded Postgres: the server that npm installed, started in a folder of ours and stopped with us.
 *
 * Invariants: one server per folder, held by a lock, and started again when it ends by itself; it listens on 127.0.0.1 only,
 * with a password; a server left behind by a killed process is stopped before a new one starts; a half-made data folder is
 * never used.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { findBinaries, identity, writableFolder, type Binaries, type Identity } from './binaries.js';
import { isHeld, lockFolder } from './folderLock.js';
import { keepRunning } from './keepRunning.js';
import { stopLeftover } from './leftover.js';
import { serverSettings } from './settings.js';

const USER = 'almanac';
const DATABASE = 'almanac';
const START_PATIENCE_MS = 5 * 60_000;
const STOP_PATIENCE_MS = 30_000;
/** Times a start is tried: another port was taken meanwhile, or a killed server's last processes are still going. */
const START_ATTEMPTS = 20;
const LOG_LIMIT = 16 * 1024 * 1024;

export interface EmbeddedPostgresOptions {
  /** Data folder of Almanac; the server lives in `postgres/` below it. */
  home: string;
  /** Fixed port; otherwise the one of the last start, or a free one. */
  port?: number;
  /** Server settings that win over ours, e.g. `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>;
  /** Receives what happens, one line at a time. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** postgres://user:password@127.0.0.1:port/database */
  url: string;
  /** Where its data and log are; for root not always below `home`. */
  folder: string;
  /** Stops the server (fast shutdown: open transactions roll back) and lets the folder go. Safe to call twice. */
  stop(): Promise<void>;
}

interface Place {
  data: string;
  logFile: string;
  stateFile: string;
  as: Identity;
  binaries: Binaries;
}

interface State {
  port: number | null;
  password: string;
}

/** @throws AlmanacError HOME_IN_USE, HOME_NOT_WRITABLE, PORT_IN_USE, POSTGRES_MISSING, POSTGRES_NOT_RUNNABLE, POSTGRES_NOT_STARTED */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? ((): void => undefined);
  const as = identity();
  const folder = writableFolder(resolve(options.home, 'postgres'), as);
  const unlock = lockFolder(folder);
  try {
    const place: Place = {
      data: join(folder, 'data'),
      logFile: join(folder, 'server.log'),
      stateFile: join(folder, 'server.json'),
      as,
      binaries: findBinaries(as),
    };
    const state = readState(place.stateFile);
    if (await stopLeftover(place.data)) log('Stopped a Postgres server that an earlier, killed Almanac had left behind.');
    if (!existsSync(place.data)) {
      log('Making a new Postgres database cluster.');
      makeCluster(place, state.password, folder);
    }
    const { child, port } = await startServer(place, options, state);
    writeFileSync(place.stateFile, JSON.stringify({ ...state, port }), { mode: 0o600 });
    // At the same port, for that is the address that everybody holds.
    const again = (): Promise<ChildProcess> => startServer(place, { ...options, port }, state).then((made) => made.child);
    const kept = keepRunning(child, again, log);
    const onExit = (): void => void kept.process?.kill('SIGINT');
    process.once('exit', onExit);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      const last = await kept.letEnd();
      if (last) await stopServer(last);
    };
    return {
      url: urlOf(state.password, port, DATABASE),
      folder,
      stop: () =>
        (stopping ??= stop().finally(() => {
          process.off('exit', onExit);
          unlock();
        })),
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Address of the server that a running Almanac keeps in this data folder; undefined where none runs. */
export function addressOfRunning(home: string): string | undefined {
  if (!hasCluster(home)) return undefined;
  const folder = writableFolder(resolve(home, 'postgres'), identity());
  const file = join(folder, 'server.json');
  const state = isHeld(folder) && existsSync(file) ? readState(file) : undefined;
  return state && state.port !== null ? urlOf(state.password, state.port, DATABASE) : undefined;
}

/** True where a server was started in this data folder before. */
export function hasCluster(home: string): boolean {
  return existsSync(home) && existsSync(join(writableFolder(resolve(home, 'postgres'), identity()), 'data'));
}

function readState(file: string): State {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as State;
  const state: State = { port: null, password: randomBytes(24).toString('base64url') };
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  return state;
}

/** Made under another name and renamed, so that an interrupted initdb leaves nothing that looks like data. */
function makeCluster(place: Place, password: string, folder: string): void {
  const partial = `${place.data}.new`;
  const passwordFile = join(folder, 'initdb-password');
  rmSync(partial, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (place.as.uid !== undefined) chownSync(passwordFile, place.as.uid, place.as.gid!);
  const args = ['-D', partial, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  const result = spawnSync(place.binaries.initdb, [...args, '--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions'], {
    ...place.as,
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) throw notStarted('initdb failed', result.error?.message ?? `${result.stdout}${result.stderr}`);
  renameSync(partial, place.data);
}

async function startServer(place: Place, options: EmbeddedPostgresOptions, state: State): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 0; ; attempt += 1) {
    const port = options.port ?? (await freePort(attempt === 0 ? state.port : null));
    if (options.port !== undefined && !(await isFree(port))) throw portInUse(port);
    const logStart = prepareLog(place);
    const fd = openSync(place.logFile, 'a');
    const child = spawn(place.binaries.postgres, ['-D', place.data, ...serverSettings(port, options.settings)], {
      ...place.as,
      cwd: place.data,
      // A group of its own: Ctrl-C must reach us first, so that whoever uses the server ends before it.
      detached: true,
      stdio: ['ignore', fd, fd],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    closeSync(fd);
    try {
      await waitUntilReady(child, state.password, port, options.log);
      return { child, port };
    } catch (error) {
      child.kill('SIGINT');
      if (isAlmanacError(error)) throw error;
      const said = readFileSync(place.logFile).subarray(logStart).toString().trim();
      const taken = /could not bind|Address already in use/.test(said);
      if (taken && options.port !== undefined) throw portInUse(port);
      const stillGoing = /pre-existing shared memory block/.test(said);
      if (stillGoing) await sleep(500);
      if (!(taken || stillGoing) || attempt === START_ATTEMPTS) throw notStarted('the server did not start', `${String(error)}\n${said}`);
    }
  }
}

async function waitUntilReady(child: ChildProcess, password: string, port: number, log?: (line: string) => void): Promise<void> {
  let failure: unknown;
  child.once('error', (error) => (failure = error));
  child.once('exit', (code, signal) => (failure ??= new Error(`postgres ended with ${signal ?? `exit code ${code}`}`)));
  const start = performance.now();
  let warned = false;
  for (;;) {
    if (failure !== undefined) throw failure;
    try {
      await makeDatabase(urlOf(password, port, 'postgres'));
      return;
    } catch (error) {
      if ((error as { code?: string }).code === '28P01') {
        throw new AlmanacError('POSTGRES_PASSWORD_LOST', 'The password kept in server.json does not open the database.', {
          hint: 'Put the server.json of this data folder back, or start with a new ALMANAC_HOME.',
        });
      }
      if (performance.now() - start > START_PATIENCE_MS) throw error;
      if (!warned && performance.now() - start > 5000) {
        warned = true;
        log?.('Postgres is recovering after a crash; this may take a minute.');
      }
    }
    await sleep(40);
  }
}

async function makeDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGINT');
  const patience = sleep(STOP_PATIENCE_MS, 'late', { ref: false });
  if ((await Promise.race([gone, patience])) === 'late') child.kill('SIGQUIT');
  await gone;
}

/** Empties a log grown large; returns where this start's lines begin. */
function prepareLog(place: Place): number {
  if (!existsSync(place.logFile)) return 0;
  const { size } = statSync(place.logFile);
  if (size <= LOG_LIMIT) return size;
  rmSync(place.logFile);
  return 0;
}

async function freePort(wanted: number | null): Promise<number> {
  if (wanted !== null && (await isFree(wanted))) return wanted;
  return (await tryListen(0))!;
}

async function isFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

function tryListen(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

function urlOf(password: string, port: number, database: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

function portInUse(port: number): AlmanacError {
  return new AlmanacError('PORT_IN_USE', `Port ${port} is in use, so Postgres cannot listen there.`, {
    hint: 'Choose another port, or none to have a free one found.',
    subject: { port },
  });
}

function notStarted(what: string, said: string): AlmanacError {
  return new AlmanacError('POSTGRES_NOT_STARTED', `Embedded Postgres: ${what}.\n${said.trim().slice(-2000)}`, {
    hint: /could not look up effective user ID/.test(said)
      ? 'PostgreSQL needs a user that the system knows: give this user an entry in /etc/passwd, or set DATABASE_URL to a server of your own.'
      : 'Read the lines above, or set DATABASE_URL to a server of your own.',
  });
}
