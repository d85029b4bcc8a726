/** The dashboard where there is more of everything than one page of a list holds; without a worker, over rows that stand there already. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiOnly, startApi } from '../support/api.js';
import { chromiumIsInstalled, startBrowser } from '../support/browser.js';
import { query } from '../support/database.js';

const MANY = 1100;
const SCORED = {
  version: 1,
  cutoff: '2024-01-02T00:00:00.000Z',
  series: 1,
  wql: 0.123,
  naiveWql: 0.456,
  mase: 1,
  coverage80: 0.8,
  bias: 0,
};

describe.skipIf(!chromiumIsInstalled() && !process.env['CI'])('more than a page', () => {
  let api: ApiOnly;
  let browser: Browser;
  let page: Page;
  let open: string[];

  beforeAll(async () => {
    [api, browser] = await Promise.all([startApi(), startBrowser()]);
    const { store } = api.flow;
    await store.series.writeVersion({
      dataset: { name: 'load', frequency: 'h', timeZone: 'UTC' },
      mode: 'replace',
      pieces: [{ id: 'a', firstStep: 0, values: Float64Array.from({ length: 48 }, (_, t) => t) }],
      summary: () => ({ rowsRead: 48, rowsRejected: 0, findings: null }),
    });
    const { id } = await store.datasets.get('load');
    const workspace = store.workspaceId;
    const model = `SELECT gen_random_uuid(), '${workspace}', name, '${id}' FROM`;
    await query(
      api.databaseUrl,
      `INSERT INTO model (id, workspace_id, name, dataset_id)
       ${model} (SELECT 'crowd-' || lpad(no::text, 4, '0') AS name FROM generate_series(1, ${MANY}) AS no UNION ALL VALUES ('last')) AS names`,
    );
    // The one run of the last model is older than all those of another.
    // Runs are listed by their ids, which tell when they were made.
    const monitored = async (name: string, runs: number, daysAgo: number, id: string, scored: object[]): Promise<void> => {
      const result = {
        model: name,
        scored,
        alerts: [],
        drift: false,
        retrainRunId: null,
        rolledBackTo: null,
        partialSteps: { count: 0, items: [] },
      };
      await query(
        api.databaseUrl,
        `INSERT INTO run (id, workspace_id, kind, status, model, config, result, created_at, started_at, finished_at)
         SELECT ${id}, '${workspace}', 'monitor', 'succeeded', $1, $2, $3, at, at, at
         FROM generate_series(1, $4::int) AS no, LATERAL (SELECT now() - $5 * interval '1 day' + no * interval '1 second') AS made (at)`,
        [name, { model: name }, result, runs, daysAgo],
      );
    };
    await monitored('last', 1, 2, `'00000000-0000-7000-8000-000000000001'::uuid`, [{ runId: crypto.randomUUID(), ...SCORED }]);
    await monitored('crowd-0001', MANY, 1, 'gen_random_uuid()', []);
    open = await Promise.all(
      [1, 2].map(() => store.runs.create({ kind: 'monitor', model: 'last', config: { model: 'last' } }).then((run) => run.id)),
    );
    await store.workers.beat({ id: 'busy-worker', engine: null, resources: null, busyWith: open });
    // It beats no more, and is to count as alive for as long as this takes.
    await query(api.databaseUrl, `UPDATE worker SET seen_at = now() + interval '1 hour'`);
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${api.url}/#link=${(await api.client.call('createSignInLink', {})).token}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await api?.stop();
  });

  it('of the runs that monitor other models: this one has its scores still', async () => {
    await page.goto(`${api.url}/monitoring?model=last`);
    const scores = page.getByRole('region', { name: 'Scored forecasts' });
    await scores.getByRole('row', { name: /0\.123.*0\.456/ }).waitFor();
    expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('last');
  });

  it('of the models: the last one is listed, and all are read by the client', async () => {
    expect(await api.client.listAll('listModels', {})).toHaveLength(MANY + 1);
    await page.goto(`${api.url}/models`);
    await page.getByRole('link', { name: 'last', exact: true }).waitFor();
  });

  it('of the runs: the table says that it is cut off', async () => {
    await page.goto(`${api.url}/runs`);
    await page.getByText('Only the newest 200 are shown. Choose a kind or a status to see others.').waitFor();
    await page.goto(`${api.url}/runs?status=queued`);
    await expect.poll(() => page.getByRole('row').count()).toBe(1 + open.length);
    expect(await page.getByText('Only the newest').count()).toBe(0);
  });

  it('of what a worker is at: each of its runs is a link of its own', async () => {
    await page.goto(`${api.url}/settings`);
    const links = page.getByRole('row', { name: /busy-worker/ }).getByRole('link');
    await links.first().waitFor();
    const targets = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    expect(targets.sort()).toEqual(open.map((id) => `/runs/${id}`).sort());
  });
});
