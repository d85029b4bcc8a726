/** `npm run db:dump`: applies every migration to an empty database and writes what came of it to database/schema.sql. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@almanac/platform';
import { dumpDatabaseSchema, migrateDatabase } from '@almanac/store';

const home = mkdtempSync(join(tmpdir(), 'almanac-schema-'));
chmodSync(home, 0o755);
const server = await startEmbeddedPostgres({ home, settings: { fsync: 'off' } });
try {
  await migrateDatabase(server.url);
  writeFileSync(new URL('../../database/schema.sql', import.meta.url), await dumpDatabaseSchema(server.url));
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
  rmSync(server.folder, { recursive: true, force: true });
}
