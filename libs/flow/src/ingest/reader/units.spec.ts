/** Columns that nobody named and that say what the values are in; times of which only some say their zone. */
import { describe, expect, it } from 'vitest';
import type { IngestOptionsInput } from '@almanac/contracts';
import { readContent } from '../corpus/reading.js';

const DAYS = Array.from({ length: 12 }, (_, day) => `2024-03-${String(day + 1).padStart(2, '0')}`);

async function warnings(
  header: string,
  row: (day: string, i: number) => string[],
  options: Partial<IngestOptionsInput> = {},
): Promise<string> {
  const content = `${header}\n${DAYS.flatMap(row).join('\n')}\n`;
  const [plain, general] = await Promise.all([false, true].map((each) => readContent('f.csv', content, options, each)));
  expect(plain!.head.warnings).toEqual(general!.head.warnings);
  return plain!.head.warnings.join('\n');
}

describe('a column of units beside the values', () => {
  it('is named where it changes within a series', async () => {
    const said = await warnings('unique_id,ds,y,Currency', (day, i) => [`a,${day},${i},${i < 6 ? 'DEM' : 'EUR'}`, `b,${day},${i},EUR`]);
    expect(said).toMatch(/"Currency" says more than one unit within series "a" \(DEM, EUR\); it was not read.*idColumn/);
  });

  it('is named where it differs between series only', async () => {
    const said = await warnings('unique_id,ds,y,unit', (day, i) => [`a,${day},${i},kWh`, `b,${day},${i},m³`]);
    expect(said).toMatch(/"unit" says kWh, m³, by series; it was not read\. Sums over series/);
  });

  it.each([
    ['one unit', 'unique_id,ds,y,unit', ['kWh', 'kWh']],
    ['counts of units', 'unique_id,ds,y,units', ['3', '5']],
    ['a number of the unit', 'unique_id,ds,y,unit', ['3', '5']],
    ['another column', 'unique_id,ds,y,colour', ['red', 'green']],
  ])('is no matter where there is %s', async (_, header, [first, second]) => {
    expect(await warnings(header, (day, i) => [`a,${day},${i},${i % 2 ? first : second}`])).toBe('');
  });

  it('is no matter where it was named', async () => {
    const row = (day: string, i: number): string[] => [`a,${day},${i},kWh`, `b,${day},${i},m³`];
    expect(await warnings('unique_id,ds,y,unit', row, { staticCovariates: ['unit'] })).toBe('');
  });
});

describe('times with an offset beside times without one', () => {
  const rows = (day: string, i: number): string[] => [`a,${day}T0${i % 2}:00:00${i % 2 ? 'Z' : ''},${i}`];

  it('are counted where a clock stands elsewhere', async () => {
    const said = await warnings('unique_id,ds,y', rows, { timeZone: 'Europe/Berlin', frequency: 'h' });
    expect(said).toMatch(
      /6 of 12 times say how far they are from UTC \("2024-03-02T01:00:00Z"\).*by the clock of Europe\/Berlin.*timeZone to UTC/,
    );
  });

  it('are one in UTC', async () => {
    expect(await warnings('unique_id,ds,y', rows, { frequency: 'h' })).not.toContain('UTC');
  });
});
