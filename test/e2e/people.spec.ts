/** People in a real browser: who comes in how, what a role may do, and that a session ends when it is ended. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { chromiumIsInstalled, complaints, seriousViolations, startBrowser } from '../support/browser.js';

const PASSWORD = 'seven green horses sing';

describe.skipIf(!chromiumIsInstalled() && !process.env['CI'])('people in Chromium', () => {
  let almanac: RunningAlmanac;
  let browser: Browser;
  let owner: Page;
  let viewer: Page;
  let found: string[];
  const contexts: BrowserContext[] = [];

  /** A browser of its own: its cookies are nobody else's. */
  const open = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    return page;
  };

  beforeAll(async () => {
    [almanac, browser] = await Promise.all([startAlmanac(), startBrowser()]);
    [owner, viewer] = [await open(), await open()];
    found = complaints(owner);
  });
  afterAll(async () => {
    await browser?.close();
    await almanac?.stop();
  });

  const signInAs = async (page: Page, email: string, password: string): Promise<void> => {
    await page.goto(almanac.url);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  it('a link from the machine signs the owner in, once', async () => {
    const address = await almanac.signInAddress();
    await owner.goto(address);
    await owner.getByRole('link', { name: 'Local owner admin' }).waitFor();
    await viewer.goto(address);
    await viewer.getByText('This link has been used, or is too old.').waitFor();
    expect(await seriousViolations(viewer)).toEqual([]);
  });

  it('an invitation is copied, opened in another browser, and makes a viewer', async () => {
    await owner.getByRole('link', { name: 'People' }).click();
    await owner.getByLabel('E-mail address').fill('vera@example.org');
    await owner.getByRole('button', { name: 'Invite' }).click();
    const link = await owner.locator('code').filter({ hasText: '/invitation#' }).textContent();
    expect(await seriousViolations(owner)).toEqual([]);

    await viewer.goto(link!);
    await viewer.getByRole('heading', { name: 'Join default' }).waitFor();
    expect(await seriousViolations(viewer)).toEqual([]);
    await viewer.getByLabel('Your name').fill('Vera');
    await viewer.getByLabel('A password').fill('passwordpassword');
    await viewer.getByRole('button', { name: 'Join' }).click();
    await viewer.getByText('This password is among those that are tried first.').waitFor();
    await viewer.getByLabel('A password').fill(PASSWORD);
    await viewer.getByRole('button', { name: 'Join' }).click();
    await viewer.getByRole('link', { name: 'Vera viewer' }).waitFor();
    expect(viewer.url()).not.toContain('invitation');

    await owner.reload();
    await owner.getByRole('row', { name: /Vera vera@example.org/ }).waitFor();
    await owner.getByText('Nobody is invited at the moment.').waitFor();
  });

  it('a viewer looks and changes nothing, by the pages or past them', async () => {
    const names = await viewer.getByRole('navigation', { name: 'Views' }).getByRole('link').allTextContents();
    expect(names).toEqual(['Overview', 'Forecasts', 'Datasets', 'Models', 'Backtests', 'Schedules', 'Monitoring', 'Runs', 'Settings']);
    for (const path of ['/train', '/upload', '/people', '/audit']) {
      await viewer.goto(almanac.url + path);
      await viewer.getByRole('heading', { name: 'A viewer does not do this' }).waitFor();
    }
    await viewer.goto(`${almanac.url}/schedules`);
    await viewer.getByText('Nothing is scheduled').waitFor();
    expect(await viewer.getByRole('button', { name: 'New schedule' }).count()).toBe(0);
    const train = (): Promise<{ status: number; code: string }> =>
      viewer.evaluate(async () => {
        const { csrfToken } = (await (await fetch('/v1/session')).json()) as { csrfToken: string };
        const body = JSON.stringify({ dataset: 'any', horizon: 1 });
        const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken };
        const answer = await fetch('/v1/train', { method: 'POST', headers, body });
        return { status: answer.status, code: ((await answer.json()) as { code: string }).code };
      });
    expect(await train()).toEqual({ status: 403, code: 'ROLE_MISSING' });
    await owner.getByLabel('Role of vera@example.org').selectOption('editor');
    await expect.poll(train).toEqual({ status: 404, code: 'DATASET_NOT_FOUND' });
    await viewer.goto(`${almanac.url}/train`);
    await viewer.getByRole('link', { name: 'Vera editor' }).waitFor();
    await viewer.getByRole('link', { name: 'Upload' }).first().waitFor();
    await viewer.goto(`${almanac.url}/schedules`);
    await viewer.getByRole('button', { name: 'New schedule' }).waitFor();
  });

  it('a page of another origin does nothing in the name of whoever is signed in', async () => {
    // Another port of this machine is another origin, yet the same site: its requests carry the cookie.
    const evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<h1>A prize</h1>'));
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    try {
      const page = await viewer.context().newPage();
      await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}`);
      const answer = await page.evaluate(async (target) => {
        const body = new Blob([JSON.stringify({ name: 'stolen', scopes: ['admin'] })], { type: 'text/plain' });
        await fetch(`${target}/v1/session`, { method: 'DELETE', credentials: 'include', mode: 'no-cors' }).catch(() => undefined);
        return fetch(`${target}/v1/train`, { method: 'POST', credentials: 'include', mode: 'no-cors', body }).then(({ type }) => type);
      }, almanac.url);
      expect(answer).toBe('opaque');
      await page.close();
      expect((await almanac.client.call('listRuns', { query: {} })).items).toEqual([]);
      await viewer.reload();
      await viewer.getByRole('link', { name: 'Vera editor' }).waitFor();
    } finally {
      evil.close();
    }
  });

  it('a session is ended from another browser, and the page that had it asks who it is', async () => {
    const second = await open();
    await signInAs(second, 'vera@example.org', PASSWORD);
    await second.getByRole('link', { name: 'Vera editor' }).click();
    await second.getByRole('row', { name: /this one/ }).waitFor();
    expect(await seriousViolations(second)).toEqual([]);
    await second.getByRole('button', { name: 'End', exact: true }).click();
    await second.getByRole('button', { name: 'End it' }).click();
    await second.getByRole('button', { name: 'End', exact: true }).waitFor({ state: 'detached' });
    // The page asks for runs under way every few seconds.
    await viewer.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('a new password ends every other session, and the old one opens nothing', async () => {
    const [second, other] = [contexts[2]!.pages()[0]!, viewer];
    await signInAs(other, 'vera@example.org', PASSWORD);
    await other.getByRole('link', { name: 'Vera editor' }).waitFor();
    await second.getByLabel('Current password').fill(PASSWORD);
    await second.getByLabel(/New password/).fill('nine blue whales whisper');
    await second.getByRole('button', { name: 'Change it' }).click();
    await second.getByText('It is changed.').waitFor();
    await other.getByRole('button', { name: 'Sign in' }).waitFor();
    await signInAs(other, 'vera@example.org', PASSWORD);
    await other.getByText('The e-mail address or the password is wrong.').waitFor();
    await second.getByRole('button', { name: 'Sign out' }).click();
    await second.getByRole('button', { name: 'Sign in' }).waitFor();
  });

  it('the last admin stays one, and a member who is removed is out', async () => {
    await owner.getByLabel('Role of owner@almanac.local').selectOption('viewer');
    await owner.getByText('This is the last admin of the workspace').waitFor();
    // The refusals are 409s, which the browser notes by itself.
    found.splice(0);
    await owner
      .getByRole('row', { name: /vera@example.org/ })
      .getByRole('button', { name: 'Remove' })
      .click();
    await owner.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await owner.getByRole('row', { name: /vera@example.org/ }).waitFor({ state: 'detached' });
    await signInAs(viewer, 'vera@example.org', 'nine blue whales whisper');
    await viewer.getByRole('heading', { name: 'You are not a member of any workspace' }).waitFor();
    expect(await seriousViolations(owner)).toEqual([]);
    expect(found).toEqual([]);
  });
});
