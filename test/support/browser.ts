/**
 * A real Chromium for tests of the dashboard. Where the program is absent the test skips, visibly; with CI set its absence
 * is a failure.
 */
import AxeBuilder from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath =
  process.env['CHROMIUM'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

export const chromiumIsInstalled = (): boolean => executablePath !== undefined && existsSync(executablePath);

export async function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('No Chromium is installed.');
  return chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
}

/** Everything that the page complains about, to be found empty at the end. */
export function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => found.push(error.message));
  return found;
}

/**
 * What axe finds serious or critical on the page, to be found empty. No page of ours has frames, so the results need no page of their
 * own to be put together on (what is called legacy mode), and only violations are described: five times as fast.
 */
export async function seriousViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${page.url()}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}

/** The file that an act downloads. */
export async function downloaded(page: Page, act: () => Promise<unknown>): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  const pieces: Buffer[] = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece as Buffer);
  return { name: download.suggestedFilename(), content: Buffer.concat(pieces) };
}
