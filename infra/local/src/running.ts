/**
 * The mark that a data folder is in use: `running.json` with the process id of the supervisor that owns it.
 * Two supervisors never run on one folder; a mark whose process is gone is stale and is taken over.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlmanacError } from '@almanac/series';

export interface RunningMark {
  pid: number;
  address?: string;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readMark(file: string): RunningMark | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunningMark;
  } catch {
    return undefined;
  }
}

/** Takes the folder or throws `ALREADY_RUNNING` / `DATA_FOLDER_NOT_WRITABLE`; returns how to update and give back the mark. */
export function takeFolder(home: string): { setAddress(address: string): void; release(): void } {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK);
  } catch (cause) {
    throw new AlmanacError('DATA_FOLDER_NOT_WRITABLE', `Almanac cannot write to its data folder ${home}.`, {
      hint: 'Give this user write permission, or set ALMANAC_HOME to a folder that it may write to.',
      cause,
    });
  }
  const file = join(home, 'running.json');
  const write = (mark: RunningMark, flag: 'w' | 'wx'): void => writeFileSync(file, JSON.stringify(mark), { flag, mode: 0o644 });
  try {
    write({ pid: process.pid }, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const mark = readMark(file);
    if (mark !== undefined && isAlive(mark.pid)) {
      throw new AlmanacError(
        'ALREADY_RUNNING',
        `Almanac is already running on ${home} (process ${mark.pid}${mark.address ? `, ${mark.address}` : ''}).`,
        {
          hint: 'Nothing was changed. Stop the other copy with Ctrl-C, or set ALMANAC_HOME and ALMANAC_PORT for a second one.',
        },
      );
    }
    rmSync(file, { force: true });
    write({ pid: process.pid }, 'wx');
  }
  return {
    setAddress: (address) => write({ pid: process.pid, address }, 'w'),
    release: () => rmSync(file, { force: true }),
  };
}
