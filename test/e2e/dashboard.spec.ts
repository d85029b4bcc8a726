/**
 * The dashboard in a real Chromium, against the real API, worker and Postgres: one person's first hour, from an empty
 * house to a forecast and what it looked at.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunKind } from '@almanac/contracts';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { chromiumIsInstalled, complaints, downloaded, seriousViolations, startBrowser } from '../support/browser.js';

const SERIES = ['north', 'south', 'west'];
const HOURS = 24 * 45;

/** A daily and a weekly cycle, with one hour missing and one text where a number belongs when `broken`. */
function csv(broken: boolean): string {
  const lines = ['shop,when,sold'];
  SERIES.forEach((shop, index) => {
    for (let hour = 0; hour < HOURS; hour++) {
      const when = new Date(Date.UTC(2024, 0, 1, hour)).toISOString().slice(0, 19);
      const value = (6 + index) * (2 + Math.sin((2 * Math.PI * hour) / 24)) * (1 + 0.3 * Math.cos((2 * Math.PI * hour) / 168));
      lines.push(`${shop},${when},${broken && index === 1 && hour === 10 ? 'twelve' : value.toFixed(3)}`);
    }
  });
  return `${lines.join('\n')}\n`;
}

/** Two shops in German, open from Monday to Saturday but for public holidays, until the last Friday before Christmas. */
function germanShops(): string {
  const closed = ['2023-04-07', '2023-04-10', '2023-05-01', '2023-05-18', '2023-05-29', '2023-10-03'];
  const lines = ['Filiale;Datum;Umsatz'];
  for (const shop of ['Köln', 'Bonn'])
    for (let at = Date.UTC(2023, 0, 2); at <= Date.UTC(2023, 11, 22); at += 86_400_000) {
      const [day, weekday] = [new Date(at).toISOString().slice(0, 10), new Date(at).getUTCDay()];
      if (weekday === 0 || closed.includes(day)) continue;
      const sold = 1000 + 300 * Number(weekday === 6) + 40 * Math.sin(at / 86_400_000);
      lines.push(`${shop};${day.split('-').reverse().join('.')};${sold.toFixed(2).replace('.', ',')}`);
    }
  return `${lines.join('\n')}\n`;
}

describe.skipIf(!chromiumIsInstalled() && !process.env['CI'])('the dashboard in Chromium', () => {
  let almanac: RunningAlmanac;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: string;
  let found: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'almanac-dashboard-'));
    writeFileSync(join(folder, 'broken.csv'), csv(true));
    writeFileSync(join(folder, 'sales.csv'), csv(false));
    [almanac, browser] = await Promise.all([startAlmanac(), startBrowser()]);
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    found = complaints(page);
  });

  afterAll(async () => {
    await browser?.close();
    await almanac?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const axe = (): Promise<string[]> => seriousViolations(page);
  /** The newest run of a kind, at its end; says why if it failed. */
  const ended = async (kind: RunKind): Promise<void> => {
    const { items } = await almanac.client.call('listRuns', { query: { kind, limit: 1 } });
    const run = await almanac.client.waitForRun(items[0]?.id ?? '');
    expect(run.error).toBeNull();
  };
  const visit = (path: string): Promise<unknown> => page.goto(almanac.url + path);

  it('asks who it is, refuses a wrong password, and takes a link from the address without leaving it there', async () => {
    await visit('/');
    await page.getByLabel('E-mail address').fill('nobody@example.org');
    expect(await axe()).toEqual([]);
    await page.getByLabel('Password').fill('a password of nobody');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The e-mail address or the password is wrong.').waitFor();
    // The refusal is a 401, which the browser notes by itself.
    found.splice(0);

    await page.goto('about:blank');
    await page.goto(await almanac.signInAddress());
    await page.getByRole('heading', { name: 'Your own file' }).waitFor();
    expect(page.url()).not.toContain('link=');
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))).toBe('[{},{},""]');
    expect(await axe()).toEqual([]);
  });

  it('uploads: first rows, suggested mapping, a dry run with its findings, a mistake put right without starting over', async () => {
    await page.getByRole('link', { name: 'Upload a file' }).click();
    // Dropped from elsewhere on the screen.
    const dropped = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'broken.csv', { type: 'text/csv' }));
      return transfer;
    }, csv(true));
    await page.locator('label.drop').dispatchEvent('drop', { dataTransfer: dropped });
    const rows = page.getByRole('region', { name: 'First rows of the file' });
    await rows.getByText('north').first().waitFor();
    expect(await rows.getByLabel('What shop is').inputValue()).toBe('id');
    // The mapping can be changed above its column; what had the role gives it up.
    await rows.getByLabel('What when is').selectOption('target');
    expect(await rows.getByLabel('What sold is').inputValue()).toBe('ignored');
    await rows.getByLabel('What when is').selectOption('time');
    await rows.getByLabel('What sold is').selectOption('target');
    expect(await page.getByLabel('Series', { exact: true }).inputValue()).toBe('shop');
    expect(await page.getByLabel('Time', { exact: true }).inputValue()).toBe('when');
    expect(await page.getByLabel('Target', { exact: true }).inputValue()).toBe('sold');
    await page.getByLabel('Dataset', { exact: true }).fill('sales');
    expect(await axe()).toEqual([]);

    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('Storing it would be refused').waitFor();
    // The hour 10 of the second of three shops, after the header: line 1 + 1080 + 11.
    await page.getByRole('row', { name: /1 1092 twelve/ }).waitFor();
    // What was found has its address, for a reload or for whoever made the file.
    const shared = await context.newPage();
    await shared.goto(page.url());
    await shared.getByRole('row', { name: /1 1092 twelve/ }).waitFor();
    await shared.close();
    await page.getByRole('button', { name: 'Store', exact: true }).click();
    await page.getByRole('alert').getByText('Nothing was stored').waitFor();

    await page.locator('input[type=file]').setInputFiles(join(folder, 'sales.csv'));
    expect(await page.getByLabel('Dataset', { exact: true }).inputValue()).toBe('sales');
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('This is what would be stored').waitFor();
    await page.getByText('h, UTC').waitFor();
    const { items } = await almanac.client.call('listDatasets', { query: {} });
    expect(items).toEqual([]);

    await page.getByRole('button', { name: 'Store', exact: true }).click();
    await page.getByText('Stored as version 1 of sales').waitFor();
    expect(await axe()).toEqual([]);

    // The same bytes once more make no second version.
    await page.getByRole('button', { name: 'Store', exact: true }).click();
    await page.getByText('Nothing new: every observation was stored already').waitFor();
  });

  it('trains from a form with defaults, live, and shows what the model is worth', async () => {
    await page.getByRole('link', { name: 'Train a model' }).click();
    expect(await page.getByLabel('Kind of model').inputValue()).toBe('auto');
    await page.getByLabel('Kind of model').selectOption('segment');
    await page.getByLabel('Horizon', { exact: true }).fill('24');
    await page.getByText('More options').click();
    await page.getByLabel('Training steps').fill('40');
    const takes = page.getByRole('status').filter({ hasText: 'What it will take' });
    await takes.getByText('40', { exact: true }).waitFor();
    expect(await takes.innerText()).toMatch(/Memory\s+[\d.]+ ?[MG]B/);
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByRole('heading', { name: /Training sales-segment/ }).waitFor();
    await page.getByRole('progressbar').first().waitFor();
    await ended('train');
    await page.getByText('Measured on the last 24 steps of 3 series').waitFor();
    await page
      .getByRole('cell', { name: /seasonalNaive|Seasonal naive/i })
      .first()
      .waitFor();
    expect(await axe()).toEqual([]);

    // Its curve is stored with it: whoever comes later sees all of it.
    await page.reload();
    const curve = await downloaded(page, () => page.getByRole('button', { name: 'Loss by step as CSV' }).click());
    const [head, ...points] = curve.content.toString().trim().split('\n');
    expect(head).toBe('step,loss,validation,steps_per_second');
    expect(points.length).toBeGreaterThan(4);
    expect(points.at(-1)).toMatch(/^40,/);
  });

  it('cancels a training, and resumes it', async () => {
    await visit('/train?dataset=sales');
    await page.getByText('More options').click();
    await page.getByLabel('Training steps').fill('200000');
    await page.getByLabel('Name in the registry').fill('sales-long');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByRole('heading', { name: /Training sales-long/ }).waitFor();
    const progress = page
      .locator('main')
      .getByRole('status')
      .filter({ hasText: /Step \d+ of 200000.* left/ });
    await progress.waitFor({ timeout: 120_000 });
    const first = page.url();
    await page.locator('main').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('main').getByText('cancelled').first().waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.waitForURL((url) => url.href !== first);
    await progress.waitFor({ timeout: 120_000 });
    await page.locator('main').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('main').getByText('cancelled').first().waitFor({ timeout: 120_000 });
    expect(await axe()).toEqual([]);
  });

  it('takes a first look at what has no forecast yet, and puts it away again', async () => {
    await visit('/datasets/sales');
    await page.getByRole('link', { name: 'First look' }).click();
    await page.getByRole('heading', { name: 'First look' }).waitFor({ timeout: 60_000 });
    expect(page.url()).toMatch(/\/series\/sales\/[^?]+\?look=/);
    await page.getByRole('group', { name: /: history and first look of 48 steps$/ }).waitFor();
    const next = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Next steps' }) });
    expect(await next.getByRole('row').count()).toBe(1 + 6);
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Take it away' }).click();
    await page.getByRole('button', { name: 'First look' }).waitFor();
  });

  it('forecasts, and draws history with the bands ahead of the cutoff', async () => {
    await visit('/models/sales-segment');
    await page.getByText('champion').first().waitFor();
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Forecast now' }).click();
    await page.waitForURL(/\/runs\//);
    await ended('forecast');
    await page.getByText('3 series, 24 steps ahead').waitFor();

    await visit('/series/sales/south');
    await page.getByRole('heading', { name: 'south' }).waitFor();
    const chart = page.getByRole('group', { name: 'south: history and forecast of 24 steps' });
    await chart.waitFor();
    const next = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Next steps' }) });
    await next.getByText('80 % interval').waitFor();
    expect(await next.getByRole('row').count()).toBe(1 + 6);

    // The last point under the cursor is ahead of the cutoff: it has a median and an interval, and no observation.
    const box = (await chart.locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    const readout = await page.locator('.readout').innerText();
    expect(readout).toContain('median');
    expect(readout).toContain('95 %');
    expect(readout).not.toContain('observed');

    // By keyboard: everything, then back in time.
    const before = readout;
    await chart.focus();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowLeft');
    await page.mouse.move(box.x + 5, box.y + 5);
    expect(await page.locator('.readout').innerText()).not.toBe(before);
    expect(await axe()).toEqual([]);
  });

  it('adds the forecast up, of one series and of all, with an interval of its own', async () => {
    const card = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Total' }) });
    const numbers = async (): Promise<number[]> =>
      (await card.locator('tbody tr').first().locator('td.number').allInnerTexts())
        .join(' – ')
        .split(' – ')
        .map((text) => Number(text.replace(/,/g, '')));
    await card.locator('tbody tr').waitFor();
    const [one, low, high] = (await numbers()) as [number, number, number];
    expect(low).toBeLessThan(one);
    expect(high).toBeGreaterThan(one);
    await card.getByLabel('Steps of each total').fill('12');
    await card.locator('tbody tr').nth(1).waitFor();
    expect(await card.locator('tbody tr').count()).toBe(2);
    await card.getByLabel('Steps of each total').fill('');
    await card.locator('tbody tr').nth(1).waitFor({ state: 'detached' });
    await card.getByRole('combobox').selectOption({ label: 'all series of the forecast' });
    await expect.poll(async () => (await numbers())[0]! > 1.5 * one, { timeout: 20_000 }).toBe(true);
    expect(await axe()).toEqual([]);
  });

  it('finds a series by typing, and goes through them by keyboard', async () => {
    await page.getByRole('heading', { name: 'south' }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('wes');
    await page.getByRole('link', { name: /north/ }).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'west' }).waitFor();
    await page.getByLabel('Search series').fill('');
    await page.getByRole('heading', { name: 'west' }).click();
    await page.getByRole('link', { name: /north/ }).waitFor();
    await page.keyboard.press('k');
    await page.getByRole('heading', { name: 'south' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/series/sales/south');
    // What is shown has its address: another tab, or a reload, shows the same.
    expect(page.url()).toContain('from=');
    const readout = async (): Promise<string> => {
      const box = (await page.locator('.u-over').boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + 40);
      return page.locator('.readout b').first().innerText();
    };
    const shown = await readout();
    await page.reload();
    await page.getByRole('group', { name: /^south: history and forecast/ }).waitFor();
    expect(await readout()).toBe(shown);
  });

  it('downloads the forecast as CSV in the columns of forecasters', async () => {
    const { content } = await downloaded(page, () => page.getByRole('button', { name: 'Forecast CSV' }).click());
    const text = content.toString();
    expect(text.split('\n')[0]).toMatch(/^unique_id,ds,cutoff,sales-segment,/);
    expect(text.trim().split('\n')).toHaveLength(1 + 24);
  });

  it('shows what the forecast looked at', async () => {
    await page.getByRole('link', { name: 'What it looked at' }).click();
    const map = page.getByRole('img', { name: /Temporal attention: 24 horizon steps/ });
    await map.waitFor();
    await page.getByRole('heading', { name: 'Temporal attention by lag' }).waitFor();
    await map.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('lit up below').waitFor();
    // One cell: what that step drew from there.
    await page.keyboard.press('ArrowRight');
    await page
      .getByRole('status')
      .getByText(/on: contextual [\d.]+ %, temporal [\d.]+ %/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Average over the horizon').waitFor();
    // Pointing at the forecast beyond the look-back chooses its step.
    const lookBack = page.getByRole('img', { name: /History before the cutoff/ });
    const box = (await lookBack.boundingBox())!;
    await page.mouse.move(box.x + box.width - 3, box.y + box.height / 2);
    await page.getByText('lit up below').waitFor();
    expect(await axe()).toEqual([]);
  });

  it('lets models compete over the past, and shows who won', async () => {
    await visit('/backtests');
    await page.getByText('No backtest yet').waitFor();
    await page.getByRole('button', { name: 'New backtest' }).click();
    await page.getByLabel('auto', { exact: true }).uncheck();
    await page.getByLabel('Cutoffs', { exact: true }).fill('2');
    await page.getByLabel('Horizon', { exact: true }).fill('24');
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL(/\/runs\//);
    await ended('backtest');
    await page.getByRole('heading', { name: 'Leaderboard' }).waitFor();
    await page.getByText('theta: reads nothing after its cutoff').waitFor();
    await page.getByRole('group', { name: 'WQL by step ahead' }).waitFor();
    expect(await axe()).toEqual([]);

    const totals = page.getByRole('region', { name: 'Coverage of totals' });
    expect(await totals.getByRole('row', { name: /^theta \d+.*%/ }).count()).toBe(1);

    // Errors by series, the worst first.
    const bySeries = page.getByRole('region', { name: 'Errors by series' });
    await bySeries.getByRole('link', { name: 'north' }).waitFor();
    const errors = (await bySeries.getByRole('row').allInnerTexts()).slice(1).map((row) => Number(row.split(/\s+/)[1]));
    expect(errors).toHaveLength(3);
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
    await page.getByLabel('Forecaster').selectOption('seasonalNaive');
    await page.getByLabel('Search the scored series').fill('sou');
    await bySeries.getByRole('link', { name: 'north' }).waitFor({ state: 'detached' });
    const { name, content } = await downloaded(page, () => page.getByRole('button', { name: 'Errors by series as CSV' }).click());
    expect(name).toBe('backtest-seasonalNaive-by-series.csv');
    expect(content.toString()).toMatch(/^unique_id,observations,wql,seasonal_naive_wql,mase,mae,coverage_80,why\nsouth,48,/);
    const png = await downloaded(page, () => page.getByRole('button', { name: 'WQL by cutoff as PNG' }).click());
    expect(png.content.subarray(1, 4).toString()).toBe('PNG');
  });

  it('searches for settings in a space that is shown and changed, and registers the winner', async () => {
    await visit('/train?dataset=sales');
    await page.getByRole('link', { name: 'Search settings' }).click();
    await page.getByRole('heading', { name: 'Search settings' }).waitFor();
    const rate = page.getByLabel('train.learningRate', { exact: true });
    await expect.poll(() => rate.inputValue()).toMatch(/^[\d.]+ to [\d.]+$/);
    expect(await axe()).toEqual([]);
    for (const line of await page.locator('[id^=space-]:not(#space-other)').all()) await line.fill('');
    await page.getByLabel('hidden', { exact: true }).fill('4, 8');
    await page.getByLabel('Candidates', { exact: true }).fill('2');
    await page.getByLabel('Name in the registry').fill('sales-tried');
    await page.getByLabel('Horizon', { exact: true }).fill('24');
    await page.getByText('More options').click();
    await page.getByLabel('Steps of the winner').fill('6');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.waitForURL(/\/runs\//);
    await ended('search');
    await page.getByRole('heading', { name: 'Every trial' }).waitFor();
    const trials = page.getByRole('region', { name: 'Every trial' });
    const rows = await trials.getByRole('row').count();
    expect(rows).toBeGreaterThan(2);
    expect(await trials.getByText('winner').count()).toBe(1);
    expect(await axe()).toEqual([]);
    const { content } = await downloaded(page, () => page.getByRole('button', { name: 'Every trial as CSV' }).click());
    expect(content.toString()).toMatch(/^candidate,rung,steps,wql,wql_to_seasonal_naive,seconds,failure,hidden\n/);
    await page.getByRole('link', { name: 'sales-tried' }).click({ timeout: 60_000 });
    await page.getByRole('heading', { name: 'sales-tried' }).waitFor();
  });

  it('scores past forecasts on what came after them', async () => {
    const cutoff = new Date(Date.UTC(2024, 0, 1, HOURS - 1 - 48)).toISOString();
    const { id } = await almanac.client.call('forecast', { body: { model: 'sales-segment', cutoff } });
    expect((await almanac.client.waitForRun(id)).error).toBeNull();
    await visit('/monitoring');
    await page.getByText('Nothing has been scored yet').waitFor();
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Score now' }).click();
    // The model has learned what it forecasts here: no live score.
    await page.getByRole('heading', { name: 'Scored apart' }).waitFor({ timeout: 60_000 });
    await page.getByText('the forecasts’ model had not learned').waitFor();
    expect(await page.getByRole('columnheader', { name: 'Seasonal naive' }).count()).toBe(1);
    expect(await page.getByRole('row').count()).toBe(1 + 1);
    expect(await axe()).toEqual([]);

    // The chart lays the past forecast over what came.
    await visit('/series/sales/south');
    await page.getByLabel('Forecast', { exact: true }).selectOption(id);
    await page.getByText('Of these inside the 80 % band').waitFor();
    // Or as one of several, drawn over it.
    await page.getByLabel('Forecast', { exact: true }).selectOption('');
    await page.getByLabel('1 earlier forecast').check();
    await page.locator('.legend').getByText('earlier forecasts').waitFor();
    await page.getByRole('button', { name: '1 week' }).click();
    const chart = (await page.locator('.u-over').boundingBox())!;
    await page.mouse.move(chart.x + chart.width * 0.64, chart.y + 30);
    expect(await page.locator('.readout').innerText()).toMatch(/observed .*forecast before .* steps? ahead/s);

    // And the list can be sorted by it.
    await page.getByLabel('Order').selectOption('worst');
    await page
      .getByText(/error \d/)
      .first()
      .waitFor();
    const errors = (await page.locator('.series-list .meta').allInnerTexts()).map((text) => Number(/error ([\d.]+) %/.exec(text)?.[1]));
    expect(errors).toHaveLength(3);
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
    await page.getByLabel('Order').selectOption('rise');
    await page.getByText('in a season').first().waitFor();
    await expect.poll(() => page.url()).toContain('sort=rise');
    expect(await axe()).toEqual([]);
  });

  it('promotes a version with the evidence in sight, compares it, and rolls back', async () => {
    const { id } = await almanac.client.call('train', {
      body: { dataset: 'sales', horizon: 24, steps: 60, seed: 2, gate: true, holdout: 96, kind: 'segment' },
    });
    expect((await almanac.client.waitForRun(id)).error).toBeNull();
    await visit('/models/sales-segment');
    const versions = page.getByRole('region', { name: 'Versions' });
    await versions
      .getByRole('row', { name: /challenger|champion/ })
      .first()
      .waitFor();
    await page.getByLabel('Compare version 1').check();
    await page.getByLabel('Compare version 2').check();
    const side = page.getByRole('region', { name: 'Side by side' });
    await side.getByRole('row', { name: /^Seed 1 2/ }).waitFor();
    await side.getByRole('row', { name: /^holdout 24 96/ }).waitFor();
    // The comparison can be shared.
    await page.reload();
    await side.getByRole('row', { name: /^Seed 1 2/ }).waitFor();
    expect(await axe()).toEqual([]);

    const other = (await almanac.client.call('listModelVersions', { params: { model: 'sales-segment' } })).items.find(
      ({ aliases }) => !aliases.includes('champion'),
    )!.version;
    const row = versions.getByRole('row', { name: new RegExp(`Compare version ${other}`) });
    await row.getByRole('button', { name: /Promote|Roll back/ }).click();
    const form = versions.locator('form');
    await form.getByText(/^Against version \d, each on the steps held out from it: WQL [\d.]+ % (better|worse)/).waitFor();
    await form.getByText(/The gate (let it pass|did not let it pass)|No test of significance/).waitFor();
    await form.getByLabel('Reason').fill('seen in the browser');
    expect(await axe()).toEqual([]);
    await form.getByRole('button', { name: `Make version ${other} champion` }).click();
    const history = page.getByRole('region', { name: 'History of the names' });
    await history.getByText('seen in the browser').waitFor();
    const now = (await almanac.client.call('listModels', {})).items.find(({ name }) => name === 'sales-segment')?.champion;
    expect(now).toBe(other);
    const back = 3 - other;
    await versions
      .getByRole('row', { name: new RegExp(`Compare version ${back}`) })
      .getByRole('button', { name: /Promote|Roll back/ })
      .click();
    await versions.getByRole('button', { name: `Make version ${back} champion` }).click();
    await versions.getByRole('row', { name: new RegExp(`Compare version ${back} ${back} champion`) }).waitFor();
  });

  it('walks the lineage from a forecast to the file it rests on', async () => {
    const [run] = (await almanac.client.call('listRuns', { query: { kind: 'forecast', status: 'succeeded', limit: 1 } })).items;
    await visit(`/runs/${run!.id}`);
    const lineage = page.getByRole('region', { name: 'Lineage' });
    await lineage
      .locator('a[aria-current]')
      .getByText(/^3 series, 24 steps/)
      .waitFor();
    await lineage.getByRole('link', { name: 'sales-segment 1' }).click();
    await page.getByRole('heading', { name: 'sales-segment', exact: true }).waitFor();
    await page.getByRole('region', { name: 'Lineage' }).getByRole('link', { name: 'sales.csv' }).click();
    await page.getByRole('heading', { name: 'sales', exact: true }).waitFor();
    const version = page.getByRole('region', { name: 'Versions of the dataset' });
    await version.getByText('Rows read').first().waitFor();
    expect(await version.innerText()).toContain((SERIES.length * HOURS).toLocaleString('en'));
    expect(await axe()).toEqual([]);
    const { name, content } = await downloaded(page, async () => {
      await page.goBack();
      await page.getByRole('region', { name: 'Version 1' }).getByRole('button', { name: 'Export' }).click();
    });
    expect(name).toBe('sales-segment-1.almanac-model.tar');
    expect(content.length).toBeGreaterThan(10_000);
  });

  it('sorts a table by any of its columns, by keyboard', async () => {
    await visit('/runs');
    const head = page.getByRole('columnheader', { name: 'Took' });
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await page.locator('th[aria-sort=ascending]').getByText('Took').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('th[aria-sort=descending]').getByText('Took').waitFor();
    // The longest took some time: runs without one are last.
    expect((await page.getByRole('row').nth(1).innerText()).split('\t')[5]).toMatch(/\d/);
  });

  it('makes a schedule that says in words when it is due, and runs it now', async () => {
    await visit('/schedules');
    await page.getByRole('button', { name: 'New schedule' }).click();
    await page.getByLabel('Name').fill('nightly');
    await page.getByLabel('When', { exact: true }).fill('30 2 * * 1');
    await page.getByText('At 02:30, only on Monday').waitFor();
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    await page.getByText('forecast with sales-segment').waitFor();
    expect(await axe()).toEqual([]);
    await page.getByRole('button', { name: 'Run now' }).click();
    await expect.poll(async () => (await almanac.client.call('listRuns', { query: { kind: 'forecast' } })).items.length).toBe(3);

    // The calendar has it on every Monday of a month to come.
    await page.getByRole('button', { name: 'Month after' }).click();
    const calendar = page.getByRole('region', { name: 'Calendar' });
    await page.waitForURL(/month=\d{4}-\d\d/);
    await expect.poll(() => calendar.getByText('nightly').count()).toBeGreaterThanOrEqual(4);
    await calendar.getByText('02:30').first().waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('When', { exact: true }).fill('61 * * * *');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('This is no time').waitFor();
    await page.getByLabel('When', { exact: true }).fill('0 4 * * *');
    await page.getByLabel('When the run before is open').selectOption('skip');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('At 04:00, Europe/Berlin').waitFor();
    await page.getByText('leave this time out').waitFor();
    await page.getByText('Past firings').click();
    await page
      .getByText('It has not fired yet.')
      .or(page.getByRole('region', { name: 'Past firings of nightly' }))
      .waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await almanac.client.call('listSchedules', {})).items).toMatchObject([{ cron: '0 4 * * *', overlap: 'skip' }]);
    expect(await axe()).toEqual([]);
  });

  it('lists runs, workers and keys, and makes a key that opens the API', async () => {
    await visit('/runs');
    await page.getByRole('link', { name: 'train' }).first().waitFor();
    expect(await axe()).toEqual([]);
    await visit('/settings');
    await page.getByText('Why this engine').waitFor();
    await page.getByRole('list', { name: 'Jobs that wait, by kind' }).getByText('forecast', { exact: true }).waitFor();
    await page.getByLabel('Name of the new key').fill('reader');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const key = await page.getByRole('status').locator('code').innerText();
    const answer = await fetch(`${almanac.url}/v1/datasets`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    expect(await axe()).toEqual([]);
  });

  it('is as readable in the dark and on a phone: nothing is wider than the screen', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const path of [
      '/overview',
      '/series/sales/south',
      '/models/sales-segment',
      '/runs',
      '/schedules',
      '/settings',
      '/upload',
      '/train',
      '/datasets',
      '/datasets/sales?version=1',
      '/models/sales-segment?compare=1,2',
    ]) {
      await page.setViewportSize({ width: 390, height: 844 });
      await visit(path);
      await page.locator('main h1, main h2').first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
      expect(await axe()).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('says what happened when a run fails or an address leads nowhere', async () => {
    await visit('/series/nothing');
    await page.getByText('There is no dataset "nothing"').waitFor();
    await visit('/nowhere');
    await page.getByText('There is no view at this address').waitFor();
  });

  it('goes from a file of one’s own to a judged forecast in at most eight clicks', async () => {
    let clicks = 0;
    const click = (target: Locator): Promise<void> => {
      clicks++;
      return target.click();
    };
    await visit('/');
    await page.locator('main h1, main h2').first().waitFor();
    await click(page.getByRole('link', { name: 'Upload', exact: true }));
    clicks++;
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'filialen.csv', mimeType: 'text/csv', buffer: Buffer.from(germanShops(), 'latin1') });
    const understood = page.getByRole('region', { name: 'What was understood' });
    await understood
      .getByText(/2 series, one for each Filiale: one value a day from 2 Jan 2023 to 22 Dec 2023.*No row lies on a Sunday/)
      .waitFor();
    await click(understood.getByRole('button', { name: 'Closed on public holidays of Germany' }));
    await understood.getByText('No step is missing in between').waitFor();
    clicks++;
    await understood.getByLabel('How far ahead').fill('6');
    await click(understood.getByRole('button', { name: 'Quick' }));
    expect(await axe()).toEqual([]);
    await click(understood.getByRole('button', { name: 'Forecast', exact: true }));
    await page.getByText('On the last 6 days, which training never saw: its errors were').waitFor({ timeout: 240_000 });
    await page.getByRole('group', { name: /: history and forecast$/ }).waitFor({ timeout: 240_000 });
    await page.getByText('At 3 times in the past, forecast as if nothing later were known: its errors were').waitFor({ timeout: 240_000 });
    expect(await axe()).toEqual([]);
    expect(clicks).toBeLessThanOrEqual(8);
    // The first page says how good it was, and leads to the worst series.
    await visit('/');
    const good = page.getByRole('region', { name: 'How good filialen-auto has been' });
    await good.getByText('On the last steps, which training never saw: its errors were').waitFor();
    await good.getByRole('link', { name: 'Köln' }).waitFor();
    expect(await axe()).toEqual([]);
    // Neither Sundays nor Christmas are forecast.
    const { items } = await almanac.client.call('latestForecasts', { query: { dataset: 'filialen', uniqueId: 'Köln' } });
    const days = (items[0]?.ds ?? []).map((ds) => String(ds).slice(0, 10));
    expect(days).toEqual(['2023-12-23', '2023-12-27', '2023-12-28', '2023-12-29', '2023-12-30', '2024-01-02']);
  });

  it('has nothing on its console, and sends less than 200 kB of script for the first view', async () => {
    expect(found).toEqual([]);
    const fresh = await context.newPage();
    const scripts: string[] = [];
    fresh.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(new URL(response.url()).pathname);
    });
    await fresh.goto(`${almanac.url}/series/sales/south`);
    await fresh.getByRole('heading', { name: 'south' }).waitFor();
    await fresh.close();
    const dist = fileURLToPath(new URL('../../apps/dashboard/dist', import.meta.url));
    expect(readdirSync(join(dist, 'assets')).length).toBeGreaterThan(0);
    const bytes = [...new Set(scripts)].reduce((sum, path) => sum + statSync(join(dist, `${path}.br`)).size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(200_000);
  });
});
