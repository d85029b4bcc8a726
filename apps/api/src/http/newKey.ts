/** API keys as they are made and shown. */
import type { ApiKey, ApiKeyCreated, Scope } from '@almanac/contracts';
import type { ApiKeyRecord, Store } from '@almanac/store';
import { randomBytes } from 'node:crypto';
import { hashOfKey } from './credentials.js';

/** Enough of a key to recognise it by, and far too little to guess it. */
const PREFIX = 8;

export const toApiKey = (record: ApiKeyRecord): ApiKey => ({
  id: record.id,
  name: record.name,
  prefix: record.prefix,
  scopes: record.scopes as Scope[],
  createdAt: record.createdAt.toISOString(),
  lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
});

/** A key of the store's workspace. The answer is the only place where it can be seen. */
export async function newKey(store: Store, name: string, scopes: readonly Scope[]): Promise<ApiKeyCreated> {
  const key = `alm_${randomBytes(24).toString('base64url')}`;
  const record = await store.apiKeys.create({ name, prefix: key.slice(0, PREFIX), hash: hashOfKey(key), scopes });
  return { ...toApiKey(record), key };
}
