/** Keys have an end and are exchanged without a gap; what a key was refused is found by its request id. */
import { createClient } from '@almanac/contracts';
import { silentLogger } from '@almanac/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiOnly, startApi } from '../support/api.js';
import { query } from '../support/database.js';

let api: ApiOnly;
const logged: { fields: Record<string, unknown>; message: string }[] = [];

beforeAll(async () => {
  const info = (fields: object, message: string): void => void logged.push({ fields: fields as Record<string, unknown>, message });
  api = await startApi({}, undefined, { ...silentLogger, info });
});
afterAll(() => api?.stop());

const opens = async (key: string): Promise<boolean> =>
  (await fetch(`${api.url}/v1/datasets`, { headers: { authorization: `Bearer ${key}` } })).status === 200;
async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries++) {
    if (tries > 200) throw new Error('It did not come to it.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('keys', () => {
  it('open until they expire, and are listed with their end', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const made = await api.client.call('createApiKey', { body: { name: 'brief', scopes: ['read'], expiresAt } });
    expect(made.expiresAt).toBe(expiresAt);
    expect(await opens(made.key)).toBe(true);
    await query(api.databaseUrl, `UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = $1`, [made.id]);
    await until(async () => !(await opens(made.key)));
    const past = { name: 'late', scopes: ['read' as const], expiresAt: '2020-01-01T00:00:00Z' };
    await expect(api.client.call('createApiKey', { body: past })).rejects.toMatchObject({ code: 'EXPIRY_PAST' });
    await expect(api.client.call('rotateApiKey', { params: { id: made.id }, body: {} })).rejects.toMatchObject({
      code: 'API_KEY_NOT_FOUND',
    });
  });

  it('are rotated: the new one opens at once, the one before until the time that was said', async () => {
    const old = await api.client.call('createApiKey', { body: { name: 'nightly', scopes: ['write'] } });
    const before = Date.now();
    const made = await api.client.call('rotateApiKey', { params: { id: old.id }, body: { overlapHours: 2 } });
    expect(made).toMatchObject({ name: 'nightly', scopes: ['write'], expiresAt: null });
    expect(Date.parse(made.previousUntil) - before).toBeGreaterThanOrEqual(2 * 3_600_000 - 5_000);
    expect([await opens(made.key), await opens(old.key)]).toEqual([true, true]);
    const { items } = await api.client.call('listApiKeys', { query: {} });
    expect(items.find(({ id }) => id === old.id)!.expiresAt).toBe(made.previousUntil);
    expect(items.find(({ id }) => id === made.id)!.lastUsedAt).not.toBeNull();
    // No longer to be trusted: at once, though it was seen a moment ago.
    const again = await api.client.call('rotateApiKey', { params: { id: made.id }, body: { overlapHours: 0 } });
    expect([await opens(again.key), await opens(made.key)]).toEqual([true, false]);
    const entries = (await api.client.call('listAudit', { query: { action: 'rotateApiKey', object: 'nightly' } })).items;
    expect(entries.map(({ before, after }) => [before === null, after !== null])).toEqual([
      [true, true],
      [false, true],
      [true, true],
      [false, true],
    ]);
  });

  it('with an end have one as far away after a rotation', async () => {
    const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const old = await api.client.call('createApiKey', { body: { name: 'monthly', scopes: ['read'], expiresAt } });
    const made = await api.client.call('rotateApiKey', { params: { id: old.id }, body: {} });
    expect(Math.abs(Date.parse(made.expiresAt!) - Date.parse(expiresAt))).toBeLessThan(60_000);
  });

  it('the last admin key that does not expire stays', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    await api.client.call('createApiKey', { body: { name: 'guest', scopes: ['admin'], expiresAt } });
    const admin = (await api.client.call('listApiKeys', {})).items.find(({ name }) => name === 'admin')!;
    await expect(api.client.call('deleteApiKey', { params: { id: admin.id } })).rejects.toMatchObject({ code: 'API_KEY_LAST_ADMIN' });
    // Rotated it may go, for there is another one then.
    const next = await api.client.call('rotateApiKey', { params: { id: admin.id }, body: {} });
    await createClient({ baseUrl: api.url, apiKey: next.key }).call('deleteApiKey', { params: { id: admin.id } });
  });
});

it('the log tells by the request id what was refused to whom', async () => {
  const answer = await fetch(`${api.url}/v1/datasets/nothing?secret=1`, {
    headers: { authorization: `Bearer ${api.key}`, 'x-request-id': 'asked-404' },
  });
  expect([401, 404]).toContain(answer.status);
  const found = logged.find(({ fields }) => fields['request'] === 'asked-404')!;
  expect(found.fields).toMatchObject({ status: answer.status, method: 'GET', path: '/v1/datasets/nothing', address: '127.0.0.1' });
  expect(JSON.stringify(logged)).not.toContain('secret=1');
});
