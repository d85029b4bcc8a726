/** A machine whose clock is wrong: due times come from the database, and its worker is named and takes no schedule. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { clockFault } from '@almanac/contracts';
import { startClock } from '@almanac/flow/runs';
import { silentLogger } from '@almanac/platform';
import { openStore } from '@almanac/store';
import { expect, it } from 'vitest';
import { startAlmanac } from '../support/almanac.js';
import { createTestDatabase, query } from '../support/database.js';

const DAY_MS = 86_400_000;
/** Every program that Node starts so believes that it is two days later. */
const AHEAD = `data:text/javascript,${encodeURIComponent(`
  const Real = Date;
  const later = () => Real.now() + ${2 * DAY_MS};
  globalThis.Date = class extends Real {
    constructor(...given) { if (given.length === 0) super(later()); else super(...given); }
    static now() { return later(); }
  };`)}`;

it('counts on by a timer that no jump of the machine’s clock moves', async () => {
  const database = await createTestDatabase();
  const store = await openStore({ databaseUrl: database.url });
  let wall = Date.now();
  const clock = await startClock(store, silentLogger, () => wall);
  try {
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(5_000);
    wall += 2 * DAY_MS;
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(5_000);
    expect(clock.isOff()).toBe(true);
    expect(clock.skewMs() / DAY_MS).toBeCloseTo(2, 2);
  } finally {
    clock.stop();
    await store.close();
    await database.drop();
  }
});

it('a worker two days ahead fires nothing and is named; another fires what is due, and nothing else', async () => {
  const almanac = await startAlmanac({ NODE_OPTIONS: `--import ${AHEAD}` });
  const { client, databaseUrl, home } = almanac;
  let honest: ReturnType<typeof spawn> | undefined;
  try {
    const store = await openStore({ databaseUrl });
    await store.series.writeVersion({
      dataset: { name: 'hours', frequency: 'h', timeZone: 'UTC' },
      mode: 'replace',
      pieces: [
        { id: 'a', firstStep: Math.floor(Date.now() / 3_600_000) - 200, values: Float64Array.from({ length: 200 }, (_, t) => t % 24) },
      ],
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
    await store.close();
    const body = {
      timeZone: 'UTC',
      action: { kind: 'train' as const, request: { dataset: 'hours', kind: 'seasonalNaive' as const, horizon: 24 } },
    };
    const tomorrow = await client.call('createSchedule', { body: { ...body, name: 'tomorrow', cron: '0 0 * * *' } });
    // By the clock of the database, not by that of the API, which is two days ahead as well.
    expect(Date.parse(tomorrow.nextDueAt[0]!) - Date.now()).toBeLessThanOrEqual(DAY_MS);
    // So are the end of a key, and what is the future of rows.
    const inAnHour = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    const { key } = await client.call('createApiKey', { body: { name: 'soon over', scopes: ['read'], expiresAt: inAnHour(1) } });
    expect((await fetch(`${almanac.url}/v1/datasets`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    const row = { unique_id: 'a', ds: new Date(Math.floor(Date.now() / 3_600_000 + 24) * 3_600_000).toISOString(), y: 1 };
    const appended = await client.call('appendObservations', { params: { dataset: 'hours' }, body: [row] });
    expect(appended.warnings.join()).toMatch(/future/);
    const csv = `unique_id,ds,y\n${[0, 1, 2, 24].map((h) => `a,${inAnHour(h).slice(0, 13)}:00:00,1\n`).join('')}`;
    const file = { dataset: 'later', frequency: 'h', fillPolicy: 'zero' } as const;
    const { runId } = await client.upload(new Blob([csv]), 'later.csv', file);
    expect((await client.waitForRun(runId)).error).toMatchObject({ code: 'TIME_IN_FUTURE' });
    await client.call('createSchedule', { body: { ...body, name: 'now', cron: '0 0 1 1 *' } });
    await query(databaseUrl, `UPDATE schedule SET next_due_at = date_trunc('year', now()) WHERE name = 'now'`);
    const firings = (): Promise<{ name: string }[]> =>
      query<{ name: string }>(databaseUrl, 'SELECT s.name FROM schedule_firing f JOIN schedule s ON s.id = f.schedule_id');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await firings()).toEqual([]);
    const { workers } = await client.call('systemStatus', {});
    expect(workers.map(clockFault)).toEqual(['Its clock is 48 h ahead: it takes no schedule.']);

    honest = spawn(process.execPath, [fileURLToPath(new URL('../../apps/worker/dist/main.js', import.meta.url))], {
      env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: databaseUrl, ALMANAC_HOME: home, REDIS_URL: '' },
      stdio: 'ignore',
    });
    while ((await firings()).length === 0) await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await firings()).toEqual([{ name: 'now' }]);
  } finally {
    if (honest) {
      const ended = new Promise((resolve) => honest!.once('exit', resolve));
      honest.kill('SIGTERM');
      await ended;
    }
    await almanac.stop();
  }
}, 240_000);
