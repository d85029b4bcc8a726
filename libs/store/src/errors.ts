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

/** True for a violated unique constraint. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}
