/**
 * The dashboard in a real Chromium, for whoever asks why and what if: marks on a chart, changed covariates, messages to
 * others, workspaces, and how smoothly 100,000 points move.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { chromiumIsInstalled, complaints, downloaded, seriousViolations, startBrowser } from '../support/browser.js';

const HOURS = 24 * 50;
const HORIZON = 24;
/** The hour at which the level of one shop doubles. */
const SHIFT = 700;
const POINTS = 100_000;

const at = (hour: number): string => new Date(Date.UTC(2023, 10, 20, hour)).toISOString();

/** Two shops and the price of each hour, known a horizon ahead; a high price sells less. */
function shops(): string {
  const lines = ['unique_id,ds,y,price,region'];
  for (const shop of ['corner', 'harbour']) {
    for (let hour = 0; hour < HOURS + HORIZON; hour++) {
      const price = Math.floor(hour / 24) % 5 === 0 ? 14 : 10;
      const level = (shop === 'harbour' && hour >= SHIFT ? 24 : 12) * (price === 14 ? 0.6 : 1);
      const sold = level * (2 + Math.sin((2 * Math.PI * hour) / 24) + 0.2 * Math.sin(hour * 12.9898));
      lines.push(`${shop},${at(hour)},${hour < HOURS ? sold.toFixed(3) : ''},${price},${shop === 'harbour' ? 'south' : 'north'}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const meter = (): string =>
  `unique_id,ds,y\n${Array.from({ length: POINTS }, (_, hour) => `meter,${new Date(Date.UTC(2010, 0, 1, hour)).toISOString()},${(50 + 20 * Math.sin((2 * Math.PI * hour) / 24) + 5 * Math.sin(hour * 78.233)).toFixed(2)}`).join('\n')}\n`;

describe.skipIf(!chromiumIsInstalled() && !process.env['CI'])('the dashboard, asked why and what if', () => {
  let almanac: RunningAlmanac;
  let browser: Browser;
  let page: Page;
  let found: string[];
  let receiver: Server;
  const received: { id: string; type: string }[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        received.push({ id: String(request.headers['webhook-id']), type: (JSON.parse(body) as { type: string }).type });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    [almanac, browser] = await Promise.all([startAlmanac({ ALMANAC_WEBHOOK_NETWORKS: '127.0.0.0/8' }), startBrowser()]);
    await upload('shops', shops(), { futureCovariates: ['price'], staticCovariates: ['region'] });
    const { id } = await almanac.client.call('train', { body: { dataset: 'shops', kind: 'segment', horizon: HORIZON, steps: 60 } });
    expect((await almanac.client.waitForRun(id)).error).toBeNull();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    found = complaints(page);
    await page.goto(await almanac.signInAddress());
    await page.getByRole('region', { name: 'Totals' }).waitFor();
    await page.goto(`${almanac.url}/series`);
    await page.getByRole('heading', { name: 'corner' }).waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await almanac?.stop();
    receiver?.close();
  });

  const upload = async (
    dataset: string,
    csv: string,
    options: { futureCovariates?: string[]; staticCovariates?: string[] } = {},
  ): Promise<void> => {
    const { runId } = await almanac.client.upload(new Blob([csv]), `${dataset}.csv`, { dataset, ...options }, crypto.randomUUID());
    expect((await almanac.client.waitForRun(runId)).error).toBeNull();
  };
  const axe = (): Promise<string[]> => seriousViolations(page);
  const visit = (path: string): Promise<unknown> => page.goto(almanac.url + path);

  it('filters the series by what is known of them', async () => {
    await page.getByLabel('Filter').selectOption({ label: 'region: south (1)' });
    await page.getByRole('link', { name: /corner/ }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /harbour/ }).click();
    await page.getByRole('heading', { name: 'harbour' }).waitFor();
    expect(page.url()).toContain('where=region');
    await page.reload();
    await page.getByRole('heading', { name: 'harbour' }).waitFor();
    await page.getByRole('link', { name: /harbour/ }).waitFor();
    expect(await page.getByRole('link', { name: /corner/ }).count()).toBe(0);
    expect(await axe()).toEqual([]);
  });

  it('marks holidays of a country and where the behaviour changed', async () => {
    await visit('/series/shops/harbour');
    await page.getByText('1 changepoint').waitFor();
    const changed = page.getByRole('region', { name: 'Changepoints' });
    await changed.getByRole('button', { name: 'Tue, 19 Dec 2023' }).click();
    await page.getByLabel('Holidays').selectOption('DE');
    await page.locator('.legend').getByText('holiday').waitFor();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    const box = (await page.locator('.u-over').boundingBox())!;
    // Christmas Day begins 840 hours after the first one.
    await page.mouse.move(box.x + (box.width * 850) / HOURS, box.y + box.height / 2);
    await page.locator('.readout').getByText('Christmas Day').waitFor();
    expect(await axe()).toEqual([]);
    await page.reload();
    await page.getByLabel('Holidays').waitFor();
    expect(await page.getByLabel('Holidays').inputValue()).toBe('DE');
  });

  it('changes a future covariate by mouse and by keys, and the forecast follows', async () => {
    await visit('/what-if/shops-segment/harbour');
    const price = page.getByRole('slider', { name: 'price over the horizon' });
    await price.waitFor();
    await page.getByText('Drag the points below').waitFor();
    expect(await axe()).toEqual([]);

    const box = (await price.boundingBox())!;
    await page.mouse.move(box.x + 5, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 5, box.y + 10, { steps: 12 });
    await page.mouse.up();
    const total = page.getByText(/^Over the horizon .* becomes/);
    await total.waitFor();
    const dragged = await total.innerText();
    await page.getByRole('button', { name: 'As stored' }).click();
    await page.getByText('Drag the points below').waitFor();

    await price.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Shift+ArrowDown');
    await total.waitFor();
    expect(await total.innerText()).not.toBe(dragged);
    const { content } = await downloaded(page, () => page.getByRole('button', { name: 'price as CSV' }).click());
    const rows = content
      .toString()
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(rows).toHaveLength(HORIZON);
    expect(rows.filter(([, stored, changed]) => stored !== changed)).toHaveLength(1);
    expect(await price.getAttribute('aria-valuetext')).toMatch(/: [\d.]+$/);
  });

  it('tells others by webhook, shows what came of it, and sends it again', async () => {
    await visit('/monitoring');
    await page.getByText('No webhook yet').waitFor();
    await page.getByRole('button', { name: 'New webhook' }).click();
    await page.getByLabel('Address').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`);
    await page.getByLabel('a run succeeded').check();
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Make the webhook' }).click();
    expect(await page.getByRole('status').locator('code').innerText()).toMatch(/^whsec_/);
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('Deliveries', { exact: true }).click();
    const deliveries = page.getByRole('row').filter({ hasText: 'ping' });
    await deliveries.getByText('delivered').waitFor();
    await deliveries.getByRole('button', { name: 'Send again' }).click();
    await expect.poll(() => received.length).toBe(2);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    await deliveries.nth(1).getByText('delivered').waitFor();
    expect(await axe()).toEqual([]);
  });

  it('raises an alert where the world changed, and keeps it listed', async () => {
    const { id } = await almanac.client.call('train', { body: { dataset: 'shops', kind: 'seasonalNaive', horizon: HORIZON } });
    expect((await almanac.client.waitForRun(id)).error).toBeNull();
    // Days whose price is that of the day before; on the last of them one shop doubles.
    const runs = await Promise.all(
      [17, 18, 19, 22, 23, 24, 27, 28, 29].map((day) =>
        almanac.client.call('forecast', { body: { model: 'shops-seasonalNaive', cutoff: at(24 * day - 1) } }),
      ),
    );
    for (const run of runs) expect((await almanac.client.waitForRun(run.id)).error).toBeNull();
    await visit('/monitoring?model=shops-seasonalNaive');
    await page.getByText('Nothing has been scored yet').waitFor();
    await page.getByRole('button', { name: 'Score now' }).click();
    await page.getByRole('alert').getByText('The error has grown').waitFor();
    await page.getByRole('region', { name: 'Alerts so far' }).getByText('The error has grown').waitFor();
    await page.getByRole('group', { name: /^WQL of shops-seasonalNaive/ }).waitFor();
    expect(await page.getByRole('region', { name: 'Scored forecasts' }).getByRole('row').count()).toBe(1 + 9);
    expect(await axe()).toEqual([]);
    const { content } = await downloaded(page, () => page.getByRole('button', { name: 'Alerts so far as CSV' }).click());
    expect(content.toString()).toMatch(/^raised_at,code,since,message\n.*ERROR_DRIFT/s);
  });

  it('makes a workspace, opens it, and comes back', async () => {
    await visit('/settings');
    await page.getByLabel('Name of the new workspace').fill('team-b');
    await page.getByRole('button', { name: 'Make a workspace' }).click();
    await page.getByText('The admin key of team-b, shown only now').waitFor();
    expect(await axe()).toEqual([]);
    await page
      .getByRole('row', { name: /team-b/ })
      .getByRole('button', { name: 'Open' })
      .click();
    await page.getByRole('heading', { name: 'Your own file' }).waitFor();
    await page.getByLabel('Workspace').selectOption('default');
    await page.getByRole('region', { name: 'Totals' }).waitFor();
  });

  it('is as readable in the dark and on a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['/what-if/shops-segment/harbour', '/monitoring', '/settings', '/series/shops/harbour?sort=rise']) {
      await visit(path);
      await page.locator('main h1').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
      expect(await axe()).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('pans through 100,000 points, and says how smoothly and how soon a view was there', async () => {
    await upload('meters', meter());
    await visit('/series/meters/meter');
    await page
      .getByText(`${POINTS.toLocaleString('en')} steps`)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    const chart = page.locator('.u-over');
    await chart.waitFor();
    const box = (await chart.boundingBox())!;
    // A quarter of the series at a time, so that there is somewhere to pan to.
    await page.getByRole('group', { name: /^meter: history/ }).focus();
    for (let press = 0; press < 4; press++) await page.keyboard.press('+');
    const from = await readout(box.x + box.width / 2);
    await page.evaluate(() => {
      const frames: number[] = [];
      Object.assign(globalThis, { frames });
      let last = performance.now();
      const tick = (now: number): void => {
        frames.push(now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    await page.mouse.down();
    for (let step = 1; step <= 60; step++) await page.mouse.move(box.x + box.width / 2 + step * 4, box.y + box.height / 2);
    await page.mouse.up();
    const frames = (await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames)).slice(1).sort((a, b) => a - b);
    expect(await readout(box.x + box.width / 2)).not.toBe(from);

    const fresh = await browser.newPage();
    const started = performance.now();
    await fresh.goto(await almanac.signInAddress());
    await fresh.getByRole('heading', { level: 1 }).waitFor();
    const ready = performance.now() - started;
    await fresh.close();
    const share = (part: number): string => `${(frames[Math.floor(part * (frames.length - 1))] ?? Number.NaN).toFixed(1)} ms`;
    process.stdout.write(
      `panning ${POINTS.toLocaleString('en')} points: median frame ${share(0.5)}, 95 % ${share(0.95)}, ${frames.length} frames; first view there after ${ready.toFixed(0)} ms\n`,
    );
    expect(frames.length).toBeGreaterThan(10);
  });

  const readout = async (x: number): Promise<string> => {
    const box = (await page.locator('.u-over').boundingBox())!;
    await page.mouse.move(x, box.y + box.height / 2);
    return page.locator('.readout b').first().innerText();
  };

  it('has nothing on its console', () => {
    expect(found).toEqual([]);
  });
});
