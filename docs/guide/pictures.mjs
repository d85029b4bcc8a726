/* global document */
/**
 * Takes the pictures of the guide from a running Almanac with the sample loaded (`npm start`), each view in light and in
 * dark, and one on a phone: `node docs/guide/pictures.mjs`. ALMANAC_URL and ALMANAC_API_KEY name another one. What the sample
 * alone does not have, past forecasts and a backtest for example, is made of it first (some minutes, once). Names as arguments
 * take only those: `node docs/guide/pictures.mjs past phone`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { prepare, someFile } from './prepare.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = fileURLToPath(new URL('./pictures', import.meta.url));
const stored = join(resolve(root, process.env.ALMANAC_HOME ?? '.almanac'), 'connection.json');
const connection = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')) : {};
const url = process.env.ALMANAC_URL ?? connection.url ?? 'http://127.0.0.1:3000';
const key = process.env.ALMANAC_API_KEY ?? connection.apiKey;

const call = async (path, init = {}) => {
  const answer = await fetch(url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const ask = (path) => call(path);
const post = (path, body) =>
  call(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
  });
const upload = (fileName, csv, options) =>
  call(`/v1/uploads?${new URLSearchParams({ dataset: fileName.replace(/\..*/, ''), fileName, ...options })}`, {
    method: 'POST',
    body: new Blob([csv], { type: 'application/octet-stream' }),
  });
const done = async ({ id }) => {
  for (;;) {
    const run = await ask(`/v1/runs/${id}`);
    if (run.status === 'failed' || run.status === 'cancelled') throw new Error(`${run.kind} ${id}: ${run.error?.detail ?? run.status}`);
    if (run.status === 'succeeded') return process.stdout.write(`${run.kind} ${run.model ?? run.dataset}\n`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const names = process.argv.slice(2);
const wanted = (name) => names.length === 0 || names.includes(name);
const [model] = (await ask('/v1/models')).items;
await prepare({ ask, post, upload, done, model });
const file = await someFile(ask, model.dataset);
const [forecast] = (await ask(`/v1/forecasts/latest?dataset=${model.dataset}&uniqueId=ATL`)).items;
const newest = async (kind) => (await ask(`/v1/runs?kind=${kind}&status=succeeded&limit=1`)).items[0];
const [version] = (await ask(`/v1/models/${model.name}/versions`)).items.filter(({ aliases }) => aliases.includes('champion'));
const backtest = await newest('backtest');
const search = await newest('search');

const views = [
  { name: 'forecasts', path: `/series/${model.dataset}/ATL`, wait: 'text=Next steps', height: 980 },
  { name: 'past', path: `/series/${model.dataset}/ATL?past=&sort=worst`, wait: 'text=earlier forecasts, 80 %', height: 980 },
  { name: 'dataset', path: `/datasets/${model.dataset}?version=1`, wait: 'text=Rows read' },
  {
    name: 'upload',
    path: '/upload',
    wait: 'text=Drop a file here',
    height: 1180,
    act: async (page) => {
      await page.locator('input[type=file]').setInputFiles({ name: 'departures.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
      await page.getByLabel('Dataset', { exact: true }).fill('departures');
      await page.getByRole('button', { name: 'Try it' }).click();
      await page.getByText('This is what would be stored').waitFor();
      await page.locator('main').evaluate((main) => main.scrollTo(0, 0));
    },
  },
  { name: 'train', path: '/train', wait: 'text=What it will take' },
  { name: 'run', path: `/runs/${version.runId}`, wait: 'text=About this run' },
  { name: 'models', path: '/models', wait: 'table' },
  { name: 'model', path: `/models/${model.name}?version=1`, wait: 'text=Training run', height: 1060 },
  { name: 'attention', path: `/attention/${forecast.runId}/ATL`, wait: 'text=Temporal attention by lag', height: 1060 },
  { name: 'backtest', path: `/runs/${backtest.id}`, wait: 'text=Leaderboard', height: 1060 },
  { name: 'search', path: `/runs/${search.id}`, wait: 'text=Every trial', height: 1060 },
  {
    name: 'what-if',
    path: '/what-if/holiday-flights-auto/ORD',
    wait: 'text=Drag the points',
    height: 980,
    act: async (page) => {
      await page.getByRole('slider').focus();
      await page.keyboard.press('End');
      for (let press = 0; press < 5; press++) await page.keyboard.press('Shift+ArrowUp');
      await page.getByText(' becomes ').waitFor();
    },
  },
  { name: 'monitoring', path: '/monitoring', wait: 'text=Webhooks', height: 1060 },
  { name: 'schedules', path: '/schedules', wait: 'text=Past firings', height: 1060 },
  { name: 'runs', path: '/runs', wait: 'table' },
  { name: 'settings', path: '/settings', wait: 'text=Workspaces', height: 1060 },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const colorScheme of ['light', 'dark']) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 820 } });
  const page = await context.newPage();
  await page.goto(`${url}/#link=${(await call('/v1/session/links', { method: 'POST' })).token}`);
  await page.locator('.shell').waitFor();
  for (const { name, path, wait, height = 820, act } of views.filter((view) => wanted(view.name))) {
    await page.setViewportSize({ width: 1280, height });
    await page.goto(url + path);
    await page.locator(wait).first().waitFor();
    await act?.(page);
    await page.waitForFunction(() => !document.querySelector('.skeleton'));
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    process.stdout.write(`${name}-${colorScheme}.png\n`);
  }
  if (wanted('phone')) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${url}${views[0].path}`);
    await page.locator(views[0].wait).first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.skeleton'));
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(folder, `phone-${colorScheme}.png`) });
  }
  await context.close();
}
await browser.close();
