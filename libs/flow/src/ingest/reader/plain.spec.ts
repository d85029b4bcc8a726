/** The two readers held against each other: whatever the plain one takes, it takes as the general one does. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { ingestOptions, type IngestOptionsInput } from '@almanac/contracts';
import { readContent } from '../corpus/reading.js';
import { mapColumns } from './columns.js';
import { detect } from './detect.js';
import { readPlain } from './plain.js';
import { openDelimited } from './source.js';

type Outcome = Awaited<ReturnType<typeof readContent>> | string;

/** What comes of a file, or the code it is refused with. */
async function outcome(content: string, options: Partial<IngestOptionsInput>, general: boolean): Promise<Outcome> {
  return readContent('f.csv', content, options, general).catch((error: unknown) => (error as { code: string }).code);
}

async function agree(content: string, options: Partial<IngestOptionsInput> = {}): Promise<Outcome> {
  const [plain, general] = [await outcome(content, options, false), await outcome(content, options, true)];
  expect(plain).toEqual(general);
  return plain;
}

/** Whether the plain reader takes a file, which tells at once; the general one is asked only where it does. */
async function isTaken(content: string, input: Partial<IngestOptionsInput>): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'almanac-plain-'));
  try {
    const path = join(folder, 'f.csv');
    await writeFile(path, content);
    const options = ingestOptions.parse({ dataset: 'd', ...input });
    const detected = await detect(path, 'f.csv', 'auto');
    const source = openDelimited(path, detected, ['unique_id', 'ds', 'y']);
    const job = { path, fileName: 'f.csv', options, scratch: folder, limits: { memoryMb: 512, threads: 1 }, now: Date.now() };
    return (await readPlain(source, mapColumns(source.columns, options), detected, job)) !== undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.nat(9)).map(([n, d]) => `${n}.${String(d).padStart(d + 1, '0')}`),
  fc.constantFrom(
    '',
    '0',
    '-0',
    '0.1',
    '00012.50',
    '1e5',
    '1E-7',
    '123456789012345',
    '1234567890123456',
    '9007199254740993',
    '.5',
    '5.',
    '+1',
    '1e400',
    'NaN',
    ' 7',
    '1,5',
  ),
);
const day = fc.integer({ min: -30_000, max: 40_000 });
const clock = fc.constantFrom(
  '',
  ' 00:00:00',
  'T00:00:00',
  'T13:00:00',
  'T00:00:00Z',
  ' 12:00:00+00',
  'T02:00:00+02:00',
  ' 00:00:00.000',
  'T00:30:00-01:30',
  ' 10:00',
  'T24:00:00',
);
const id = fc.constantFrom('a', 'b', 'Zürich', 'a b', ' a', 'x"y', '', '007', 'A');
const options: fc.Arbitrary<Partial<IngestOptionsInput>> = fc.record({
  frequency: fc.constantFrom('auto', 'h', '30min', 'D', 'W-MON', 'MS', 'ME'),
  timeZone: fc.constantFrom('UTC', 'UTC', 'Europe/Berlin'),
  maxRejectedShare: fc.constantFrom(0, 1),
  futureCovariates: fc.constantFrom([], ['x']),
  idColumn: fc.constantFrom('unique_id', 'unique_id', ''),
});
const dateOf = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);

describe('a file that is read both ways', () => {
  it('comes to the same, whatever is in it', async () => {
    const rows = fc.tuple(id, day, fc.constantFrom(1, 7, 31), clock, fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        options,
        async (blocks, newline, ends, chosen) => {
          const lines = blocks.flatMap(([name, from, apart, time, values]) =>
            values.map(([y, x], i) => `${name},${dateOf(from + i * apart)}${time},note,${y},${x}`),
          );
          const content = ['unique_id,ds,remark,y,x', ...lines].join(newline) + (ends ? newline : '');
          fc.pre(await isTaken(content, chosen));
          await agree(content, chosen);
        },
      ),
      { numRuns: 8 * inject('fuzz'), maxSkipsPerRun: 1000, endOnFailure: true },
    );
  }, 300_000);

  it.each([
    ['a date that no calendar has', 'a,2023-02-29,1\n'],
    ['a year that was misread', 'a,0999-01-01,1\n'],
    ['the last day of a leap year', 'a,2024-02-29,1\na,2024-03-01,2\n'],
    ['a series in two parts', 'a,2024-01-01,1\nb,2024-01-01,1\na,2024-01-02,1\n'],
    ['steps out of order', 'a,2024-01-02,1\na,2024-01-01,1\n'],
    ['a step twice', 'a,2024-01-01,1\na,2024-01-01,1\n'],
    ['a row too short', 'a,2024-01-01\na,2024-01-02,2\n'],
    ['a row too long', 'a,2024-01-01,1,2\na,2024-01-02,2\n'],
    ['a blank line', 'a,2024-01-01,1\n\na,2024-01-02,2\n'],
    ['quotes', '"a",2024-01-01,1\na,2024-01-02,2\n'],
    ['a lone carriage return', 'a,2024-01-01,1\ra,2024-01-02,2\n'],
    ['no values at all', 'a,2024-01-01,\na,2024-01-02,\n'],
    ['gaps at both ends', 'a,2024-01-01,\na,2024-01-02,2\na,2024-01-04,4\na,2024-01-05,\n'],
    ['broken UTF-8', 'a,2024-01-01,1\n\uFFFD,2024-01-02,2\n'],
  ])('agrees about %s', async (_name, rows) => {
    expect(await agree(`unique_id,ds,y\n${rows}`, { maxRejectedShare: 0.9 })).toBeDefined();
  });

  it('is plain as programs write it, with covariates and unused columns too', async () => {
    const rows = 'a,2024-01-01 00:00:00+00,x,1.5,2\na,2024-01-01 01:00:00+00,x,,3\nb,2024-01-01 00:00:00+00,,-0.25,1e-05\n';
    expect(await isTaken(`unique_id,ds,remark,y,price\n${rows}`, { pastCovariates: ['price'] })).toBe(true);
    const months = ['2024-01-01', '2024-02-01', '2024-03-01'].map((ds, i) => `a,${ds},${i}`).join('\r\n');
    expect(await isTaken(`unique_id,ds,y\n${months}\n`, {})).toBe(true);
    expect(await isTaken('ds,y\n2024-01-01,1\n2024-01-02,2', { idColumn: '', frequency: 'D', timeZone: 'Europe/Berlin' })).toBe(true);
  });

  it('knows its grid by the first rows only where all others show it too', async () => {
    const row = (ms: number): string => `a,${new Date(ms).toISOString()},1`;
    const file = (rows: readonly string[]): string => `unique_id,ds,y\n${rows.join('\n')}\n`;
    const hours = Array.from({ length: 60_000 }, (_, i) => row(i * 3_600_000));
    expect(await agree(file([...hours, row(60_000 * 3_600_000 + 1_800_000)]))).toBe('OFF_GRID');
    const halves = Array.from({ length: 60_000 }, (_, i) => row(60_000 * 3_600_000 + i * 1_800_000));
    expect(await agree(file([...hours, ...halves]))).toMatchObject({ head: { frequency: '30min', rowsRead: 120_000 } });
    // The first series is short and has a few days; the others leave out every weekend.
    const days = Array.from({ length: 5000 }, (_, i) => i * 86_400_000).filter((ms) => ![6, 0].includes(new Date(ms).getUTCDay()));
    const business = [...days.slice(0, 3).map((ms) => row(ms).replace('a', 'A')), ...days.map(row)];
    expect(await agree(file(business))).toMatchObject({ head: { frequency: 'B' } });
  });
});
