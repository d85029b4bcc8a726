/** What is made under an idempotency key is made once, though its answer cannot be kept, as on a full disk. */
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
  await api.flow.store.series.writeVersion({
    dataset: { name: 'sales', frequency: 'D', timeZone: 'UTC' },
    mode: 'append',
    pieces: [{ id: 'a', firstStep: 19_000, values: Float64Array.from({ length: 60 }, (_, t) => t % 7) }],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
});
afterAll(() => api?.stop());

const post = (path: string, body: string, key: string, type = 'application/json'): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': type, 'idempotency-key': key },
    body,
  });
const runsOf = async (kind: 'train' | 'ingest'): Promise<unknown[]> => (await api.client.call('listRuns', { query: { kind } })).items;

it.each([
  ['a training', 'train', () => post('/v1/train', JSON.stringify({ dataset: 'sales', kind: 'seasonalNaive' }), 'full-train'), 'id'],
  [
    'an upload',
    'ingest',
    () => post('/v1/uploads?dataset=uploaded', 'unique_id,ds,y\na,2024-01-01,1\n', 'full-upload', 'application/octet-stream'),
    'runId',
  ],
] as const)('%s is answered for, and repeating it answers with the same run', async (_, kind, ask, id) => {
  const answers = [await ask(), await ask(), await ask()];
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(answers.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true', 'true']);
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as Record<string, unknown>[];
  expect(new Set(bodies.map((body) => body[id])).size).toBe(1);
  expect(Object.keys(bodies[1]!).sort()).toEqual(Object.keys(bodies[0]!).sort());
  expect(await runsOf(kind)).toHaveLength(1);
});

it('what could not be answered a second time is not made; once there is room it is made once', async () => {
  const ask = (): Promise<Response> => post('/v1/api-keys', JSON.stringify({ name: 'made-once', scopes: ['read'] }), 'full-key');
  const made = async (): Promise<number> =>
    (await api.client.call('listApiKeys', { query: { limit: 100 } })).items.filter(({ name }) => name === 'made-once').length;
  const refused = await ask();
  expect([refused.status, await refused.json()]).toMatchObject([507, { code: 'DISK_FULL' }]);
  expect(await made()).toBe(0);
  await query(api.databaseUrl, 'DROP TRIGGER no_room ON idempotency_key');
  const [first, again] = [await ask(), await ask()];
  expect([first.status, again.status, await made()]).toEqual([201, 201, 1]);
  expect(await again.json()).toEqual(await first.json());
});
