/** A request whose answer cannot be kept, as on a full disk, has done its work: it is answered, not refused, or it would be sent again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiOnly, startApi } from '../../../../test/support/api.js';
import { query } from '../../../../test/support/database.js';

let api: ApiOnly;
beforeAll(async () => {
  api = await startApi();
  await query(
    api.databaseUrl,
    `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
     CREATE TRIGGER no_room BEFORE UPDATE OF status ON idempotency_key FOR EACH ROW EXECUTE FUNCTION no_room()`,
  );
});
afterAll(() => api?.stop());

it('is answered with what it made, once', async () => {
  const response = await fetch(`${api.url}/v1/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json', 'idempotency-key': 'full' },
    body: JSON.stringify({ name: 'made-once', scopes: ['read'] }),
  });
  expect(response.status).toBe(201);
  const { items } = await api.client.call('listApiKeys', { query: { limit: 100 } });
  expect(items.filter(({ name }) => name === 'made-once')).toHaveLength(1);
});
