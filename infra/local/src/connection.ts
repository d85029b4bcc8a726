/** `connection.json` in the data folder: where the API is and the admin key, readable by its owner only. The CLI reads it. */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
