/** A request means what a file means: the same reader, rules and findings, whichever way the history comes. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRequestInput } from '@almanac/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('requests');
const DAY = 86_400_000;
const dates = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, t) => new Date(Date.parse(from) + t * DAY).toISOString().slice(0, 10));
const ask = (body: Partial<PredictionRequestInput>): ReturnType<Case['post']> => trial.post({ model: 'seasonalNaive', ...body });

let folder: string;
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-requests-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a request', () => {
  const ds = dates('2024-01-01', 42).filter((date) => new Date(date).getUTCDay() !== 0);
  const y = ds.map((_, t) => 10 + (t % 6));

  it('has closed days, which are neither gaps nor forecast', async () => {
    const { answer } = await ask({
      series: { a: { ds, y } },
      frequency: 'D',
      closedWeekdays: ['SUN'],
      closedDates: ['2024-02-13'],
      horizon: 3,
    });
    expect(answer).toMatchObject({ frequency: 'D-MON-SAT closed own', warnings: [] });
    expect(answer!.columns['ds']).toEqual(['2024-02-12', '2024-02-14', '2024-02-15']);
    const { refusal } = await ask({ series: { a: { ds, y } }, frequency: 'D', closedDates: ['2024-01-02', '2024-01-03'] });
    expect(refusal).toMatchObject({
      code: 'CLOSED_DAY',
      words: expect.stringMatching(/^2 times are on days that are closed.*position 1 of series "a".*position 2/),
    });
  });

  it('to a trained model says the frequency and the closed days as the upload did', async () => {
    const closing = { frequency: 'D', closedWeekdays: ['SUN' as const], closedDates: ['2024-02-13'] };
    const content = `unique_id,ds,y\n${ds.map((date, t) => `a,${date},${y[t]}`).join('\n')}\n`;
    await trial.stored({ name: 'a.csv', content }, { dataset: 'requests-closed', ...closing });
    await trial.train({ dataset: 'requests-closed', kind: 'naive', horizon: 3 });
    const asked = { model: 'requests-closed-naive', series: { a: { ds, y } } };
    for (const said of [{}, closing, { frequency: 'D-MON-SAT' }]) {
      const { answer } = await ask({ ...asked, ...said });
      expect(answer!.columns['ds']).toEqual(['2024-02-12', '2024-02-14', '2024-02-15']);
    }
    expect((await ask({ ...asked, frequency: 'D' })).refusal).toMatchObject({ code: 'FREQUENCY_MISMATCH' });
    expect((await ask({ ...asked, ...closing, closedWeekdays: ['SAT'] })).refusal).toMatchObject({ code: 'FREQUENCY_MISMATCH' });
  });

  it('names every time that is off its grid: the first few, and how many', async () => {
    const off = ds.map((date, t) => (t % 5 === 0 ? `${date}T07:00:00Z` : `${date}T00:00:00Z`));
    const { refusal } = await ask({ series: { a: { ds: off, y } }, frequency: 'D' });
    expect(refusal).toMatchObject({
      code: 'OFF_GRID',
      words: expect.stringMatching(/^8 times are off the grid D .*"2024-01-01T07:00:00Z" \(position 0 of series "a"\).* and 3 more\./),
    });
  });

  it('names single bad times, and leaves out what lies outside a stated range', async () => {
    const series = { a: { ds: ['1970-01-01', ...ds, '2608-01-01'], y: [1, ...y, 2] } };
    const { answer } = await ask({ series, frequency: 'D', horizon: 1 });
    expect(answer!.warnings[0]).toMatch(/^2 rows lie far from all others: 1970-01-01 of series "a", 2608-01-01 of series "a"/);
    const within = await ask({ series, frequency: 'D', horizon: 1, from: '2024-01-01', to: '2024-12-31' });
    expect(within.answer!.warnings[0]).toBe('2 rows lie outside the stated range and were left out.');
    expect(within.answer!.columns['ds']).toEqual(['2024-02-11']);
  });

  it('is warned of rhythms that its grid does not have, and of codes for what is missing', async () => {
    const daily = dates('2024-01-01', 84);
    const weekly = daily.filter((_, t) => t % 7 === 0);
    const series = { daily: { ds: daily, y: daily.map((_, t) => t % 7) }, weekly: { ds: weekly, y: weekly.map((_, t) => t) } };
    expect((await ask({ series, horizon: 1 })).answer!.warnings.join()).toMatch(/"weekly" \(a value every 7 steps\) has a coarser rhythm/);
    const coded = { a: { ds: daily, y: daily.map((_, t) => (t % 9 === 0 ? 9999 : t % 7)) } };
    expect((await ask({ series: coded, horizon: 1 })).answer!.warnings.join()).toMatch(/9999 \(10 times in series "a"\)/);
  });

  it('of plain integers is answered with integers, and takes them as text', async () => {
    for (const steps of [
      [7, 8, 9, 10],
      ['7', '8', '9', '10'],
    ]) {
      const { answer } = await ask({ series: { a: { ds: steps, y: [1, 2, 3, 4] } }, frequency: '1', seasonLength: 2, horizon: 2 });
      expect(answer!.columns).toMatchObject({ ds: [11, 12], cutoff: [10, 10] });
    }
  });

  it('that appends rows gets the findings of a file', async () => {
    const dataset = 'requests-appended';
    const content = `unique_id,ds,y\n${ds.map((date, t) => `a,${date},${y[t]}`).join('\n')}\n`;
    await trial.stored({ name: 'a.csv', content }, { dataset, frequency: 'D' });
    const body = [
      { unique_id: 'a', ds: '2024-02-12', y: 1 },
      { unique_id: 'a', ds: '2014-02-13', y: 1 },
    ];
    const { warnings } = await trial.client.call('appendObservations', { params: { dataset }, body });
    expect(warnings).toEqual([expect.stringMatching(/^One row lies far from all others: row 1 \(2014-02-13 of series "a"\)\. Correct/)]);
    const plain = await trial.client.call('appendObservations', {
      params: { dataset },
      body: [{ unique_id: 'a', ds: '2024-02-13', y: 1 }],
    });
    expect(plain.warnings).toEqual([]);
    const refused = async (row: object): Promise<unknown> =>
      trial.client
        .call('appendObservations', { params: { dataset }, body: [{ unique_id: 'a', ds: '2024-02-14', y: 1, ...row }] })
        .catch(({ problem }: { problem: { detail: string; hint: string } }) => `${problem.detail} ${problem.hint}`);
    expect(await refused({ price: 3 })).toMatch(
      /^Row 0 of series "a": "price" is no column of the dataset\..* The dataset has unique_id, ds, y\./,
    );
    const zero = 'requests-zero';
    await trial.stored({ name: 'a.csv', content }, { dataset: zero, frequency: 'D', fillPolicy: 'zero' });
    await expect(trial.client.call('appendObservations', { params: { dataset: zero }, body })).rejects.toMatchObject({
      problem: { code: 'TIME_FAR', detail: expect.stringContaining('row 1') as string },
    });
  });
});

describe('a file that is forecast and not stored', () => {
  const rows = (ids: readonly string[]): string[] =>
    ids.flatMap((id, no) =>
      dates('2024-01-01', 28).map(
        (date, t) => `${id};${date.split('-').reverse().join('.')};${10 + no + (t % 7)},5;${t % 2 ? 'yes' : 'no'}`,
      ),
    );

  it('is read as an upload is: names, dates, decimals, flags and what is known ahead', async () => {
    const ahead = ['29.01.2024', '30.01.2024'].map((date) => `101.0;${date};;no`);
    const path = file('read.csv', ['shop;day;sold;promo', ...rows(['101.0', 'b, c']), ...ahead, ''].join('\n'));
    const flags = [
      '--id-column',
      'shop',
      '--time-column',
      'day',
      '--value-column',
      'sold',
      '--decimal-separator',
      ',',
      '--future-covariates',
      'promo',
    ];
    const said = await trial.cli(['forecast', 'seasonalNaive', '--file', path, ...flags, '--covariate-fill', 'zero']);
    expect(said.err).toContain('does not read promo');
    expect(
      said.out
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',2024-01-28,').map((cell) => cell.replace(/^(.*),(.*)$/, '$1|$2'))[0]),
    ).toEqual(['101|2024-01-29', '101|2024-01-30', '"b, c"|2024-01-29', '"b, c"|2024-01-30']);
    expect(said.out).toMatch(/^101,2024-01-29,2024-01-28,10\.5,/m);
  });

  it('is refused by line, and says what an upload would say', async () => {
    const broken = file('broken.csv', 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,two\na,2024-01-03,3\n');
    const said = await trial.cli(['forecast', 'naive', '--file', broken]);
    expect([said.code, said.err]).toEqual([1, expect.stringMatching(/Line 3: "two" is not a number \(column "y", series "a"\)/)]);
    const spared = await trial.cli(['forecast', 'naive', '--file', broken, '--max-rejected-share', '0.5', '--horizon', '1']);
    expect([spared.code, spared.err]).toEqual([0, expect.stringMatching(/1 row was rejected as VALUE_NOT_NUMBER \(first at line 3\)/)]);
    const far = file(
      'far.csv',
      `unique_id,ds,y\n${dates('2024-01-01', 30)
        .map((date, t) => `a,${date},${t}`)
        .join('\n')}\na,2608-01-01,1\n`,
    );
    expect((await trial.cli(['forecast', 'naive', '--file', far, '--horizon', '1'])).err).toMatch(
      /far from all others: line 32 \(2608-01-01 of series "a"\)/,
    );
    const within = await trial.cli(['forecast', 'naive', '--file', far, '--horizon', '1', '--to', '2024-12-31']);
    expect(within.err).toMatch(/One row lies outside the stated range/);
    expect(within.out).toMatch(/^a,2024-01-31,2024-01-30,29,/m);
    expect(await trial.cli(['forecast', 'naive', '--file', far, '--series', 'a'])).toMatchObject({ code: 2 });
    expect(await trial.cli(['forecast', 'naive', '--level', '90'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--level goes with --file') as string,
    });
  });
});
