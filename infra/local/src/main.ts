/**
 * `npm start [-- --exit] [-- --no-sample]`: Almanac on one machine. Starts Postgres (embedded, unless DATABASE_URL names
 * another), the API with the dashboard, and a worker; loads the sample on the first start; stops everything on Ctrl-C.
 *
 * Invariants: one supervisor per data folder; whatever it started is gone when it ends; nothing listens beyond loopback.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiError, createClient, explainError, type AlmanacClient } from '@almanac/contracts';
import { isLoopback, isProxied, loadConfig, refusePlainHttp, startEmbeddedPostgres } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { isRevoked, makeAnotherKey, prepareConnection } from './connection.js';
import { programUrl, type Program, startProgram } from './programs.js';
import { takeFolder } from './running.js';
import { loadSample } from './sample.js';
import { say } from './terminal.js';

const READY_PATIENCE_MS = 60_000;

/** Fails early, and clearly, when something else listens there. */
async function checkPort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AlmanacError(
          cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'PORT_NOT_USABLE',
          `Port ${port} on ${host} cannot be used: ${cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message}.`,
          {
            hint: `Stop that program, or choose another port: ALMANAC_PORT=${port + 1} npm start`,
            cause,
          },
        ),
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** Waits until `ready` answers without failing. */
async function until<T>(what: string, ready: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + READY_PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await ready();
      if (value !== undefined) return value;
    } catch (error) {
      if (error instanceof ApiError && error.problem.status < 500) throw error;
    }
    if (performance.now() > deadline)
      throw new AlmanacError('START_TIMED_OUT', `${what} was not ready within ${READY_PATIENCE_MS / 1000} s.`, {
        hint: 'Look into the logs folder of the data folder.',
      });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { exit: { type: 'boolean', default: false }, 'no-sample': { type: 'boolean', default: false } },
  });
  const config = loadConfig(process.env);
  const folder = takeFolder(config.home);
  const stopping = new AbortController();
  const running: { name: string; stop(): Promise<void> }[] = [];
  let failure: unknown;

  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (!stopping.signal.aborted) {
          say('\nStopping …');
          stopping.abort();
        }
        resolve();
      });
    }
  });
  const giveUp = (error: AlmanacError): void => {
    failure ??= error;
    stopping.abort(error);
    process.kill(process.pid, 'SIGTERM');
  };

  try {
    refusePlainHttp(config.http, isProxied(config));
    await checkPort(config.http.host, config.http.port);
    const databaseUrl = config.databaseUrl ?? (await startPostgres());
    // A certificate is for a name, which the address of the dashboard has.
    const { tls, publicUrl, host, port } = config.http;
    const url = tls ? (publicUrl ?? `https://${host}:${port}`) : `http://${host}:${port}`;
    let connection = prepareConnection(config.home, url);
    const env = { ...process.env, ALMANAC_HOME: config.home, DATABASE_URL: databaseUrl, ALMANAC_ADMIN_KEY: connection.apiKey };
    const program = (name: string, main: string): Program =>
      startProgram({ name, main: programUrl(main), env, logFile: join(config.home, 'logs', `${name}.log`), onGivenUp: giveUp });

    running.push(program('api', 'apps/api/dist/main.js'));
    let client = createClient({ baseUrl: url, apiKey: connection.apiKey });
    await until('The API', () => client.call('health', {}), stopping.signal);
    if (await isRevoked(client)) {
      makeAnotherKey(env);
      connection = prepareConnection(config.home, url);
      client = createClient({ baseUrl: url, apiKey: connection.apiKey });
      say(`The admin key of this data folder had been revoked; a new one is kept in ${join(config.home, 'connection.json')}.`);
    }
    folder.setAddress(url);
    say(`API and dashboard: ${url}`);
    running.push(program('worker', 'apps/worker/dist/main.js'));
    await sayWorker(client);
    if (connection.isNew) say(`Admin API key, shown this once and kept in ${join(config.home, 'connection.json')}: ${connection.apiKey}`);

    if (isLoopback(host) && !isProxied(config)) {
      const { token } = await client.call('createSignInLink', {});
      say(`Dashboard: ${url}/#link=${token}`);
      say('The link signs in once, for 15 minutes; npx almanac users link prints another one.');
    } else {
      say(`Dashboard: ${publicUrl ?? url}`);
      say('Others reach it, too, so people sign in with a password: npx almanac admin user EMAIL makes the first one.');
    }
    const sample = values['no-sample'] ? undefined : await sampleOf(client, values.exit);
    if (sample) say(`WQL ratio to ${sample.baseline || 'seasonal naive'}: ${sample.wqlRatio?.toFixed(2) ?? 'not defined'}`);
    if (!values.exit) {
      say('Ctrl-C stops everything; the data stays.');
      await interrupted;
    }
  } catch (error) {
    if (!stopping.signal.aborted) failure ??= error;
  } finally {
    for (const program of running.reverse()) await program.stop();
    folder.release();
  }
  if (failure !== undefined) throw failure;

  async function startPostgres(): Promise<string> {
    const server = await startEmbeddedPostgres({ home: config.home, log: say });
    running.push({ name: 'postgres', stop: () => server.stop() });
    say(`PostgreSQL (embedded), data in ${config.home}`);
    return server.url;
  }

  /** The sample is a guest: what becomes of it never stops the installation, unless a script waits for it. */
  async function sampleOf(client: AlmanacClient, mustSucceed: boolean): ReturnType<typeof loadSample> {
    say();
    try {
      return await loadSample(client, stopping.signal);
    } catch (error) {
      if (mustSucceed || stopping.signal.aborted) throw error;
      say(`The sample was not loaded. ${explainError(error)}`);
      say('Everything else works. The next start tries again; npm start -- --no-sample leaves it out.');
      return undefined;
    }
  }

  async function sayWorker(client: AlmanacClient): Promise<void> {
    const worker = await until('The worker', async () => (await client.call('systemStatus', {})).workers[0], stopping.signal);
    const engine = worker.engine;
    say(engine ? `Worker: ${engine.name} engine (${engine.variant}): ${engine.why}` : 'Worker: ready');
  }
}

try {
  await run();
  process.exit(0);
} catch (error) {
  const unknownFlag = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (unknownFlag) console.error(`${error.message}\nnpm start takes -- --exit and -- --no-sample.`);
  else console.error(`\n${explainError(error)}`);
  process.exit(1);
}
