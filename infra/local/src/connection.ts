/** `connection.json` in the data folder: where the API is and the admin key, readable by its owner only. The CLI reads it. */
import { type AlmanacClient, ApiError } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programUrl } from './programs.js';

export interface Connection {
  url: string;
  apiKey: string;
}

/** The key of an earlier start, or a new one: `alm_` and 192 random bits. `isNew` when it was made now and should be shown, once. */
export function prepareConnection(home: string, url: string): Connection & { isNew: boolean } {
  const file = join(home, 'connection.json');
  let apiKey: string | undefined;
  try {
    apiKey = (JSON.parse(readFileSync(file, 'utf8')) as Connection).apiKey;
  } catch {
    apiKey = undefined;
  }
  const isNew = apiKey === undefined;
  const connection: Connection = { url, apiKey: apiKey ?? `alm_${randomBytes(24).toString('base64url')}` };
  writeFileSync(file, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { ...connection, isNew };
}

/** True where the key once was one, and opens nothing any more. */
export async function isRevoked(client: AlmanacClient): Promise<boolean> {
  try {
    await client.call('systemStatus', {});
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'API_KEY_UNKNOWN') return true;
    throw error;
  }
}

/** Whoever may start programs on this data folder owns its database, and so may have a key: it is written to `connection.json`. */
export function makeAnotherKey(env: NodeJS.ProcessEnv): void {
  const made = spawnSync(process.execPath, [fileURLToPath(programUrl('apps/api/dist/admin.js')), 'reset-key'], { env, encoding: 'utf8' });
  if (made.status !== 0) throw new AlmanacError('KEY_NOT_RESET', `No new admin key could be made: ${made.stderr.trim()}`);
}
