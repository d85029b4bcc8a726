import type { FlowContext } from '@almanac/flow/runs';
import type { ApiKeyRecord } from '@almanac/store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Keyring } from './keyring.js';
import { REMEMBERED_MS } from './remembered.js';

const KEY: ApiKeyRecord = {
  id: '1',
  workspaceId: 'w',
  name: 'k',
  prefix: 'alm',
  scopes: ['read'],
  createdAt: new Date(0),
  lastUsedAt: null,
  expiresAt: null,
};
let stored: ApiKeyRecord | null;
let asked: number;
let keyring: Keyring;

beforeEach(() => {
  vi.useFakeTimers();
  stored = KEY;
  asked = 0;
  const findByHash = (): Promise<ApiKeyRecord | null> => {
    asked += 1;
    return Promise.resolve(stored);
  };
  keyring = new Keyring({ store: { apiKeys: { findByHash } } } as unknown as FlowContext);
});
afterEach(() => vi.useRealTimers());

it('asks the database once for many requests', async () => {
  for (let i = 0; i < 10; i += 1) expect(await keyring.find('h')).toBe(KEY);
  expect(asked).toBe(1);
});

it('opens nothing with a key that another process revoked, after a few seconds', async () => {
  await keyring.find('h');
  stored = null;
  vi.advanceTimersByTime(REMEMBERED_MS);
  expect(await keyring.find('h')).toBeNull();
});

it('forgets a key at once that was revoked here, even where a look-up was under way', async () => {
  const early = keyring.find('h');
  stored = null;
  keyring.forget(KEY.id);
  await early;
  expect(await keyring.find('h')).toBeNull();
});

it('remembers no key that is unknown', async () => {
  stored = null;
  expect(await keyring.find('h')).toBeNull();
  stored = KEY;
  expect(await keyring.find('h')).toBe(KEY);
});
