/**
 * Every page in a real Chromium as every role: none breaks, and nothing that it offers is only refused. Pages are those of the router;
 * what is offered are the buttons on each, pressed once.
 */
import { readFileSync } from 'node:fs';
import { createClient, type Role } from '@almanac/contracts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { chromiumIsInstalled, complaints, startBrowser } from '../support/browser.js';

const PASSWORD = 'seven green horses sing';
/** `.ci/long roles` takes every role; otherwise the one that may least, and the first buttons of each page. */
const every = process.env['ALMANAC_EVERY_ROLE'] === '1';
const ROLES = every ? (['viewer', 'editor', 'admin'] as const) : (['viewer'] as const);
/** At most so many buttons of a page are pressed: rows repeat theirs. */
const MOST = every ? 30 : 5;

/** The addresses of the router, with something in the place of each parameter. */
function addresses(present: Readonly<Record<string, string>>): string[] {
  const source = readFileSync(new URL('../../apps/dashboard/src/app/routes.tsx', import.meta.url), 'utf8');
  const paths = [...source.matchAll(/path: '([^'*]+)', lazy/g)].map(([, path]) => path!).filter((path) => path !== '/invitation');
  const filled = (path: string): string =>
    path.replace(/:(\w+)\??/g, (_, name: string) => encodeURIComponent(present[`${path.split('/')[0]} ${name}`] ?? present[name]!));
  return [...new Set(paths.flatMap((path) => [path.replace(/\/:\w+\?/g, ''), path]).map(filled))].map((path) => `/${path}`);
}

describe.skipIf(!chromiumIsInstalled() && !process.env['CI'])('pages of the dashboard', () => {
  let almanac: RunningAlmanac;
  let browser: Browser;
  const present: Record<string, string> = { dataset: 'sales', uniqueId: 'north', model: 'base' };

  beforeAll(async () => {
    [almanac, browser] = await Promise.all([startAlmanac(), startBrowser()]);
    const { client } = almanac;
    const rows = ['north', 'south'].flatMap((id) =>
      Array.from({ length: 120 }, (_, t) => `${id},${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${5 + (t % 7)}`),
    );
    const done = async (id: string): Promise<string> => {
      expect((await client.waitForRun(id)).error).toBeNull();
      return id;
    };
    await done((await client.upload(new Blob([`unique_id,ds,y\n${rows.join('\n')}\n`]), 'sales.csv', { dataset: 'sales' })).runId);
    await done((await client.call('train', { body: { dataset: 'sales', kind: 'seasonalNaive', model: 'base', horizon: 7 } })).id);
    const trained = await client.call('train', { body: { dataset: 'sales', kind: 'segment', model: 'net', horizon: 7, steps: 5 } });
    await done(trained.id);
    present['attention runId'] = await done((await client.call('forecast', { body: { model: 'net' } })).id);
    present['runId'] = await done((await client.call('forecast', { body: { model: 'base' } })).id);
    const action = { kind: 'forecast' as const, request: { model: 'base' } };
    await client.call('createSchedule', { body: { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', action } });
    await client.call('createWebhook', { body: { url: 'https://example.org' } });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await almanac?.stop();
  });

  async function signedIn(role: Role): Promise<Page> {
    const { client, url } = almanac;
    const email = `${role}@example.org`;
    const { token } = await client.call('createInvitation', { body: { email, role } });
    const anybody = createClient({ baseUrl: url });
    await anybody.call('acceptInvitation', { body: { token, name: role, password: PASSWORD } });
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: `${role} ${role}` }).waitFor();
    return page;
  }

  it.each(ROLES)(
    'offer a %s nothing that is only refused, and none breaks',
    async (role) => {
      const page = await signedIn(role);
      const found = complaints(page);
      let at = '';
      const refused: string[] = [];
      page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (response.status() === 403 || response.status() >= 500)
          refused.push(`${at}: ${response.request().method()} ${pathname} ${response.status()}`);
      });
      page.on('dialog', (dialog) => void dialog.dismiss());
      const open = async (address: string): Promise<void> => {
        await page.goto(almanac.url + address);
        await page.locator('main h1, main h2').first().waitFor();
        await page.waitForTimeout(300);
      };
      const buttons = page.locator('main button:visible:enabled');
      const broken: string[] = [];
      for (const address of addresses(present)) {
        at = address;
        await open(address);
        const names = await buttons.evaluateAll((all) => all.map((one) => one.textContent || one.getAttribute('aria-label') || ''));
        for (const [no, name] of names.slice(0, MOST).entries()) {
          // A session, or the key of the test, is not to end here.
          if (/sign out|^end\b|revoke/i.test(name)) continue;
          at = `${address} “${name}”`;
          await buttons
            .nth(no)
            .click({ timeout: 2_000 })
            .catch(() => undefined);
          await page.waitForTimeout(150);
          await page.keyboard.press('Escape');
          if (await page.getByText('This view has failed').count()) broken.push(at);
          if (new URL(page.url()).pathname !== address) await open(address);
        }
      }
      expect({ refused: [...new Set(refused)], broken }).toEqual({ refused: [], broken: [] });
      // What a form is refused for (400, 404, 422) is for whoever filled it in; a script that fails is for nobody.
      expect(found.filter((text) => !/Failed to load resource/.test(text))).toEqual([]);
    },
    600_000,
  );
});
