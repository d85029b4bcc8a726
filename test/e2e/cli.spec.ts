/** `almanac` as a person at a terminal uses it: a program of its own against the real API and worker. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';

const program = fileURLToPath(new URL('../../apps/cli/bin/almanac.js', import.meta.url));

let almanac: RunningAlmanac;
let folder: string;

interface Said {
  code: number | null;
  out: string;
  err: string;
}

function run(args: string[], env: Record<string, string> = {}, input?: string): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'], ALMANAC_URL: almanac.url, ALMANAC_API_KEY: almanac.apiKey, ALMANAC_HOME: folder, ...env },
    });
    child.stdin.end(input);
    const said: Said = { code: null, out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
    child.on('close', (code) => resolve({ ...said, code }));
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'almanac-cli-'));
  const rows = Array.from({ length: 400 }, (_, day) => {
    const ds = new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10);
    return ['a', 'b']
      .map(
        (id) =>
          `${id},${ds},${(10 + 0.02 * day + ((day * 37) % 11) / 5 + 5 * Math.sin((2 * Math.PI * day) / 7) + (id === 'b' ? 20 : 0)).toFixed(2)}`,
      )
      .join('\n');
  });
  writeFileSync(join(folder, 'sales.csv'), `unique_id,ds,y\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'broken.csv'), 'unique_id,ds,y\na,2024-01-01,many\n');
  almanac = await startAlmanac();
});

afterAll(async () => {
  await almanac?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('almanac', () => {
  it('takes standard input for a file, says when nothing comes, and cancels what it is asked to', async () => {
    const piped = await run(['upload', '-', '--dataset', 'piped'], {}, 'unique_id,ds,y\na,2024-01-01,1\nb,2024-01-01,2\nb,2024-01-02,3\n');
    expect(piped).toMatchObject({ code: 0 });
    expect(piped.out).toContain('Stored as version 1 of "piped"');
    expect(await run(['upload', '-', '--dataset', 'piped'], {}, '')).toMatchObject({ code: 2, err: expect.stringContaining('is empty') });
    expect((await run(['delete-dataset', 'piped', '--series', 'a'])).code).toBe(0);
    expect((await run(['series', 'piped'])).out).not.toMatch(/^a /m);
    expect((await run(['retention', 'piped', '36500'])).out).toContain('36,500 days');
    expect((await run(['delete-dataset', 'piped'])).code).toBe(0);
    expect((await run(['series', 'piped'])).err).toContain('DATASET_NOT_FOUND');
  });

  it('uploads, trains, forecasts and gets, each with exit code 0', async () => {
    const upload = await run(['upload', join(folder, 'sales.csv'), '--dataset', 'sales']);
    expect(upload).toMatchObject({ code: 0 });
    expect(upload.out).toMatch(/800 rows .*csv/);
    expect(upload.out).toMatch(/frequency D/);
    expect(upload.out).toContain('Stored as version 1 of "sales"');

    const train = await run(['train', '--dataset', 'sales', '--kind', 'theta', '--model', 'sales-theta', '--horizon', '14']);
    expect(train).toMatchObject({ code: 0 });
    expect(train.out).toMatch(/WQL ratio to \w+( \(\d+\))?: \d/);

    const forecast = await run(['forecast', 'sales-theta', '--json']);
    expect(forecast).toMatchObject({ code: 0 });
    expect(JSON.parse(forecast.out)).toMatchObject({ model: 'sales-theta', version: 1, series: 2, horizon: 14 });

    const file = join(folder, 'out.csv');
    expect(await run(['get', '--dataset', 'sales', '--output', file])).toMatchObject({ code: 0, out: '' });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines[0]).toMatch(/^unique_id,ds,cutoff,sales-theta/);
    expect(lines).toHaveLength(1 + 2 * 14);
    const json = await run(['get', '--series', 'b', '--format', 'json']);
    expect(JSON.parse(json.out)).toMatchObject([{ uniqueId: 'b', model: 'sales-theta' }]);
  });

  it('lets kinds of model compete over the past', async () => {
    const backtest = await run(['backtest', '--dataset', 'sales', '--kinds', 'theta,naive', '--windows', '2', '--horizon', '14']);
    expect(backtest).toMatchObject({ code: 0 });
    expect(backtest.out).toMatch(/2 cutoffs, 14 steps ahead/);
    expect(backtest.out).toMatch(/sums within their 80 % intervals, over 1 cutoff and 2 series; .* measured at earlier cutoffs/);
    expect(backtest.out).toMatch(/^theta +[01]\.\d+ +[01]\.\d+ +[01]\.\d+ *$/m);
    for (const kind of ['theta', 'naive', 'seasonalNaive']) expect(backtest.out).toMatch(new RegExp(`^${kind} .* yes$`, 'm'));
  });

  it('searches for settings, shows what it would vary, and registers the winner', async () => {
    const space = await run(['search', '--dataset', 'sales', '--horizon', '7', '--show-space']);
    expect(JSON.parse(space.out)).toMatchObject({
      kind: 'segment',
      space: { 'train.learningRate': { from: expect.any(Number) as number } },
    });
    const flags = ['--dataset', 'sales', '--model', 'found', '--horizon', '7', '--steps', '6', '--windows', '2'];
    const settings = ['--config', '{"hidden":8,"contextLength":28,"segmentLength":7}'];
    const wrong = await run(['search', ...flags, ...settings, '--space', '{"hiden":[4,8]}']);
    expect(wrong).toMatchObject({ code: expect.any(Number) as number, err: expect.stringMatching(/hiden[\s\S]*hidden/) as string });
    expect(wrong.code).not.toBe(0);
    const found = await run(['search', ...flags, ...settings, '--space', '{"hidden":[4,8]}', '--trials', '2']);
    expect(found).toMatchObject({ code: 0 });
    expect(found.err).toMatch(/2 cutoffs from 2024-01-\d+ 00:00, 7 steps ahead each, before the 7 steps that the winner holds out/);
    expect(found.err).toMatch(/^1 .* hidden=4$/m);
    expect(found.out).toMatch(/^found, version 1: 6 steps, WQL ratio to /);
    expect((await run(['delete-model', 'found', '--yes'])).code).toBe(0);
  });

  it('scores past forecasts on what came after them', async () => {
    expect(await run(['forecast', 'sales-theta', '--cutoff', '2024-01-15T00:00:00Z'])).toMatchObject({ code: 0 });
    const monitor = await run(['monitor', 'sales-theta']);
    expect(monitor).toMatchObject({ code: 0 });
    expect(monitor.out).toMatch(/2024-01-15 00:00 +1 +2 /);
  });

  it('lists what there is, as a table and as JSON', async () => {
    expect((await run(['datasets'])).out).toMatch(/sales +1 +D/);
    expect(JSON.parse((await run(['runs', '--json'])).out)).toHaveLength(9);
    expect((await run(['status'])).out).toMatch(/queue pg-boss/);
    const made = await run([
      'schedule',
      'create',
      'nightly',
      '--cron',
      '0 6 * * *',
      '--time-zone',
      'Europe/Berlin',
      '--forecast',
      'sales-theta',
    ]);
    expect(made).toMatchObject({ code: 0 });
    expect((await run(['schedule'])).out).toMatch(/nightly +forecast sales-theta/);
  });

  it('forecasts the histories of a file, with the best baseline or a model, and stores nothing', async () => {
    const stored = (await run(['get', '--format', 'json'])).out;
    const best = await run(['forecast', '--file', join(folder, 'sales.csv'), '--horizon', '3', '--level', '90']);
    expect(best).toMatchObject({ code: 0 });
    const lines = best.out.trim().split('\n');
    expect(lines[0]).toMatch(/^unique_id,ds,cutoff,(\w+),\1-lo-90,\1-hi-90$/);
    expect(lines).toHaveLength(1 + 2 * 3);
    expect(lines[1]).toMatch(/^a,2024-02-05,2024-02-04,\d/);
    expect(best.err).toMatch(/Budget quick: .*weighed by \d+ forecasts of what was held back/);
    const named = await run(['forecast', 'sales-theta', '--file', join(folder, 'sales.csv'), '--json']);
    expect(JSON.parse(named.out)).toMatchObject({ model: 'sales-theta', version: 1, horizon: 14 });
    expect((await run(['get', '--format', 'json'])).out).toBe(stored);
    expect(await run(['forecast'])).toMatchObject({ code: 2 });
    const look = await run(['look', 'sales', '--horizon', '7', '--series', 'a']);
    expect(look).toMatchObject({ code: 0 });
    expect(look.out).toMatch(/^unique_id,ds,cutoff,pretrained-q-2\.5,.*,pretrained,/);
    expect(look.out.trim().split('\n')).toHaveLength(8);
  });

  it('makes, tries out and deletes webhooks, and workspaces', async () => {
    const made = JSON.parse((await run(['webhooks', 'create', 'http://127.0.0.1:9/hook', '--events', 'run.failed', '--json'])).out) as {
      id: string;
      secret: string;
    };
    expect(made.secret).toMatch(/^whsec_/);
    const listed = await run(['webhooks']);
    expect(listed.out).toContain('http://127.0.0.1:9/hook');
    expect(listed.out).not.toContain(made.secret);
    expect(await run(['webhooks', 'ping', made.id])).toMatchObject({ code: 0 });
    let deliveries = '';
    for (let look = 0; look < 30 && !deliveries.includes('private address'); look++)
      deliveries = (await run(['webhooks', 'deliveries', made.id])).out;
    expect(deliveries).toMatch(/ping .* pending +1 of 10 .*private address/);
    expect(await run(['webhooks', 'delete', made.id])).toMatchObject({ code: 0 });
    expect(await run(['webhooks', 'create', 'ftp://example.org'])).toMatchObject({ code: 1 });
    expect(await run(['webhooks', 'create', 'https://example.org', '--events', 'flood'])).toMatchObject({ code: 2 });

    const key = (await run(['workspaces', 'create', 'acme'])).out.split('\n')[0]!;
    expect(await run(['datasets'], { ALMANAC_API_KEY: key })).toMatchObject({
      code: 0,
      out: expect.not.stringContaining('sales') as string,
    });
    expect(await run(['workspaces'], { ALMANAC_API_KEY: key })).toMatchObject({ code: 1 });
    expect(await run(['workspaces', 'delete', 'acme'])).toMatchObject({ code: 2 });
    expect(await run(['workspaces', 'delete', 'acme', '--yes'])).toMatchObject({ code: 0 });
    expect((await run(['workspaces'])).out).not.toContain('acme');
    expect(await run(['delete-model', 'nothing', '1'])).toMatchObject({ code: 2 });
    expect(await run(['delete-model', 'nothing', '1', '--yes'])).toMatchObject({ code: 1 });
  });

  it('invites people, shows and changes who they are here, and prints a link that signs in', async () => {
    const invited = await run(['members', 'invite', 'ada@example.org', '--role', 'editor']);
    const token = /\/invitation#(\S+)/.exec(invited.out)![1]!;
    expect((await run(['members', 'invitations'])).out).toMatch(/ada@example\.org +editor +admin/);
    await almanac.client.call('acceptInvitation', { body: { token, name: 'Ada', password: 'seven green horses sing' } });
    expect((await run(['members'])).out).toMatch(/ada@example\.org +Ada +editor/);
    expect(await run(['members', 'role', 'ada@example.org', 'admin'])).toMatchObject({ code: 0, out: 'ada@example.org is admin now.\n' });
    expect(await run(['members', 'role', 'ada@example.org', 'viewer'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('MEMBER_LAST_ADMIN') as unknown,
    });
    expect(await run(['members', 'remove', 'nobody@example.org'])).toMatchObject({ code: 2 });
    const link = (await run(['users', 'link'])).out.trim();
    expect(link).toMatch(new RegExp(`^${almanac.url}/#link=[\\w-]{43}$`));
    expect((await run(['users'])).out).toMatch(/owner@almanac\.local +Local owner +no/);
    expect(await run(['users', 'delete', 'ada@example.org'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await run(['members', '--json'])).out)).toMatchObject([{ email: 'owner@almanac.local', role: 'admin' }]);
  });

  it('changes nothing on a dry run', async () => {
    const dry = await run(['upload', join(folder, 'sales.csv'), '--dataset', 'other', '--dry-run']);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.out).toContain('nothing was stored');
    expect((await run(['datasets'])).out).not.toContain('other');
  });

  it('explains what went wrong, with exit code 1', async () => {
    const broken = await run(['upload', join(folder, 'broken.csv'), '--dataset', 'broken']);
    expect(broken.code).toBe(1);
    expect(broken.err).toMatch(/many|rejected/);
    const unknown = await run(['train', '--dataset', 'nothing']);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('DATASET_NOT_FOUND');
    const refused = await run(['datasets'], { ALMANAC_API_KEY: 'alm_wrong' });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('--api-key');
    const nobody = await run(['datasets', '--url', 'http://127.0.0.1:1']);
    expect(nobody.code).toBe(1);
    expect(nobody.err).toContain('Nothing answers at http://127.0.0.1:1');
  });

  it('says how it is used, with exit code 2', async () => {
    expect(await run(['upload', join(folder, 'sales.csv')])).toMatchObject({ code: 2 });
    expect(await run(['upload', join(folder, 'nothing.csv'), '--dataset', 'x'])).toMatchObject({ code: 2 });
    expect(await run(['fly'])).toMatchObject({ code: 2 });
    expect(await run(['--help'])).toMatchObject({ code: 0 });
  });
});
