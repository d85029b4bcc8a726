/** Rows whose times are odd, by file: named by line, series and time, whichever reader reads it. */
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { Frequency } from '@almanac/series';
import type { IngestOptionsInput } from '@almanac/contracts';
import { readContent } from '../corpus/reading.js';

const DAY = 86_400_000;
const HEAD = 'unique_id,ds,y\n';
const days = (id: string, from: string, count: number): string =>
  Array.from({ length: count }, (_, t) => `${id},${new Date(Date.parse(from) + t * DAY).toISOString().slice(0, 10)},${t}\n`).join('');

async function oddOf(content: string, options: Partial<IngestOptionsInput> = {}): Promise<{ far: string[]; future: string[] }> {
  const { head } = await readContent('f.csv', content, options);
  const grid = Frequency.parse(head.frequency, head.timeZone);
  const named = ({ rows }: typeof head.odd.far): string[] => rows.map(({ line, id, step }) => `${line} ${id} ${grid.format(step)}`);
  return { far: named(head.odd.far), future: named(head.odd.future) };
}

describe('rows are far', () => {
  it.each<[string, string, string]>([
    ['in the year 2608', `${days('a', '2024-01-01', 100)}a,2608-04-10,5\n`, '102 a 2608-04-10'],
    ['by a slip of ten years', `${days('a', '2023-01-01', 60)}a,2013-03-02,5\n${days('a', '2023-03-03', 60)}`, '62 a 2013-03-02'],
    ['by a clock that began in 1970', `a,1970-01-01,5\n${days('a', '2023-01-01', 60)}${days('b', '2023-01-01', 60)}`, '2 a 1970-01-01'],
    ['in their series', `${days('a', '2010-01-01', 5000)}b,2012-03-02,5\n${days('b', '2023-03-03', 60)}`, '5002 b 2012-03-02'],
  ])('%s', async (_name, rows, expected) => {
    expect(await oddOf(HEAD + rows)).toMatchObject({ far: [expected] });
    // Read by the other reader.
    expect(await oddOf(HEAD + rows.replaceAll(/^b,/gm, '"b",').replace(/^a,/, '"a",'))).toMatchObject({ far: [expected] });
  });

  it('all of them: of a wide file those of every series, of months after gaps of months', async () => {
    const wide = `ds,a,b\n1924-03-01,1,2\n${Array.from({ length: 36 }, (_, m) => `${2021 + Math.floor(m / 12)}-${String((m % 12) + 1).padStart(2, '0')}-01,${m},${m}\n`).join('')}`;
    expect(await oddOf(wide)).toMatchObject({ far: ['2 a 1924-03-01', '2 b 1924-03-01'] });
  });

  it('not where history is sparse, a series begins years after the others, or ends before them', async () => {
    const sparse = ['2001-03-05', '2003-07-19', '2009-01-02', '2015-11-11', '2023-05-05'].map((ds) => `s,${ds},1\n`).join('');
    const content = HEAD + days('a', '2003-01-01', 700) + days('b', '2015-06-01', 400) + days('c', '2024-01-01', 30) + sparse;
    expect(await oddOf(content, { frequency: 'D' })).toEqual({ far: [], future: [] });
    expect(await oddOf(content, { frequency: 'D', aggregation: 'sum' })).toEqual({ far: [], future: [] });
  });
});

it('rows are in the future, and known ahead without a target they are not', async () => {
  const date = (ahead: number): string => new Date(Math.floor(Date.now() / DAY + ahead) * DAY).toISOString().slice(0, 10);
  const content = `unique_id,ds,y,promo\n${days('a', date(-40), 41).replaceAll('\n', ',0\n')}a,${date(20)},,1\na,${date(30)},7,0\n`;
  expect(await oddOf(content, { futureCovariates: ['promo'], frequency: 'D' })).toEqual({ far: [], future: [`44 a ${date(30)}`] });
  expect(await oddOf(content, { frequency: 'D', to: date(30) })).toEqual({ far: [], future: [] });
});

it('a stated range leaves out what does not start in it, of any grid and zone, by both readers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('h', 'D', 'B', 'W-MON', 'MS', 'ME', 'QS-MAR'),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 60 }),
      fc.boolean(),
      async (frequency, timeZone, start, length, quoted) => {
        const grid = Frequency.parse(frequency, timeZone);
        const first = grid.floorStep(Date.UTC(2019, 5, 1)) + start;
        const steps = Array.from({ length: 80 }, (_, t) => first + t);
        const [from, to] = [first + 10, first + 10 + length];
        const content = HEAD + steps.map((step) => `${quoted ? '"a"' : 'a'},${grid.format(step)},${step}\n`).join('');
        const { head, series } = await readContent('f.csv', content, { frequency, timeZone, from: grid.format(from), to: grid.format(to) });
        expect(series['a']).toEqual([grid.format(from), ...steps.filter((step) => step >= from && step <= to)]);
        expect(head.leftOut).toBe(80 - (length + 1));
        expect(head.rowsRejected).toBe(0);
      },
    ),
    { numRuns: 12 * inject('fuzz'), endOnFailure: true },
  );
}, 120_000);
