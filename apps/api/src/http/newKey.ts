/** API keys as they are made and shown. */
import type { ApiKey, ApiKeyCreated, Scope } from '@almanac/contracts';
import type { Logger } from '@almanac/platform';
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

/** The key that the operator set. One that was revoked stays so: whoever revoked it may have seen it in wrong hands. */
export async function ensureAdmin(store: Store, key: string | undefined, logger: Logger): Promise<void> {
  if (key !== undefined) {
    const made = await store.apiKeys.ensure({ name: 'admin', prefix: key.slice(0, PREFIX), hash: hashOfKey(key), scopes: ['admin'] });
    if (!made)
      logger.warn({}, 'ALMANAC_ADMIN_KEY was revoked and opens nothing: set another one, or make one with `almanac admin reset-key`');
  }
  if ((await store.apiKeys.admins()) === 0) logger.warn({}, 'no admin key opens this workspace: make one with `almanac admin reset-key`');
}
