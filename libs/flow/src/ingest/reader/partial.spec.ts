/** First and last steps that events cover in part, by file. */
import { describe, expect, it } from 'vitest';
import { Frequency } from '@almanac/series';
import type { IngestOptionsInput } from '@almanac/contracts';
import { readContent } from '../corpus/reading.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A row every `width` from one time up to the other, which is left out. */
function events(id: string, from: string, to: string, width: number): string {
  const rows: string[] = [];
  for (let at = Date.parse(`${from}Z`); at < Date.parse(`${to}Z`); at += width)
    rows.push(`${id},${new Date(at).toISOString().slice(0, 19)},1\n`);
  return rows.join('');
}

async function partialOf(rows: string, options: Partial<IngestOptionsInput>): Promise<string[]> {
  const { head } = await readContent('f.csv', `unique_id,ds,y\n${rows}`, { aggregation: 'sum', ...options });
  const grid = Frequency.parse(head.frequency, head.timeZone);
  return head.partial.series.map(({ id, step }) => `${id} ${grid.format(step)}`);
}

describe('a step is covered in part', () => {
  it.each<[string, string, Partial<IngestOptionsInput>, string[]]>([
    ['a month whose days end on the 12th', events('a', '2024-01-01', '2024-06-13', DAY), { frequency: 'MS' }, ['a 2024-06-01']],
    ['a month whose days start on the 12th', events('a', '2024-01-12', '2024-07-01', DAY), { frequency: 'MS' }, ['a 2024-01-01']],
    ['both', events('a', '2024-01-20', '2024-06-13', DAY), { frequency: 'MS' }, ['a 2024-01-01', 'a 2024-06-01']],
    ['a month of a zone', events('a', '2024-01-01', '2024-06-13', DAY), { frequency: 'MS', timeZone: 'Europe/Berlin' }, ['a 2024-06-01']],
    ['a week without its Sunday', events('a', '2024-01-01', '2024-02-25', DAY), { frequency: 'W-MON' }, ['a 2024-02-19']],
    ['a day of hours up to noon', events('a', '2024-01-01', '2024-01-09T12:00', HOUR), { frequency: 'D' }, ['a 2024-01-09']],
    [
      'a day of hours in a zone',
      events('a', '2024-03-25', '2024-04-03T12:00', HOUR),
      { frequency: 'D', timeZone: 'America/New_York' },
      ['a 2024-04-03'],
    ],
    [
      'a quarter of two months',
      ['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'].map((m) => `a,2023-${m}-01,1\n`).join('') +
        'a,2024-01-01,1\na,2024-02-01,1\n',
      { frequency: 'QS' },
      ['a 2024-01-01'],
    ],
    [
      'the end of a series that ends before others',
      events('a', '2024-01-01', '2024-09-01', DAY) + events('b', '2024-01-01', '2024-06-13', DAY),
      { frequency: 'MS' },
      ['b 2024-06-01'],
    ],
  ])('%s', async (_name, rows, options, expected) => {
    expect(await partialOf(rows, options)).toEqual(expected);
    const dropped = await readContent('f.csv', `unique_id,ds,y\n${rows}`, { aggregation: 'sum', ...options, dropPartialSteps: true });
    const grid = Frequency.parse(dropped.head.frequency, dropped.head.timeZone);
    for (const one of expected) {
      const [id, time] = one.split(' ');
      const [start, ...values] = dropped.series[id!]!;
      const first = grid.floorStep(Date.parse(start));
      const at = dropped.head.partial.series.find((p) => p.id === id && grid.format(p.step) === time)!.step;
      expect(at < first || at >= first + values.length).toBe(true);
    }
  });

  it.each<[string, string, Partial<IngestOptionsInput>]>([
    ['whole months of days', events('a', '2024-01-01', '2024-07-01', DAY), { frequency: 'MS' }],
    [
      'whole days of hours over a clock change',
      events('a', '2024-03-25', '2024-04-05', HOUR),
      { frequency: 'D', timeZone: 'Europe/Berlin' },
    ],
    [
      'months of working days that end on a Friday',
      ['2024-01', '2024-02', '2024-03', '2024-04', '2024-05', '2024-06'].map((m) => events('a', `${m}-03`, `${m}-28`, DAY)).join(''),
      { frequency: 'MS' },
    ],
    [
      'months of one event each, anywhere in them',
      ['01-20', '02-03', '03-28', '04-11', '05-30', '06-02', '07-15'].map((d) => `a,2024-${d},1\n`).join(''),
      { frequency: 'MS' },
    ],
    [
      'months that are dated by their first day',
      ['01', '02', '03', '04', '05', '06'].map((m) => `a,2024-${m}-01,1\n`).join(''),
      { frequency: 'MS' },
    ],
    ['too few to tell', events('a', '2024-01-01', '2024-03-13', DAY), { frequency: 'MS' }],
    [
      'a shop that closed, where a missing step is zero',
      events('a', '2024-01-01', '2024-09-01', DAY) + events('b', '2024-01-01', '2024-06-13', DAY),
      { frequency: 'MS', fillPolicy: 'zero' },
    ],
  ])('not: %s', async (_name, rows, options) => {
    expect(await partialOf(rows, options)).toEqual([]);
  });

  it('for all series, where the file ends, however rare the events of one are', async () => {
    const rare = ['01-20', '02-03', '03-28', '04-11', '05-30', '06-02'].map((d) => `r,2024-${d},1\n`).join('');
    const rows = events('a', '2024-01-01', '2024-06-13', DAY) + rare;
    expect(await partialOf(rows, { frequency: 'MS' })).toEqual(['a 2024-06-01', 'r 2024-06-01']);
  });
});
