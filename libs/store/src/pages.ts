/** Cursor pages: a cursor is the sort key of the last row, opaque to the caller. */
import { AlmanacError } from '@almanac/series';
import type { Page, PageQuery } from './records.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

export type Key = (string | number)[];

export function limitOf(query: PageQuery): number {
  return Math.min(MAX_LIMIT, Math.max(1, query.limit ?? DEFAULT_LIMIT));
}

/** @throws AlmanacError CURSOR_INVALID */
export function keyOf(query: PageQuery, length: number): Key | undefined {
  if (query.after === undefined) return undefined;
  try {
    const key = JSON.parse(Buffer.from(query.after, 'base64url').toString('utf8')) as unknown;
    if (Array.isArray(key) && key.length === length && key.every((part) => typeof part === 'string' || typeof part === 'number'))
      return key;
  } catch {
    // Falls through: not one of ours.
  }
  throw new AlmanacError('CURSOR_INVALID', 'The cursor in `after` is not one that this list gave.', {
    hint: 'Pass the `next` of the page before, unchanged, or leave `after` out for the first page.',
    subject: { after: query.after },
  });
}

/** @param rows one more than the limit where there are more */
export function toPage<T>(rows: readonly T[], query: PageQuery, key: (row: T) => Key): Page<T> {
  const limit = limitOf(query);
  const items = rows.slice(0, limit);
  const next = rows.length > limit ? Buffer.from(JSON.stringify(key(items.at(-1)!))).toString('base64url') : null;
  return { items, next };
}
