import { AlmanacError } from '@almanac/series';

/** A coded 404, e.g. `notFound('dataset', 'flights')` is DATASET_NOT_FOUND. */
export function notFound(noun: string, name: string): AlmanacError {
  const code = `${noun.replaceAll(' ', '_').toUpperCase()}_NOT_FOUND`;
  return new AlmanacError(code, `There is no ${noun} "${name}".`, {
    hint: `Check the spelling, or list what there is.`,
    subject: { [noun]: name },
    status: 404,
  });
}

/** A version that compaction gave up. */
export function versionDropped(version: number): AlmanacError {
  return new AlmanacError('DATASET_VERSION_DROPPED', `Version ${version} of the dataset is no longer kept.`, {
    hint: 'Only the last versions and those that a run rests on are kept. Upload its file again to have it as a new version.',
    subject: { version },
    status: 410,
  });
}

/** Somebody else writes the dataset, and has for a while. */
export function busy(dataset: string): AlmanacError {
  return new AlmanacError('DATASET_BUSY', `An upload to the dataset "${dataset}" is being stored.`, {
    hint: 'Send it again in a while: nothing of it was stored.',
    subject: { dataset },
    status: 409,
  });
}

/** True where a lock was not to be had in the time set. */
export function isLockTimeout(error: unknown): boolean {
  return (error as { code?: string }).code === '55P03';
}

/** True for a violated unique constraint. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}

/** SQLSTATE classes and codes that say "not now" rather than "not so". */
const PASSING = /^(08|57P0[123]|40001$|40P01$|53)/;
const PASSING_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
/** The disk of the database is full. */
const DISK_FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
const PASSING_MESSAGE =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|not queryable/;

/** True for an error that the database may not give again: the connection was lost, the server restarts or is full, a deadlock. */
export function isPassing(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && (PASSING.test(code) || PASSING_SYSTEM.has(code))) return true;
    if (PASSING_MESSAGE.test(cause.message)) return true;
  }
  return false;
}

const PASSING_WORDS =
  /No space left on device|ENOSPC|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|the database system is |remaining connection slots|too many clients/;

/** The same of what is left of an error where only its message was kept, as in a queue. */
export function saysPassing(message: string): boolean {
  return PASSING_WORDS.test(message) || PASSING_MESSAGE.test(message);
}

/** True where there is no room left: on the disk of the database, or on one of ours. */
export function isDiskFull(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (DISK_FULL.has(String((cause as { code?: unknown }).code))) return true;
  }
  return false;
}

/** Out of range, no such date, no UUID, a NUL; a row too long for its index. */
const DATA_REFUSED = new Set(['22003', '22007', '22008', '22021', '22P02', '22P05', '54000']);

/** True where the database refused a value as such: what no check before it has caught. */
export function isDataRefused(error: unknown): boolean {
  return error instanceof Error && DATA_REFUSED.has(String((error as { code?: unknown }).code));
}

/** What to say where a row refers to what was deleted before it was written; undefined for any other error. */
export function asDeleted(error: unknown): AlmanacError | undefined {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== '23503') return undefined;
  return new AlmanacError('DELETED_MEANWHILE', 'Something that this is about was deleted while it was worked on.', {
    hint: 'Look again: a dataset, a model or the workspace is no longer there.',
    status: 409,
    cause: error,
  });
}
