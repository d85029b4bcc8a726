/**
 * Looks an installation over, at its machine, whether it runs or not, and changes nothing. Every finding that is not right says
 * what to do about it.
 */
import { type Config, hasCluster, keyId, mostConnections, openObjects, presentKeys, secretKeyFile } from '@almanac/platform';
import { isAlmanacError } from '@almanac/series';
import { type DatabaseDiagnosis, diagnoseDatabase, NEWEST_SERVER, OLDEST_SERVER, type Server } from '@almanac/store';
import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface Finding {
  about: string;
  /** `note`: nothing is broken, but worth knowing. */
  state: 'ok' | 'note' | 'wrong';
  found: string;
  wayOut?: string;
}

const MB = 2 ** 20;
/** Of `zlib`'s Zstandard, and of what Nest and the queue ask for. */
const OLDEST_NODE = [22, 15] as const;
const MOST_SKEW_MS = 5_000;
const WORKER_SEEN_SECONDS = 15;
/** Beyond that a queue has nobody who takes from it, or too few. */
const LONG_WAIT_SECONDS = 600;
/** Older runs are seldom looked at. */
const LONG_KEPT_DAYS = 365;

const ok = (about: string, found: string): Finding => ({ about, state: 'ok', found });
const note = (about: string, found: string, wayOut: string): Finding => ({ about, state: 'note', found, wayOut });
const wrong = (about: string, found: string, wayOut: string): Finding => ({ about, state: 'wrong', found, wayOut });

/** @param withDatabase lends the address of the database, as `withLocalDatabase` does */
export async function examine(config: Config, withDatabase: <T>(use: (url: string) => Promise<T>) => Promise<T>): Promise<Finding[]> {
  const api = await aboutApi(config);
  return [
    aboutNode(config),
    ...(await aboutFolder(config)),
    api,
    ...(config.databaseUrl === undefined && !hasCluster(config.home)
      ? [note('database', 'there is none yet', 'npm start makes one; for a server of your own set DATABASE_URL.')]
      : await withDatabase(async (url) => aboutDatabase(config, await diagnoseDatabase(url), api.state === 'ok')).catch(unreachable)),
    await aboutObjects(config),
  ];
}

function aboutNode({ codeVersion }: Config): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `Almanac ${codeVersion} on Node ${process.versions.node}`;
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return old
    ? wrong('versions', found, `Run it with Node ${OLDEST_NODE.join('.')} or later; npm start brings its own.`)
    : ok('versions', found);
}

async function aboutFolder({ home, leastFreeBytes, ...config }: Config): Promise<Finding[]> {
  const writable = await access(home, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return [
      existsSync(home)
        ? wrong(
            'data folder',
            `${home} cannot be written`,
            'Give the user that runs Almanac the right to write there, or set ALMANAC_HOME.',
          )
        : note('data folder', `${home} is not there yet`, 'The first start makes it. Is ALMANAC_HOME the one you mean?'),
    ];
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  const said = `${home}, ${Math.floor(free / MB)} MB free`;
  const room =
    free < leastFreeBytes
      ? wrong(
          'data folder',
          said,
          'Free disk, delete datasets, or let them keep fewer days (almanac retention); uploads are refused until then.',
        )
      : ok('data folder', said);
  const files = [secretKeyFile({ home }), join(home, 'connection.json')];
  const open = (await Promise.all(files.map(readableByOthers))).flatMap((is, i) => (is ? [files[i]!] : []));
  const secrets =
    open.length > 0
      ? wrong('secrets', `others than the owner can read ${open.join(' and ')}`, `chmod 600 ${open.join(' ')}`)
      : ok('secrets', config.secretKeys.length > 0 ? 'sealed with ALMANAC_SECRET_KEY' : 'files are for their owner alone');
  return [room, secrets];
}

async function readableByOthers(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return process.platform !== 'win32' && found !== undefined && (found.mode & 0o077) !== 0;
}

/** The one that should listen where the settings say. */
async function aboutApi({ http }: Config): Promise<Finding> {
  const address = `${http.tls ? 'https' : 'http'}://${http.host === '0.0.0.0' ? '127.0.0.1' : http.host}:${http.port}`;
  try {
    const answer = await fetch(`${address}/v1/readyz`, { signal: AbortSignal.timeout(5_000) });
    const { status, detail } = (await answer.json()) as { status?: unknown; detail?: string };
    if (answer.ok && status === 'ready') return ok('API', `${address} is ready`);
    return wrong('API', `${address}: ${detail ?? `it answers ${answer.status}`}`, 'Look at what is missing, and at the log of the API.');
  } catch {
    // A certificate is for a name, and this asked an address: that it is taken is all that can be said.
    if (await isFree(http.host, http.port)) return note('API', `nothing listens on ${address}`, 'Start it, if it should run here.');
    return http.tls
      ? ok('API', `something listens on ${address}`)
      : wrong('API', `another program listens on ${address}`, 'Stop that program, or set ALMANAC_PORT to another port.');
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

function unreachable(error: unknown): Finding[] {
  const { message, hint } = isAlmanacError(error) ? error : { message: String(error), hint: undefined };
  return [wrong('database', message, hint ?? 'Look at the log of the server.')];
}

function aboutDatabase(config: Config, { server, database }: { server: Server; database: DatabaseDiagnosis }, runs: boolean): Finding[] {
  const { connections, now } = database;
  const about = `PostgreSQL ${server.version}, ${Math.ceil(database.bytes / MB)} MB${server.pooled ? ', behind a pooler (session mode)' : ''}`;
  const room = `${connections.used} of ${connections.most} connections; an API or worker takes up to ${mostConnections(config)}`;
  // eslint-disable-next-line no-restricted-syntax -- what is asked for is how far this clock is off
  const skew = Math.round(Date.now() - now.getTime());
  const keys = presentKeys(config).map(keyId);
  const closed = database.sealedWith.filter((id) => !keys.includes(id));
  return [
    server.major > NEWEST_SERVER
      ? note('database', about, `Almanac is tested on PostgreSQL ${OLDEST_SERVER} to ${NEWEST_SERVER}.`)
      : database.encoding === 'UTF8'
        ? ok('database', about)
        : wrong('database', `${about}, encoding ${database.encoding}`, 'Make the database with ENCODING UTF8.'),
    database.pending.length > 0
      ? note('migrations', `${database.pending.length} to be applied`, 'Make a backup, then start, or run almanac upgrade.')
      : ok('migrations', 'up to date'),
    database.isolated
      ? ok('workspaces', 'kept apart by the database')
      : note(
          'workspaces',
          'kept apart by the programs alone',
          'See “SQL access, and your own PostgreSQL” in docs/guide/administration.md.',
        ),
    connections.most - connections.used < mostConnections(config)
      ? wrong('connections', room, 'Raise max_connections of the server, or lower ALMANAC_POOL_SIZE.')
      : ok('connections', room),
    Math.abs(skew) > MOST_SKEW_MS
      ? wrong('clock', `${skew} ms off that of the database`, 'Set this clock by NTP: schedules wait while it is off.')
      : ok('clock', `within ${Math.max(1, Math.ceil(Math.abs(skew) / 1000))} s of that of the database`),
    closed.length > 0
      ? wrong(
          'key',
          `secrets are sealed with ${closed.join(', ')}, which is not here`,
          'Put secret.key or ALMANAC_SECRET_KEY back, or rotate the webhooks and set the secrets of sources again.',
        )
      : ok('key', database.sealedWith.length > 0 ? 'opens all secrets' : 'nothing is sealed'),
    ...aboutWork(database, runs),
    aboutRetention(database),
  ];
}

function aboutWork({ workers, queued, oldestQueuedSeconds, failedToday }: DatabaseDiagnosis, apiRuns: boolean): Finding[] {
  const alive = workers.filter(({ silentSeconds }) => silentSeconds < WORKER_SEEN_SECONDS);
  const off = alive.filter(({ clockSkewMs }) => Math.abs(clockSkewMs ?? 0) > MOST_SKEW_MS);
  const waits = `${queued} runs wait, the longest for ${Math.round(oldestQueuedSeconds)} s`;
  return [
    alive.length === 0
      ? (apiRuns ? wrong : note)('workers', 'none is running', 'Start one: nothing is read, trained or forecast without.')
      : off.length > 0
        ? wrong('workers', `the clock of ${off.map(({ id }) => id).join(', ')} is off`, 'Set it by NTP.')
        : ok('workers', `${alive.length} running`),
    alive.length > 0 && oldestQueuedSeconds > LONG_WAIT_SECONDS
      ? note('queue', waits, 'Start more workers, or see what they are busy with: almanac status.')
      : ok('queue', queued === 0 ? 'nothing waits' : waits),
    failedToday > 0
      ? note('runs', `${failedToday} failed in the last day`, 'See which and why: almanac runs list --status failed.')
      : ok('runs', 'none failed in the last day'),
  ];
}

function aboutRetention({ finished, workspaces: { withRetention, all } }: DatabaseDiagnosis): Finding {
  const there = `${finished.runs} finished runs, the oldest from ${Math.floor(finished.oldestDays)} days ago`;
  const limited = withRetention === all ? 'every workspace' : `${withRetention} of ${all} workspaces`;
  if (withRetention < all && finished.oldestDays > LONG_KEPT_DAYS)
    return note(
      'retention',
      `${there}; ${withRetention === 0 ? 'no workspace' : `only ${limited}`} removes old ones`,
      'If nobody needs them: almanac keep --forecasts DAYS --runs DAYS.',
    );
  return ok('retention', withRetention === 0 ? `${there}; all are kept` : `${there}; ${limited} removes old ones`);
}

async function aboutObjects(config: Config): Promise<Finding> {
  const where = config.objectsBucket ? `bucket ${config.objectsBucket.bucket}` : config.objectsFolder;
  if (!config.objectsBucket && !existsSync(config.home)) return note('objects', `${where} is not there yet`, 'The first start makes it.');
  try {
    await (await openObjects(config)).check();
    return ok('objects', `${where} can be written`);
  } catch (error) {
    const { message, hint } = isAlmanacError(error) ? error : { message: String(error), hint: undefined };
    return wrong('objects', message, hint ?? 'Check ALMANAC_OBJECTS_URL, ALMANAC_S3_ENDPOINT and the keys to the bucket.');
  }
}
