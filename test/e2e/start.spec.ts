/** The supervisor behind `npm start`: one copy per folder, clear words about what is in its way, and nothing left behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '@almanac/contracts';
import { freePort } from '../support/almanac.js';

const almanac = fileURLToPath(new URL('../../apps/cli/bin/almanac.js', import.meta.url));
const main = fileURLToPath(new URL('../../infra/local/dist/main.js', import.meta.url));

interface Started {
  child: ChildProcess;
  output(): string;
  ended: Promise<number | null>;
}

let folder: string;
let home: string;
let port: number;
const started: Started[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'almanac-start-'));
  home = join(folder, 'home');
  port = await freePort();
});

afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

function start(args: string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, DATABASE_URL: '', REDIS_URL: '', ALMANAC_HOME: home, ALMANAC_PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const program = { child, output: () => text, ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) };
  started.push(program);
  return program;
}

/** The Postgres that a supervisor started. */
function postmasterOf({ child: { pid } }: Started): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.find((one) => readFileSync(`/proc/${one}/cmdline`, 'utf8').split('\0')[0]!.endsWith('postgres'))!;
}

async function says(program: Started, words: string): Promise<void> {
  while (!program.output().includes(words)) {
    if (program.child.exitCode !== null) throw new Error(`It ended without saying "${words}":\n${program.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('npm start', () => {
  it('starts with nothing installed, stops with Ctrl-C, and finds its data again', async () => {
    const first = start(['--no-sample']);
    await says(first, 'Ctrl-C stops everything');
    const { url, apiKey } = JSON.parse(readFileSync(join(home, 'connection.json'), 'utf8')) as { url: string; apiKey: string };
    expect(statSync(join(home, 'connection.json')).mode & 0o777).toBe(0o600);
    expect(first.output()).toContain(apiKey);
    const client = createClient({ baseUrl: url, apiKey });
    const file = new Blob(['unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\na,2024-01-03,3\n']);
    const { runId } = await client.upload(file, 'small.csv', { dataset: 'small', frequency: 'D' });
    expect((await client.waitForRun(runId)).error).toBeNull();

    // The address that it prints signs a browser in, once.
    const token = /#link=([\w-]+)/.exec(first.output())![1]!;
    const signIn = (path: string, body: object): Promise<Response> =>
      fetch(`${url}/v1/session${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    expect(await (await signIn('/link', { token })).json()).toMatchObject({
      user: { name: 'Local owner' },
      workspaces: [{ workspace: 'default', role: 'admin' }],
    });
    expect((await signIn('/link', { token })).status).toBe(401);
    // Whoever sits at the machine makes a user, or gives one a new password.
    const user = (...args: string[]): string =>
      execFileSync(process.execPath, [almanac, 'admin', 'user', 'ada@example.org', ...args], {
        env: { ...process.env, DATABASE_URL: '', ALMANAC_HOME: home },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const [made, reset] = [user('--role', 'editor', '--name', 'Ada'), user()];
    expect((await signIn('', { email: 'ada@example.org', password: made })).status).toBe(401);
    expect(await (await signIn('', { email: 'ada@example.org', password: reset })).json()).toMatchObject({
      user: { name: 'Ada' },
      workspaces: [{ workspace: 'default', role: 'editor' }],
    });

    const second = start(['--no-sample']);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('ALREADY_RUNNING');
    expect((await client.call('getDataset', { params: { dataset: 'small' } })).observationCount).toBe(3);

    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow();

    const again = start(['--no-sample']);
    await says(again, 'Ctrl-C stops everything');
    expect((await client.call('getDataset', { params: { dataset: 'small' } })).observationCount).toBe(3);
    expect(again.output()).not.toContain(`shown this once`);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('goes on when a person cancels what loads the sample, and does not load it again', async () => {
    const first = start([]);
    await says(first, '#link=');
    const { url, apiKey } = JSON.parse(readFileSync(join(home, 'connection.json'), 'utf8')) as { url: string; apiKey: string };
    const client = createClient({ baseUrl: url, apiKey });
    let cancelled = 0;
    while (!first.output().includes('Ctrl-C stops everything')) {
      for (const { id, status } of (await client.call('listRuns', { query: {} })).items) {
        if (status !== 'queued' && status !== 'running') continue;
        await client.call('cancelRun', { params: { runId: id } });
        cancelled++;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(cancelled).toBeGreaterThan(0);
    expect(first.output()).toContain('the run was cancelled');
    const runs = (await client.call('listRuns', { query: {} })).items.length;
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);

    const again = start([]);
    await says(again, 'Ctrl-C stops everything');
    expect(again.output()).toContain('of the sample was cancelled, and stays so');
    expect((await client.call('listRuns', { query: {} })).items).toHaveLength(runs);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('starts with a key that was revoked, and a lost one is made anew at the terminal, running or not', async () => {
    const key = (): string => (JSON.parse(readFileSync(join(home, 'connection.json'), 'utf8')) as { apiKey: string }).apiKey;
    const url = `http://127.0.0.1:${port}`;
    const reset = (...args: string[]): string =>
      execFileSync(process.execPath, [almanac, 'admin', 'reset-key', ...args], {
        env: { ...process.env, DATABASE_URL: '', ALMANAC_HOME: home },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();

    const first = start(['--no-sample']);
    await says(first, 'Ctrl-C stops everything');
    const lost = key();
    const made = reset();
    expect(key()).toBe(made);
    const client = createClient({ baseUrl: url, apiKey: made });
    const { items } = await client.call('listApiKeys', {});
    await client.call('deleteApiKey', {
      params: { id: items.find(({ prefix }) => lost.startsWith(prefix) && !made.startsWith(prefix))!.id },
    });
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);

    // As earlier versions left it: the only key that the folder knows is revoked.
    writeFileSync(join(home, 'connection.json'), JSON.stringify({ url, apiKey: lost }));
    const again = start(['--no-sample']);
    await says(again, 'Ctrl-C stops everything');
    expect(again.output()).toContain('had been revoked; a new one is kept');
    expect((await createClient({ baseUrl: url, apiKey: key() }).call('listApiKeys', {})).items.length).toBeGreaterThan(1);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);

    const alone = reset('--revoke-others');
    const third = start(['--no-sample']);
    await says(third, 'Ctrl-C stops everything');
    const left = (await createClient({ baseUrl: url, apiKey: alone }).call('listApiKeys', {})).items;
    expect(left.map(({ prefix }) => prefix)).toEqual([alone.slice(0, 8)]);
  });

  it('brings a killed Postgres back; requests meanwhile get 503, and what was accepted is done', async () => {
    const program = start(['--no-sample']);
    await says(program, 'Ctrl-C stops everything');
    const { url, apiKey } = JSON.parse(readFileSync(join(home, 'connection.json'), 'utf8')) as { url: string; apiKey: string };
    const client = createClient({ baseUrl: url, apiKey });
    expect(await client.call('readyz', {})).toMatchObject({ status: 'ready' });

    const answers = new Map<number, number>();
    let asking = true;
    const asked = (async () => {
      while (asking) {
        const answer = await fetch(`${url}/v1/datasets`, { headers: { authorization: `Bearer ${apiKey}` } });
        answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
        if (answer.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        await answer.text();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    for (let kill = 1; kill <= 2; kill += 1) {
      const file = new Blob([`unique_id,ds,y\na,2024-01-01,${kill}\na,2024-01-02,2\n`]);
      const { runId } = await client.upload(file, 'small.csv', { dataset: 'small', frequency: 'D' });
      process.kill(postmasterOf(program), 'SIGKILL');
      while (program.output().split('answers again').length <= kill) await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await client.waitForRun(runId)).error).toBeNull();
    }
    await expect.poll(() => client.call('readyz', {}).then(({ status }) => status, String)).toBe('ready');
    asking = false;
    await asked;
    expect([...answers.keys()].sort()).toEqual([200, 503]);
    expect(program.output()).toContain('PostgreSQL ended (SIGKILL); it is started again');
    // Neither program was lost on the way.
    expect(
      readdirSync(join(home, 'logs')).filter((name) => readFileSync(join(home, 'logs', name), 'utf8').includes('could not start')),
    ).toEqual([]);
  });

  it('listens off loopback with a certificate, behind a declared proxy, or where plain HTTP is declared; else not at all', async () => {
    const program = start(['--no-sample', '--exit'], { ALMANAC_HOST: '0.0.0.0' });
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('PLAIN_HTTP_REFUSED');
    for (const way of ['ALMANAC_TLS_CERT', 'ALMANAC_TRUST_PROXY', 'ALMANAC_PLAIN_HTTP=1']) expect(program.output()).toContain(way);
    expect(program.output()).not.toContain('PostgreSQL');
  });

  it('names a port that is taken and starts nothing', async () => {
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const program = start(['--no-sample', '--exit']);
    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(new RegExp(`Port ${port} on 127.0.0.1 cannot be used.*\\[PORT_IN_USE\\]`));
    expect(program.output()).toContain('ALMANAC_PORT=');
    expect(program.output()).not.toContain('PostgreSQL');
    other.close();
  });

  it('names a data folder that it cannot write to', async () => {
    const blocked = join(folder, 'a-file');
    writeFileSync(blocked, '');
    const program = start(['--no-sample', '--exit'], { ALMANAC_HOME: join(blocked, 'home') });
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('DATA_FOLDER_NOT_WRITABLE');
    expect(program.output()).toContain('ALMANAC_HOME');
  });

  it('takes over a folder whose owner was killed', async () => {
    const killed = start(['--no-sample']);
    await says(killed, 'Ctrl-C stops everything');
    killed.child.kill('SIGKILL');
    await killed.ended;
    const next = start(['--no-sample', '--exit'], { ALMANAC_PORT: String(await freePort()) });
    expect(await next.ended, next.output()).toBe(0);
  });
});
