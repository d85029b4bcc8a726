/**
 * The store: everything that Almanac keeps in PostgreSQL, and the only library that speaks to it (typeorm, pg).
 *
 *   const store = await openStore({ databaseUrl });
 *   const written = await store.series.writeVersion({ dataset: { name: 'flights', frequency: 'h', timeZone: 'UTC' }, mode: 'append',
 * pieces, summary });
 *   for await (const { id, firstStep, values } of store.series.readPanel(written.datasetId)) …
 *
 * How it is laid out
 * - A series is an array, not rows: `series_chunk` holds up to 960 steps per row, aligned to the absolute grid, so that a
 *   step's chunk is known without a lookup. Values are float8[], outside the row (TOAST, uncompressed); each chunk keeps
 *   minimum, maximum and count, and the extremes of every 60 steps, so that charts of long ranges never touch the values.
 * - A chunk carries the dataset versions it is valid for: [valid_from, valid_to). Writing a version adds chunks and closes
 *   the ones they replace, in one transaction; a version, once committed, reads the same for ever, or until compaction
 *   drops it because no run rests on it.
 * - Values travel by COPY binary or as array parameters only, and never as one JavaScript object per observation.
 * - `database/migrations/*.sql` are the truth about the schema; `openStore` applies what is missing, once, under an
 *   advisory lock. TypeORM maps the small rows and never changes the schema.
 * - Every table has `workspace_id`; a `Store` sees one workspace, and PostgreSQL sees to it by policies (schema/roles.ts).
 * - SQL users read the views `observation` and `forecast_value`.
 */
export type * from './facade.js';
export type * from './people.js';
export type * from './records.js';
export { conflictWith } from './chunks/conflict.js';
export { asDeleted, isDataRefused, isDiskFull, isPassing, saysPassing } from './errors.js';
export {
  diagnoseDatabase,
  dropDatabaseUser,
  dumpDatabaseSchema,
  loadDatabase,
  makeDatabaseUser,
  migrateDatabase,
  openStore,
  pendingDatabaseMigrations,
  withDatabaseSnapshot,
} from './store.js';
export type { BackupContents } from './backup/load.js';
export type { DatabaseDiagnosis } from './schema/diagnose.js';
export { NEWEST_SERVER, OLDEST_SERVER, type Server } from './schema/server.js';
export type { Snapshot } from './backup/dump.js';
export type { BackupTable } from './backup/tables.js';
export { newId } from './ids.js';
export { keyInUse } from './repositories/idempotency.js';
export { LIVE, REFERENCE, TRAINED } from './repositories/seriesScores.js';
