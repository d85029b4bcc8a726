/**
 * A lock on a folder, held by a process and let go by its death. Whoever comes second learns who holds it.
 *
 * Invariant: taking it is one atomic `link`; a lock whose process is gone (or whose id now belongs to a later process)
 * counts as free.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlmanacError } from '@almanac/series';

interface Holder {
  pid: number;
  /** Start time of the process in clock ticks where the system tells it, so that a reused id is not mistaken for the holder. */
  started: string | null;
}

/**
 * @returns the function that lets the lock go
 * @throws AlmanacError HOME_IN_USE naming the process that holds it; nothing was touched
 */
export function lockFolder(folder: string): () => void {
  const lock = join(folder, 'lock');
  const mine = join(folder, `lock.${process.pid}`);
  const content = JSON.stringify({ pid: process.pid, started: startTime(process.pid) } satisfies Holder);
  writeFileSync(mine, content, { mode: 0o644 });
  try {
    for (;;) {
      try {
        linkSync(mine, lock);
        return () => {
          if (read(lock) === content) rmSync(lock, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = read(lock);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder && isAlive(holder)) {
        throw new AlmanacError('HOME_IN_USE', `Another Almanac (process ${holder.pid}) is using ${folder}.`, {
          hint: 'Stop it first, or name another data folder with ALMANAC_HOME. Nothing was changed.',
          subject: { folder, pid: holder.pid },
          status: 409,
        });
      }
      discard(lock, found);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** True while a living process holds it. */
export function isHeld(folder: string): boolean {
  const found = read(join(folder, 'lock'));
  const holder = found === undefined ? undefined : parse(found);
  return holder !== undefined && isAlive(holder);
}

/** Removes a dead lock, and only that one: of two who try, one moves it away, the other finds a new one or none. */
function discard(lock: string, dead: string): void {
  const aside = `${lock}.dead.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (read(aside) !== dead) linkSync(aside, lock);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function parse(content: string): Holder | undefined {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return holder.started === null || holder.started === startTime(holder.pid);
}

function startTime(pid: number): string | null {
  // Field 22; the command in field 2 may itself hold blanks and brackets.
  const stat = read(`/proc/${pid}/stat`);
  const boot = read('/proc/sys/kernel/random/boot_id');
  return stat === undefined ? null : `${boot?.trim()}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
