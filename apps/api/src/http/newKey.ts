/** API keys as they are made and shown. */
import type { ApiKey, ApiKeyCreated, ApiKeyRotated, Scope } from '@almanac/contracts';
import type { Logger } from '@almanac/platform';
import type { ApiKeyRecord, Store } from '@almanac/store';
import { randomBytes } from 'node:crypto';
import { hashOfKey } from './credentials.js';

/** Enough of a key to recognise it by, and far too little to guess it. */
const PREFIX = 8;
const HOUR_MS = 3_600_000;

export const toApiKey = (record: ApiKeyRecord): ApiKey => ({
  id: record.id,
  name: record.name,
  prefix: record.prefix,
  scopes: record.scopes as Scope[],
  createdAt: record.createdAt.toISOString(),
  lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
  expiresAt: record.expiresAt?.toISOString() ?? null,
});

/** A key of the store's workspace. The answer is the only place where it can be seen. */
export async function newKey(store: Store, name: string, scopes: readonly Scope[], expiresAt: Date | null = null): Promise<ApiKeyCreated> {
  const { key, ...known } = freshKey();
  return { ...toApiKey(await store.apiKeys.create({ ...known, name, scopes, expiresAt })), key };
}

/** Another one in place of a key that opens. @throws AlmanacError API_KEY_NOT_FOUND */
export async function rotatedKey(store: Store, id: string, overlapHours: number): Promise<ApiKeyRotated> {
  const { key, ...known } = freshKey();
  const { made, previousUntil } = await store.apiKeys.rotate(id, known, overlapHours * HOUR_MS);
  return { ...toApiKey(made), key, previousUntil: previousUntil.toISOString() };
}

function freshKey(): { key: string; prefix: string; hash: string } {
  const key = `alm_${randomBytes(24).toString('base64url')}`;
  return { key, prefix: key.slice(0, PREFIX), hash: hashOfKey(key) };
}

/** The key that the operator set. One that was revoked stays so: whoever revoked it may have seen it in wrong hands. */
export async function ensureAdmin(store: Store, key: string | undefined, logger: Logger): Promise<void> {
  if (key !== undefined) {
    const made = await store.apiKeys.ensure({ name: 'admin', prefix: key.slice(0, PREFIX), hash: hashOfKey(key), scopes: ['admin'] });
    if (!made)
      logger.warn(
        {},
        'ALMANAC_ADMIN_KEY was revoked or has expired, and opens nothing: set another one, or make one with `almanac admin reset-key`',
      );
  }
  if ((await store.apiKeys.admins()) === 0) logger.warn({}, 'no admin key opens this workspace: make one with `almanac admin reset-key`');
}
