/** A reader of little memory reads what is small, and calls nothing damaged that it lacks the room for. */
import { expect, it } from 'vitest';
import { isAlmanacError } from '@almanac/series';
import { readContent } from '../corpus/reading.js';
import { isOutOfRoom } from './database.js';

const rows = Array.from({ length: 300 }, (_, i) => `"a",${new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)},${i}\n`).join('');
const csv = `unique_id,ds,y\n${rows}`;

it.each([
  ['f.csv', csv],
  ['f.ndjson', Array.from({ length: 300 }, (_, i) => `{"unique_id":"a","ds":${i},"y":${i}}\n`).join('')],
])('reads %s with a quarter of a gigabyte', async (name, content) => {
  expect((await readContent(name, content, {}, true, 256)).series['a']).toHaveLength(301);
});

it('says that it lacks room, not that the file is damaged', async () => {
  const error: unknown = await readContent('f.csv', csv, {}, true, 40).catch((cause: unknown) => cause);
  expect(isAlmanacError(error)).toBe(false);
  expect(isOutOfRoom(error)).toBe(true);
});

it('still reads a line of ten megabytes', async () => {
  const content = `unique_id,ds,note,y\na,1,${'x'.repeat(10 << 20)},1\na,2,"${'y'.repeat(10 << 20)}",2\na,3,z,3\n`;
  expect((await readContent('f.csv', content, {}, true)).series['a']).toEqual(['1', 1, 2, 3]);
});
