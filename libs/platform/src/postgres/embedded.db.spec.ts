import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded.js';

let home: string;
let running: EmbeddedPostgres[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'almanac-pg-'));
  chmodSync(home, 0o755);
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(home, { recursive: true, force: true });
});

async function start(options: { port?: number; log?: (line: string) => void } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ home, settings: { fsync: 'off' }, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

describe('the embedded Postgres', () => {
  it('keeps data and address over a restart, and answers on loopback only with its password', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(await query(first.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await expect(query(first.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow('password authentication failed');
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('refuses a second copy, names the first, and leaves it working', async () => {
    const server = await start();
    await expect(start()).rejects.toMatchObject({ code: 'HOME_IN_USE', message: expect.stringContaining(`process ${process.pid}`) });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('takes over after the process that started it was killed with SIGKILL', async () => {
    const script = `
      const { startEmbeddedPostgres } = await import('@almanac/platform');
      const server = await startEmbeddedPostgres({ home: process.argv[1] });
      process.stdout.write(server.url);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, home], { cwd: import.meta.dirname });
    const url = String((await once(child.stdout, 'data'))[0]);
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    expect(lines.join()).toContain('left behind');
    expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ answer: 7 }]);
  });

  it('starts the server again when it was killed, at its address and with what was committed, as often as that happens', async () => {
    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    for (let kill = 1; kill <= 3; kill += 1) {
      process.kill(Number(readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      await expect.poll(() => lines.filter((line) => line.includes('answers again')).length).toBe(kill);
      expect(await query(server.url, 'SELECT * FROM kept')).toEqual([{ answer: 7 }]);
    }
    expect(lines.filter((line) => line.includes('ended (SIGKILL)'))).toHaveLength(3);
  });

  it('lets a server be that is asked to stop while it is down', async () => {
    const lines: string[] = [];
    const server = await start({ log: (line) => lines.push(line) });
    process.kill(Number(readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await expect.poll(() => lines.join()).toContain('ended (SIGKILL)');
    await server.stop();
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('leaves a stranger alone whose process id stands in a stale pid file', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60']);
    writeFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), `${stranger.pid}\n`);
    const server = await start();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  it('says so when its fixed port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(start({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(String(port)) });
    other.close();
  });

  it('moves to another free port when nobody fixed one', async () => {
    const first = await start();
    await first.stop();
    const port = Number(new URL(first.url).port);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(Number(new URL((await start()).url).port)).not.toBe(port);
    other.close();
  });

  it('starts over from an initdb that was interrupted', async () => {
    await (await start()).stop();
    const data = join(home, 'postgres', 'data');
    rmSync(data, { recursive: true });
    writeFileSync(`${data}.new`, 'half');
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(`${data}.new`)).toBe(false);
  });

  it('says what the server said when it cannot start', async () => {
    await (await start()).stop();
    rmSync(join(home, 'postgres', 'data', 'global'), { recursive: true });
    await expect(start()).rejects.toMatchObject({ code: 'POSTGRES_NOT_STARTED', message: expect.stringContaining('global') });
    expect(readFileSync(join(home, 'postgres', 'server.log'), 'utf8')).not.toBe('');
  });

  it.runIf(process.getuid?.() === 0)('runs as root from a data folder that only root can enter', async () => {
    const parent = mkdtempSync('/root/almanac-pg-');
    const server = await startEmbeddedPostgres({ home: join(parent, 'home') });
    try {
      expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await server.stop();
      rmSync(parent, { recursive: true });
      rmSync(server.folder, { recursive: true });
    }
  });
});
