/**
 * A server left behind: `kill -9` of Almanac leaves its Postgres running and holding the data folder.
 *
 * Invariant: only a process that is seen to be a Postgres server is ever signalled; a process id that the system gave to
 * somebody else since is left alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlmanacError } from '@almanac/series';

const FAST_STOP_PATIENCE_MS = 20_000;

/** Stops the server that runs on a data folder, if one does. */
export async function stopLeftover(data: string): Promise<boolean> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return false;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isPostgresOf(pid, data)) return false;
  process.kill(pid, 'SIGINT');
  const start = performance.now();
  let pressed = false;
  while (isPostgresOf(pid, data)) {
    const waited = performance.now() - start;
    if (!pressed && waited > FAST_STOP_PATIENCE_MS) {
      pressed = true;
      process.kill(pid, 'SIGQUIT');
    }
    if (waited > 2 * FAST_STOP_PATIENCE_MS) {
      throw new AlmanacError('POSTGRES_LEFTOVER', `A Postgres server (process ${pid}) holds ${data} and does not stop.`, {
        hint: `Stop process ${pid} by hand, then start again.`,
        subject: { pid, data },
      });
    }
    await sleep(50);
  }
  return true;
}

function isPostgresOf(pid: number, data: string): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && command.includes(data);
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
