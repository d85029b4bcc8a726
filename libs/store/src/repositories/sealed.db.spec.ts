import { randomBytes } from 'node:crypto';
import { cipherOf } from '@almanac/platform';
import { type HeldKey, openStore } from '@almanac/store';
import { expect, it } from 'vitest';
import { createTestDatabase, query } from '../../../../test/support/database.js';

it('what is kept only to be used again lies sealed: secrets, the answers of repeated requests, what predictions are asked and answer', async () => {
  const database = await createTestDatabase();
  const store = await openStore({ databaseUrl: database.url, cipher: cipherOf([randomBytes(32).toString('base64')]) });
  const before = await openStore({ databaseUrl: database.url });
  try {
    const what = 'alm_something_only_the_caller_knows';
    await store.webhooks.create({ url: 'https://example.org', events: [], description: '', enabled: true, secret: what });
    const begun = await store.idempotency.begin('k', 'h');
    await store.idempotency.finish((begun as { held: HeldKey }).held, 201, { key: what });
    const run = await store.runs.create({ kind: 'predict', config: {} });
    await store.predictions.create(run.id, { versionId: run.id, history: what }, 60_000);
    expect(await store.predictions.request(run.id)).toEqual({ versionId: run.id, history: what });
    await store.predictions.finish(run.id, { answer: what });

    expect(await store.predictions.answer(run.id)).toEqual({ answer: what });
    expect(await store.idempotency.begin('k', 'h')).toEqual({ state: 'done', status: 201, body: { key: what } });
    for (const table of ['webhook', 'idempotency_key', 'prediction']) {
      const rows = await query<{ text: string }>(database.url, `SELECT t::text AS text FROM ${table} t`);
      expect([table, rows.length]).toEqual([table, 1]);
      expect(rows[0]!.text).not.toContain(what);
    }
    // Rows of programs before are read as they are.
    await query(database.url, `UPDATE idempotency_key SET body = '{"key":"open"}'`);
    expect(await store.idempotency.begin('k', 'h')).toMatchObject({ body: { key: 'open' } });
  } finally {
    await store.close();
    await before.close();
    await database.drop();
  }
});
