/** A receiver that fails, then hangs, then answers: three attempts of one message, byte for byte the same. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../support/almanac.js';
import { Case } from '../support/cases.js';

const trial = new Case('39-webhook-retries');

interface Received {
  at: number;
  attempt: number;
  id: string;
  valid: boolean;
  sha256: string;
}

it('39 webhook-retries', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-c39-'));
  copyFileSync(trial.path('receiver.py'), join(folder, 'receiver.py'));
  const port = await freePort();
  const { client } = trial;
  const url = `http://127.0.0.1:${port}/`;
  const webhook = await client.call('createWebhook', { body: { url, events: ['run.finished'] } });
  const receiver = spawn('python3', [join(folder, 'receiver.py'), String(port), webhook.secret], { stdio: 'ignore' });
  try {
    await expect
      .poll(() =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await trial.stored('small.csv', { dataset: 'c39' });
    const deliveries = async () =>
      (await client.call('listWebhookDeliveries', { params: { webhookId: webhook.id }, query: {} as never })).items;
    // The other cases, too, may tell of their runs meanwhile; this one goes by the message of its own upload.
    const own = async () => (await deliveries()).find(({ message }) => message.data['dataset'] === 'c39');
    await expect.poll(async () => (await own())?.status, { timeout: 240_000, interval: 500 }).toBe('delivered');
    const delivery = (await own())!;
    expect(delivery).toMatchObject({ attempts: 3, responseStatus: 200 });
    const log = join(folder, 'received.ndjson');
    expect(existsSync(log)).toBe(true);
    const all = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Received);
    const rows = all.filter(({ id }) => id === delivery.messageId);
    expect(rows.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(rows.every(({ valid }) => valid)).toBe(true);
    expect(new Set(rows.map(({ sha256 }) => sha256)).size).toBe(1);
    const [first, second, third] = rows.map(({ at }) => at) as [number, number, number];
    // A pause is a quarter more or less than its 5 s or 20 s: at least 3.75 s after the first answer, and 15 s after the 10 s that the
    // second waits, which begin a little before the receiver has read it. Of a loaded machine no upper bound can be asked.
    expect(second - first).toBeGreaterThanOrEqual(3.75);
    expect(third - second).toBeGreaterThan(24);
    const others = new Set(all.map(({ id }) => id));
    expect(others.size).toBe(new Set(all.map(({ sha256 }) => sha256)).size);
  } finally {
    await client.call('deleteWebhook', { params: { webhookId: webhook.id } });
    receiver.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}, 360_000);
