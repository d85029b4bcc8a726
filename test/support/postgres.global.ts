/**
 * One embedded Postgres per test run, in a folder of its own, with a migrated template to copy databases from. ALMANAC_TEST_POSTGRES is the
 * address of another server, as a superuser, whose databases are made and dropped: `.ci/postgres` runs the suites on the oldest supported.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@almanac/platform';
import { migrateDatabase } from '@almanac/store';
import type { TestProject } from 'vitest/node';
import { query, TEMPLATE } from './database.js';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'almanac-test-postgres-'));
  chmodSync(home, 0o755);
  // Nothing here outlives the run, so nothing needs to reach the disk.
  const given = process.env['ALMANAC_TEST_POSTGRES'];
  const server = given === undefined ? await start(home) : { url: given, folder: home, stop: () => Promise.resolve() };
  const template = new URL(server.url);
  template.pathname = `/${TEMPLATE}`;
  await query(server.url, `DROP DATABASE IF EXISTS ${TEMPLATE}`);
  await query(server.url, `CREATE DATABASE ${TEMPLATE}`);
  await migrateDatabase(template.href);
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
    rmSync(server.folder, { recursive: true, force: true });
  };
}

const start = (home: string): ReturnType<typeof startEmbeddedPostgres> =>
  startEmbeddedPostgres({ home, settings: { fsync: 'off', full_page_writes: 'off', max_connections: '200' } });
