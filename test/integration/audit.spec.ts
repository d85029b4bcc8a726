/** The audit log as an admin meets it: over HTTP, on the command line, and after somebody with SQL was at it. */
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { parseCsv } from '@almanac/contracts/csv';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../support/database.js';
import { type ApiOnly, startApi } from '../support/api.js';

const program = fileURLToPath(new URL('../../apps/cli/bin/almanac.js', import.meta.url));
let api: ApiOnly;
let client: AlmanacClient;

beforeAll(async () => {
  api = await startApi();
  client = api.client;
});
afterAll(() => api?.stop());

// Not in one go: the API that it asks lives in this process.
const cli = (...args: string[]): Promise<{ text: string; status: number }> =>
  new Promise((resolve) => {
    const env = { ...process.env, ALMANAC_URL: api.url, ALMANAC_API_KEY: api.key };
    execFile(process.execPath, [program, 'audit', ...args], { env }, (error, stdout, stderr) =>
      resolve({ text: stdout + stderr, status: error ? Number(error.code) : 0 }),
    );
  });

describe('the audit log', () => {
  it('says which key did what to what, from where, under which request', async () => {
    const made = await fetch(`${api.url}/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json', 'x-request-id': 'asked-1' },
      body: JSON.stringify({ name: '=reports', scopes: ['read'] }),
    });
    const { id, key } = (await made.json()) as { id: string; key: string };
    const { items } = await client.call('listAudit', { query: { action: 'createApiKey' } });
    expect(items).toMatchObject([
      {
        actor: { kind: 'key', name: 'admin' },
        object: { kind: 'apiKey', id, name: '=reports' },
        before: null,
        after: { scopes: ['read'], hash: '(hidden)' },
        address: '127.0.0.1',
        requestId: 'asked-1',
      },
    ]);
    expect(JSON.stringify(items)).not.toContain(key.slice(10));
    await client.call('deleteApiKey', { params: { id } });
    const [revoked] = (await client.call('listAudit', { query: { object: id } })).items;
    expect(revoked).toMatchObject({
      action: 'deleteApiKey',
      before: { revokedAt: null },
      after: { revokedAt: expect.any(String) as string },
    });
    // What was refused, and what was only read, is none.
    await client.call('deleteApiKey', { params: { id } }).catch(() => undefined);
    await client.call('listApiKeys', {});
    expect((await client.call('listAudit', { query: { limit: 1 } })).items).toEqual([revoked]);
  });

  it('has who set how long runs are kept, and for how long before', async () => {
    expect(await client.call('setRetention', { body: { forecasts: 30, logs: 7 } })).toMatchObject({ forecasts: 30, runs: null, logs: 7 });
    expect(await client.call('setRetention', { body: { forecasts: 60, logs: null } })).toMatchObject({
      forecasts: 60,
      runs: null,
      logs: null,
    });
    expect(await client.call('getRetention', {})).toMatchObject({ forecasts: 60, runs: null, logs: null });
    const changes = (await client.call('listAudit', { query: { objectKind: 'retention' } })).items;
    expect(changes.map(({ action }) => action)).toEqual(Array(4).fill('setRetention'));
    expect(changes.find(({ object, before }) => object?.name === 'forecasts' && before)).toMatchObject({
      before: { days: 30 },
      after: { days: 60 },
    });
    for (const days of [0, 1.5, 36_501]) {
      const refused = client.call('setRetention', { body: { runs: days } });
      const detail = 'body.runs: must be a whole number of days from 1 to 36500, or null for ever';
      await expect(refused).rejects.toMatchObject({ problem: { status: 400, detail } });
    }
    const unknown = client.call('setRetention', { body: { models: 3 } as never });
    await expect(unknown).rejects.toMatchObject({ problem: { status: 400, detail: expect.stringContaining('models') as string } });
  });

  it('is taken away as CSV that no spreadsheet runs, and as JSON lines', async () => {
    const { items } = await client.call('listAudit', {});
    const lines = await client.call('auditLines', { query: {} });
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(items);
    const [head, ...rows] = parseCsv(await client.call('auditCsv', { query: { objectKind: 'apiKey' } }));
    expect(head).toContain('request_id');
    expect(rows.map((row) => row[8])).toEqual(["'=reports", "'=reports", 'admin']);
  });

  it('is for admins', async () => {
    const { key } = await client.call('createApiKey', { body: { name: 'writer', scopes: ['write'] } });
    const writer = createClient({ baseUrl: api.url, apiKey: key });
    for (const name of ['listAudit', 'auditCsv', 'auditLines', 'verifyAudit'] as const)
      await expect(writer.call(name, {})).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
  });

  it('is verified, from its beginning and from what was noted of it', async () => {
    const { head, intact, entries } = await client.call('verifyAudit', {});
    expect({ intact, entries: `${entries}` }).toEqual({ intact: true, entries: head!.split(':')[0] });
    const verified = await cli('verify', '--noted', head!);
    expect(verified).toMatchObject({ status: 0, text: expect.stringContaining(head!) as string });
    expect((await cli('--kind', 'apiKey', '--limit', '1')).text).toMatch(/key admin +createApiKey +apiKey writer +127\.0\.0\.1 +made/);
    expect((await cli('--csv')).text).toContain("'=reports");
    await query(
      api.databaseUrl,
      `ALTER TABLE audit_entry DISABLE TRIGGER only_added_to; UPDATE audit_entry SET actor_name = 'nobody' WHERE no = 2;
       ALTER TABLE audit_entry ENABLE TRIGGER only_added_to`,
    );
    expect(await client.call('verifyAudit', {})).toMatchObject({ intact: false, firstBroken: 2 });
    expect(await cli('verify')).toMatchObject({ status: 1, text: expect.stringContaining('Entry 2 is not as it was written') as string });
    // Rewritten to its end, it is a chain again, and not the one that was noted.
    await query(
      api.databaseUrl,
      `ALTER TABLE audit_entry DISABLE TRIGGER only_added_to;
       DO $$ DECLARE one record; last bytea := '\\x'; BEGIN
         FOR one IN SELECT no FROM audit_entry ORDER BY no LOOP
           UPDATE audit_entry SET previous_hash = last WHERE no = one.no;
           UPDATE audit_entry e SET hash = audit_digest(e) WHERE no = one.no RETURNING hash INTO last;
         END LOOP;
         UPDATE audit_chain SET hash = last;
       END $$;
       ALTER TABLE audit_entry ENABLE TRIGGER only_added_to`,
    );
    expect(await client.call('verifyAudit', {})).toMatchObject({ intact: true });
    expect(await client.call('verifyAudit', { query: { noted: head! } })).toMatchObject({ intact: false, firstBroken: entries });
  });
});
