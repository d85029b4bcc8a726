/** The audit log: every change leaves an entry in its own transaction, and the chain of entries shows whatever is done to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Acting, openStore, type Store } from '@almanac/store';
import pg from 'pg';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let store: Store;
let mine: Store;
const acting: Acting = { actor: { kind: 'key', id: 'k1', name: 'ops' }, action: 'createWebhook', address: '10.0.0.9', requestId: 'r-1' };
const webhook = { url: 'https://example.org', events: ['run.finished'], description: '', enabled: true, secret: 'whsec_c2VjcmV0' };

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  mine = store.by(acting);
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
});

const newest = async (of = store) => (await of.audit.list({ limit: 1 })).items[0]!;

describe('what is written down', () => {
  it('who made, changed and deleted what, before and after, without its secrets', async () => {
    const { id } = await mine.webhooks.create(webhook);
    const made = await newest();
    expect(made).toMatchObject({
      actor: { kind: 'key', id: 'k1', name: 'ops' },
      action: 'createWebhook',
      object: { kind: 'webhook', id, name: webhook.url },
      before: null,
      after: { url: webhook.url, enabled: true, secret: '(hidden)' },
      address: '10.0.0.9',
      requestId: 'r-1',
    });
    expect(JSON.stringify(made)).not.toContain('c2VjcmV0');
    await store.by({ ...acting, action: 'updateWebhook' }).webhooks.update(id, { enabled: false });
    expect(await newest()).toMatchObject({ action: 'updateWebhook', before: { enabled: true }, after: { enabled: false } });
    await store.webhooks.delete(id);
    expect(await newest()).toMatchObject({
      actor: { kind: 'system', id: null },
      action: 'delete',
      before: { enabled: false },
      after: null,
    });
  });

  it('nothing of what came to nothing, and nothing where nothing changed', async () => {
    const before = await newest();
    await expect(
      mine.transaction(async (within) => {
        await within.webhooks.create(webhook);
        await within.audit.record({ action: 'signIn', object: { kind: 'user', id: 'u' } });
        throw new Error('on purpose');
      }),
    ).rejects.toThrow('on purpose');
    const key = await store.apiKeys.create({ name: 'used', prefix: 'u', hash: 'used', scopes: ['read'] });
    const made = await newest();
    await store.apiKeys.findByHash('used');
    expect(made).toMatchObject({ no: before.no + 1, object: { kind: 'apiKey', id: key.id }, after: { hash: '(hidden)' } });
    expect(await newest()).toEqual(made);
  });

  it('what changes no row, when it is recorded by hand', async () => {
    await mine.audit.record({ action: 'signIn', object: { kind: 'user', id: 'u', name: 'a@b.example' }, after: { method: 'password' } });
    expect(await newest()).toMatchObject({ action: 'signIn', actor: { id: 'k1' }, object: { kind: 'user', id: 'u' }, before: null });
  });

  it('versions of datasets, aliases and runs', async () => {
    const write = { dataset: { name: 'load', frequency: 'D', timeZone: 'UTC' }, mode: 'append' as const };
    const summary = () => ({ rowsRead: 2, rowsRejected: 1, findings: null });
    const { datasetId } = await mine.series.writeVersion({
      ...write,
      pieces: [{ id: 'a', firstStep: 0, values: Float64Array.of(1) }],
      summary,
    });
    expect(await newest()).toMatchObject({ object: { kind: 'datasetVersion', name: 'load' }, after: { version: 1, rows: 2, rejected: 1 } });
    const run = await mine.runs.create({ kind: 'train', dataset: 'load', model: 'm', config: {} });
    expect(await newest()).toMatchObject({ object: { kind: 'run', id: run.id, name: 'm' }, after: { kind: 'train' } });
    const model = await mine.models.ensure('m', datasetId);
    const version = { runId: run.id, kind: 'theta', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'f' };
    await mine.models.addVersion(model.id, version, { promoteIfFirst: true });
    await mine.models.addVersion(model.id, version);
    await mine.models.setAlias('m', 'champion', 2, 'better');
    expect(await newest()).toMatchObject({
      object: { kind: 'alias', name: 'm' },
      before: { version: 1 },
      after: { version: 2, reason: 'better' },
    });
    await mine.models.tag('m', 2, { stage: 'live' });
    expect(await newest()).toMatchObject({ before: null, after: { version: 2, tag: 'stage', value: 'live' } });
    await mine.runs.requestCancel(run.id);
    expect(await newest()).toMatchObject({
      object: { kind: 'run', id: run.id },
      before: { status: 'queued' },
      after: { status: 'cancelled' },
    });
  });

  it('a workspace in the log of whoever made it, and nothing of it once it is gone', async () => {
    const operator = store.by({ ...acting, action: 'createWorkspace' });
    const tenant = operator.forWorkspace((await operator.workspaces.create('tenant')).id);
    expect(await newest()).toMatchObject({ action: 'createWorkspace', object: { kind: 'workspace', name: 'tenant' } });
    await tenant.webhooks.create(webhook);
    expect(await newest(tenant)).toMatchObject({ no: 1, actor: { id: 'k1' }, object: { kind: 'webhook' } });
    expect((await store.audit.list({ objectKind: 'webhook', limit: 1 })).items[0]!.no).toBeLessThan((await newest()).no);
    await store.by({ ...acting, action: 'deleteWorkspace' }).workspaces.delete('tenant');
    const listed = (await store.audit.list({ action: 'deleteWorkspace' })).items;
    expect(listed.map(({ object }) => object.kind).sort()).toEqual(['erasure', 'workspace']);
    expect((await tenant.audit.list({})).items).toEqual([]);
  });

  it('is found by who, what, which and when, page by page', async () => {
    const all = [];
    for await (const entry of store.audit.stream({})) all.push(entry);
    const paged = [];
    for (let after: string | undefined; ;) {
      const page = await store.audit.list({ after, limit: 3 });
      paged.push(...page.items);
      if (page.next === null) break;
      after = page.next;
    }
    expect(paged).toEqual(all);
    const found = async (query: Parameters<Store['audit']['list']>[0]) => (await store.audit.list(query)).items;
    expect(await found({ actor: 'ops' })).toEqual(all.filter(({ actor }) => actor.id === 'k1'));
    expect(await found({ objectKind: 'alias', object: 'm' })).toEqual(all.filter(({ object }) => object.kind === 'alias'));
    const [to, , from] = all.map(({ at }) => at);
    expect(await found({ from, to })).toEqual(all.filter(({ at }) => at >= from! && at < to!));
  });
});

describe('the chain', () => {
  it('holds however many write at once, from several processes', async () => {
    const others = await Promise.all([1, 2, 3].map(() => openStore({ databaseUrl: database.url, migrate: false })));
    try {
      const before = await newest();
      await Promise.all(
        others.flatMap((one, process) =>
          Array.from({ length: 20 }, (_, i) => one.by({ ...acting, requestId: `${process}-${i}` }).webhooks.create(webhook)),
        ),
      );
      const { firstBroken, entries, head } = await store.audit.verify();
      expect({ firstBroken, entries, no: head?.no }).toEqual({ firstBroken: null, entries: before.no + 60, no: before.no + 60 });
      expect(await store.audit.hashOf(head!.no)).toBe(head!.hash);
      const written = (await store.audit.list({ limit: 60 })).items;
      expect(new Set(written.map(({ requestId }) => requestId)).size).toBe(60);
    } finally {
      for (const one of others) await one.close();
    }
  });

  it('is closed to the program, and to an SQL user', async () => {
    const client = new pg.Client({ connectionString: database.url, options: '-c role=almanac_app' });
    await client.connect();
    try {
      await client.query(`SELECT set_config('almanac.workspace', $1, false)`, [store.workspaceId]);
      for (const sql of [
        'UPDATE audit_entry SET actor_id = NULL',
        'DELETE FROM audit_entry',
        'DELETE FROM audit_chain',
        'TRUNCATE audit_entry',
      ])
        await expect(client.query(sql)).rejects.toThrow(/permission denied/);
      await client.query('SET ROLE NONE');
      await expect(client.query('UPDATE audit_entry SET actor_id = NULL')).rejects.toThrow('only added to');
      await expect(client.query('DELETE FROM audit_entry WHERE no = 1')).rejects.toThrow('only added to');
      await expect(client.query('TRUNCATE audit_entry')).rejects.toThrow('only added to');
      await client.query('SET ROLE almanac_reader');
      await expect(client.query(`SELECT record_audit($1, 'x', 'x', 'x', 'x', NULL, NULL)`, [store.workspaceId])).rejects.toThrow(
        /permission denied/,
      );
    } finally {
      await client.end();
    }
  });

  it('names the first entry that is not as it was, for whatever was done to it', async () => {
    const { head } = await store.audit.verify();
    const tampering: [string, number][] = [
      [`UPDATE audit_entry SET actor_name = 'nobody' WHERE no = 3`, 3],
      [`UPDATE audit_entry SET after = '{}' WHERE no = 2`, 2],
      ['DELETE FROM audit_entry WHERE no = 5', 6],
      [`UPDATE audit_entry SET address = 'x' WHERE no = 4; UPDATE audit_entry e SET hash = audit_digest(e) WHERE no = 4`, 5],
      [`DELETE FROM audit_entry WHERE no = ${head!.no}`, head!.no],
      [`DELETE FROM audit_chain`, 1],
    ];
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      for (const [sql, first] of tampering) {
        await client.query('BEGIN');
        await client.query('ALTER TABLE audit_entry DISABLE TRIGGER only_added_to');
        await client.query(sql);
        const { rows } = await client.query<{ broken: string }>('SELECT audit_broken($1) AS broken', [store.workspaceId]);
        expect([sql, Number(rows[0]!.broken)]).toEqual([sql, first]);
        await client.query('ROLLBACK');
      }
    } finally {
      await client.end();
    }
    expect((await store.audit.verify()).firstBroken).toBeNull();
    expect(await query(database.url, 'SELECT count(*)::int AS n FROM audit_chain')).toEqual([{ n: 1 }]);
  });
});
