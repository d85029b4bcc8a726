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
  const known = (hashes: readonly string[]): Promise<Set<string>> => {
    asked += 1;
    return Promise.resolve(new Set(stored ? hashes.filter((hash) => hash === 'h') : []));
  };
  keyring = new Keyring({ store: { apiKeys: { findByHash, known } } } as unknown as FlowContext);
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

it('asks once for a crowd of strangers, and knows the key among them', async () => {
  const crowd = Promise.all(['x', 'h', 'y', 'z'].map((hash) => keyring.keys.findInCrowd(hash)));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await crowd).toEqual([null, KEY, null, null]);
  // Of the crowd, and of the one that is there.
  expect(asked).toBe(2);
});

it('has met a key that opened within the hour, and none that was taken back', async () => {
  expect(keyring.keys.hasMet('h')).toBe(false);
  await keyring.find('h');
  vi.advanceTimersByTime(REMEMBERED_MS);
  expect(keyring.keys.hasMet('h')).toBe(true);
  stored = null;
  await keyring.find('h');
  expect(keyring.keys.hasMet('h')).toBe(false);
});
