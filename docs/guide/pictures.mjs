/**
 * Takes the pictures of the guide from a running Almanac with the sample loaded (`npm start`), each view in light and in
 * dark, and one on a phone: `node docs/guide/pictures.mjs`. ALMANAC_URL and ALMANAC_API_KEY name another one.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = fileURLToPath(new URL('./pictures', import.meta.url));
const file = join(resolve(root, process.env.ALMANAC_HOME ?? '.almanac'), 'connection.json');
const connection = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const url = process.env.ALMANAC_URL ?? connection.url ?? 'http://127.0.0.1:3000';
const key = process.env.ALMANAC_API_KEY ?? connection.apiKey;

const ask = async (path) => {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const [model] = (await ask('/v1/models')).items;
const [forecast] = (await ask(`/v1/forecasts/latest?dataset=${model.dataset}&uniqueId=ATL`)).items;
const newest = async (kind) => (await ask(`/v1/runs?kind=${kind}&status=succeeded&limit=1`)).items[0];
const training = await newest('train');
// A model with future covariates, where there is one: the sample itself has none.
const whatIf = (
  await Promise.all(
    (await ask('/v1/models')).items.map(async ({ name, dataset }) => {
      const version = (await ask(`/v1/models/${name}/versions`)).items.find((one) => one.futureCovariates.length > 0);
      const series = version && (await ask(`/v1/datasets/${dataset}/series?limit=1`)).items[0];
      return series && `/what-if/${name}/${encodeURIComponent(series.uniqueId)}?version=${version.version}`;
    }),
  )
).find((path) => path !== undefined);
const backtest = await newest('backtest');

const views = [
  { name: 'forecasts', path: `/series/${model.dataset}/ATL`, wait: 'text=Next steps', height: 980 },
  { name: 'upload', path: '/upload', wait: 'text=Drop a file here' },
  { name: 'train', path: '/train', wait: 'text=What it will take' },
  { name: 'run', path: `/runs/${training.id}`, wait: 'text=About this run' },
  { name: 'models', path: '/models', wait: 'table' },
  { name: 'model', path: `/models/${model.name}`, wait: 'text=Training run' },
  { name: 'attention', path: `/attention/${forecast.runId}/ATL`, wait: 'text=Temporal attention by lag', height: 1060 },
  ...(backtest ? [{ name: 'backtest', path: `/runs/${backtest.id}`, wait: 'text=Leaderboard', height: 1060 }] : []),
  ...(whatIf ? [{ name: 'what-if', path: whatIf, wait: 'text=Drag the points', height: 980 }] : []),
  { name: 'monitoring', path: '/monitoring', wait: 'text=Webhooks', height: 1060 },
  { name: 'schedules', path: '/schedules', wait: 'text=Coming up' },
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
  await page.goto(`${url}/#key=${key}`);
  for (const { name, path, wait, height = 820 } of views) {
    await page.setViewportSize({ width: 1280, height });
    await page.goto(url + path);
    await page.locator(wait).first().waitFor();
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    process.stdout.write(`${name}-${colorScheme}.png\n`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${url}${views[0].path}`);
  await page.locator(views[0].wait).first().waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, `phone-${colorScheme}.png`) });
  await context.close();
}
await browser.close();
