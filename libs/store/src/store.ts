/** Opens the store: one pool of connections, the entities by name, and the repositories bound to a workspace. */
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, EntityManager } from 'typeorm';
import { AlmanacError } from '@almanac/series';
import { type Snapshot, withSnapshot } from './backup/dump.js';
import { type BackupContents, loadBackup } from './backup/load.js';
import { ChannelEntity, DatasetEntity, SeriesEntity } from './entities/datasets.js';
import { ApiKeyEntity, UploadEntity, WorkerEntity, WorkspaceEntity } from './entities/keys.js';
import { ModelAliasEntity, ModelEntity, ModelVersionEntity } from './entities/models.js';
import { RunEntity, ScheduleEntity } from './entities/runs.js';
import { isPassing } from './errors.js';
import type { Cipher, Store, StoreOptions } from './facade.js';
import { Context } from './postgres/context.js';
import { Listener } from './postgres/listener.js';
import { EVERYWHERE, scopedSource } from './postgres/scope.js';
import { auditLog } from './repositories/audit.js';
import { calibrations } from './repositories/calibrations.js';
import { datasets } from './repositories/datasets.js';
import { erasures } from './repositories/erasures.js';
import { figures } from './repositories/figures.js';
import { forecasts } from './repositories/forecasts.js';
import { glances } from './repositories/glances.js';
import { idempotency } from './repositories/idempotency.js';
import { apiKeys, uploads, workers } from './repositories/keys.js';
import { members } from './repositories/members.js';
import { models } from './repositories/models.js';
import { overrides } from './repositories/overrides.js';
import { predictions } from './repositories/predictions.js';
import { quotas } from './repositories/quotas.js';
import { retention } from './repositories/retention.js';
import { rates } from './repositories/rates.js';
import { runs } from './repositories/runs.js';
import { schedules } from './repositories/schedules.js';
import { scores } from './repositories/scores.js';
import { series } from './repositories/series.js';
import { sessions } from './repositories/sessions.js';
import { users } from './repositories/users.js';
import { sources } from './repositories/sources.js';
import { webhooks } from './repositories/webhooks.js';
import { workspaces } from './repositories/workspaces.js';
import { type DatabaseDiagnosis, diagnose } from './schema/diagnose.js';
import { dumpSchema } from './schema/dump.js';
import { migrate, pendingMigrations } from './schema/migrate.js';
import { APP_ROLE } from './schema/names.js';
import { canBeApp, dropSqlUser, makeSqlUser } from './schema/roles.js';
import { inspectServer, type Server } from './schema/server.js';

const CONNECT_TIMEOUT_MS = 15_000;
const RETRY_MS = 500;

const HELD_BY = { schedule: 'name', source: 'name', dataset: 'name', model: 'name', webhook: 'id::text', member: 'user_id::text' };

const AS_IT_IS: Cipher = {
  seal: (text) => `open.${text}`,
  open: (text) => text.replace(/^open\./, ''),
  isSealed: (text) => text.startsWith('open.'),
};

/** @throws AlmanacError DATABASE_UNREACHABLE, POSTGRES_TOO_OLD, POOLER_TRANSACTION_MODE, WORKSPACE_NOT_FOUND, and what `migrate` throws */
export async function openStore(options: StoreOptions): Promise<Store> {
  await untilReached(options);
  const { server, isolated } = await overOneConnection(options.databaseUrl, async (client) => {
    const found = await inspectServer(client, () => connected(options.databaseUrl));
    if (options.migrate !== false) await migrate(client);
    return { server: found, isolated: await canBeApp(client) };
  });
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.databaseUrl,
    poolSize: options.poolSize ?? 10,
    applicationName: 'almanac',
    // Every statement runs as a role that owns nothing: see schema/roles.ts. A pooler refuses settings that a client sends as it connects.
    ...(isolated && { extra: server.pooled ? { onConnect: becomeApp } : { options: `-c role=${APP_ROLE}` } }),
    installExtensions: false,
    entities: [
      ...[WorkspaceEntity, ApiKeyEntity, UploadEntity, WorkerEntity],
      ...[DatasetEntity, ChannelEntity, SeriesEntity],
      ...[RunEntity, ScheduleEntity, ModelEntity, ModelVersionEntity, ModelAliasEntity],
    ],
    synchronize: false,
    // A server that answers nobody is an outage, and must be reported as one.
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    // A lost idle connection is replaced at the next use; it must not end the process.
    poolErrorHandler: () => undefined,
  });
  await reach(options.databaseUrl, () => dataSource.initialize());
  const listener = new Listener(options.databaseUrl);
  try {
    const name = options.workspace ?? 'default';
    const workspace = await new EntityManager(scopedSource(dataSource, { sees: EVERYWHERE, acting: '' })).findOneBy(WorkspaceEntity, {
      name,
    });
    if (!workspace) throw new AlmanacError('WORKSPACE_NOT_FOUND', `There is no workspace "${name}".`, { status: 404 });
    return bind(new Context(dataSource, listener, workspace.id, options.cipher ?? AS_IT_IS), { isolated, server });
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** Waits for a database that is on its way, as long as the options allow; what a wait does not mend is thrown at once. */
async function untilReached({ databaseUrl, patienceMs = 0, onWait }: StoreOptions): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (patienceMs > 0) {
    try {
      return await overOneConnection(databaseUrl, () => Promise.resolve());
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw error;
      onWait?.(error as Error);
      await sleep(RETRY_MS);
    }
  }
}

/** Applies what is missing; returns the names of the migrations applied. */
export function migrateDatabase(databaseUrl: string): Promise<string[]> {
  return overOneConnection(databaseUrl, (client) => migrate(client));
}

/** What a start would apply. @throws AlmanacError DATABASE_UNREACHABLE, DATABASE_NEWER, MIGRATION_CHANGED */
export function pendingDatabaseMigrations(databaseUrl: string): Promise<string[]> {
  return overOneConnection(databaseUrl, pendingMigrations);
}

/** The server, and what the doctor asks of a database. @throws AlmanacError as `openStore`, but for what a start would mend */
export function diagnoseDatabase(databaseUrl: string): Promise<{ server: Server; database: DatabaseDiagnosis }> {
  return overOneConnection(databaseUrl, async (client) => ({
    server: await inspectServer(client, () => connected(databaseUrl)),
    database: await diagnose(client),
  }));
}

/** Lends what the database holds at this moment; see backup/dump.ts. */
export function withDatabaseSnapshot<T>(databaseUrl: string, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return overOneConnection(databaseUrl, (client) => withSnapshot(client, use));
}

/** Fills an empty database; see backup/load.ts. */
export function loadDatabase(
  databaseUrl: string,
  backup: BackupContents,
  tables: AsyncIterable<{ name: string; content: AsyncIterable<Uint8Array> }>,
): Promise<Record<string, number>> {
  return overOneConnection(databaseUrl, (client) => loadBackup(client, backup, tables));
}

/** A login that reads the views of one workspace; returns its password. See schema/roles.ts. */
export function makeDatabaseUser(databaseUrl: string, name: string, workspace: string): Promise<string> {
  return overOneConnection(databaseUrl, (client) => makeSqlUser(client, name, workspace));
}

export function dropDatabaseUser(databaseUrl: string, name: string): Promise<void> {
  return overOneConnection(databaseUrl, (client) => dropSqlUser(client, name));
}

/** The schema as SQL, as it stands in a database. */
export function dumpDatabaseSchema(databaseUrl: string): Promise<string> {
  return overOneConnection(databaseUrl, dumpSchema);
}

const becomeApp = (client: pg.PoolClient): Promise<unknown> => client.query(`SET ROLE ${APP_ROLE}`);

async function connected(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'almanac-schema',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await reach(databaseUrl, () => client.connect());
  return client;
}

async function overOneConnection<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connected(databaseUrl);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function bind(context: Context, about: Pick<Store, 'isolated' | 'server'>): Store {
  const { workspaceId, dataSource, listener } = context;
  return {
    workspaceId,
    ...about,
    pool() {
      const { totalCount, idleCount, waitingCount } = (dataSource.driver as unknown as { master: pg.Pool }).master;
      return { open: totalCount, idle: idleCount, waiting: waitingCount };
    },
    workspaces: workspaces(context),
    apiKeys: apiKeys(context),
    users: users(context),
    sessions: sessions(context),
    members: members(context),
    uploads: uploads(context),
    datasets: datasets(context),
    series: series(context),
    runs: runs(context),
    models: models(context),
    forecasts: forecasts(context),
    overrides: overrides(context),
    calibrations: calibrations(context),
    scores: scores(context),
    schedules: schedules(context),
    idempotency: idempotency(context),
    workers: workers(context),
    sources: sources(context),
    webhooks: webhooks(context),
    predictions: predictions(context),
    erasures: erasures(context),
    audit: auditLog(context),
    figures: figures(context),
    glances: glances(context),
    quotas: quotas(context),
    retention: retention(context),
    rates: rates(context),
    async now() {
      const [row] = await context.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      return row!.now;
    },
    forWorkspace: (id) => bind(context.of(id), about),
    by: (acting) => bind(context.by(acting), about),
    under: (held) => bind(context.under(held), about),
    async hold(kind, name) {
      if (kind === 'workspace') await context.everywhere().query('SELECT 1 FROM workspace WHERE name = $1 FOR NO KEY UPDATE', [name]);
      // It has no row where nothing is set.
      else if (kind === 'retention')
        await context.everywhere().query('SELECT 1 FROM workspace WHERE id = $1 FOR NO KEY UPDATE', [workspaceId]);
      else
        await context.query(`SELECT 1 FROM ${kind} WHERE workspace_id = $1 AND ${HELD_BY[kind]} = $2 FOR NO KEY UPDATE`, [
          workspaceId,
          name,
        ]);
    },
    afterCommit: (work) => context.afterCommit((outside) => work(bind(outside, about))),
    transaction: (work) => context.transaction((inside) => work(bind(inside, about))),
    listen: (channel, callback) => listener.listen(channel, callback),
    async ping() {
      await context.query('SELECT 1');
    },
    async notify(channel, payload) {
      await context.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    async close() {
      await listener.close();
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
}

async function reach<T>(databaseUrl: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    const { host, pathname } = new URL(databaseUrl);
    throw new AlmanacError('DATABASE_UNREACHABLE', `PostgreSQL at ${host}${pathname} cannot be used: ${(cause as Error).message}`, {
      hint: 'Is the server running, and are the user, password and database in DATABASE_URL right?',
      status: 503,
      cause,
    });
  }
}
