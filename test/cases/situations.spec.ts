/**
 * Situations of the kinds of the cases, with values that are known by construction: each is read, forecast and exported as what it is, or
 * refused, or flagged by what it is. By the API; those at the end by the CLI.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('37-backtest-cutoffs');
const DAY = 86_400_000;
const HOUR = 3_600_000;
type Row = [time: string, value: number | string];

const iso = (t: number): string => new Date(t).toISOString();
const date = (t: number): string => iso(t).slice(0, 10);
const weekday = (t: number): number => new Date(t).getUTCDay();
const steps = (count: number, of: (i: number) => Row): Row[] => Array.from({ length: count }, (_, i) => of(i));
const days = (from: string, count: number, of: (t: number) => number | null): Row[] =>
  Array.from({ length: count }, (_, i): [string, number | null] => [
    date(Date.parse(from) + i * DAY),
    of(Date.parse(from) + i * DAY),
  ]).filter((row): row is [string, number] => row[1] !== null);
const lines = (rows: readonly Row[], id = 'x'): string => rows.map(([ds, y]) => `${id},${ds},${y}\n`).join('');
const csv = (...parts: string[]): string => `unique_id,ds,y\n${parts.join('')}`;
const local = (t: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(t).replace(' ', 'T');
/** The last day of a month that is a Friday. */
function lastFriday(year: number, month: number): number {
  let t = Date.UTC(year, month + 1, 0);
  while (weekday(t) !== 5) t -= DAY;
  return t;
}

interface Situation {
  content: string;
  options?: Record<string, unknown>;
  frequency: string;
  observations: number;
  /** What `seasonalNaive` forecasts by repeating what it saw, by time of the export. */
  next: [time: string, value: number][];
}

const SITUATIONS: Record<string, Situation> = {
  'a week from Sunday to Thursday': {
    content: csv(lines(days('2023-01-01', 364, (t) => (weekday(t) <= 4 ? 10 * (weekday(t) + 1) : null)))),
    frequency: 'D-SUN-THU',
    observations: 260,
    next: [
      ['2023-12-31', 10],
      ['2024-01-01', 20],
      ['2024-01-02', 30],
      ['2024-01-03', 40],
      ['2024-01-04', 50],
      ['2024-01-07', 10],
    ],
  },
  'shifts of eight hours from six': {
    content: csv(lines(steps(270, (i) => [iso(Date.parse('2024-01-01T06:00Z') + 8 * i * HOUR).slice(0, 19), [100, 80, 30][i % 3]!]))),
    frequency: '8h+6h',
    observations: 270,
    next: [
      ['2024-03-31T06:00:00Z', 100],
      ['2024-03-31T14:00:00Z', 80],
      ['2024-03-31T22:00:00Z', 30],
    ],
  },
  'half hours of Lord Howe, whose clock is put back by half an hour': {
    content: csv(
      lines(
        steps(960, (i) => {
          const ds = local(Date.parse('2024-03-27T13:00Z') + (i * HOUR) / 2, 'Australia/Lord_Howe');
          return [ds, Number(ds.slice(11, 13))];
        }),
      ),
    ),
    options: { timeZone: 'Australia/Lord_Howe' },
    frequency: '30min',
    observations: 960,
    next: [
      ['2024-04-16T13:00:00Z', 23],
      ['2024-04-16T13:30:00Z', 0],
      ['2024-04-16T14:00:00Z', 0],
      ['2024-04-16T14:30:00Z', 1],
    ],
  },
  'fiscal years that end with January': {
    content: csv(lines(steps(20, (i) => [`${2004 + i}-01-31`, 100]))),
    frequency: 'YE-JAN',
    observations: 20,
    next: [
      ['2024-01-31', 100],
      ['2025-01-31', 100],
    ],
  },
  'weeks of years that have 52 and 53': {
    content: csv(
      lines(
        [2019, 2020, 2021, 2022].flatMap((year) =>
          steps(year === 2020 ? 53 : 52, (w) => [`${year}-W${String(w + 1).padStart(2, '0')}`, w + 1]),
        ),
      ),
    ),
    frequency: 'W-MON',
    observations: 209,
    next: [
      ['2023-01-02', 1],
      ['2023-01-09', 2],
    ],
  },
  'the last Friday of each month': {
    content: csv(lines(steps(48, (m) => [date(lastFriday(2020, m)), 100 + (m % 12)]))),
    frequency: 'LWOM-FRI',
    observations: 48,
    next: [
      ['2024-01-26', 100],
      ['2024-02-23', 101],
      ['2024-03-29', 102],
    ],
  },
  'decimal commas with points between thousands, once that is said': {
    content: `unique_id;ds;y\n${steps(28, (i) => [date(Date.parse('2024-01-01') + i * DAY), `1.${200 + (i % 7)},50`])
      .map(([ds, y]) => `x;${ds};${y}\n`)
      .join('')}`,
    options: { decimalSeparator: ',', thousandsSeparator: '.' },
    frequency: 'D',
    observations: 28,
    next: [
      ['2024-01-29', 1200.5],
      ['2024-01-30', 1201.5],
    ],
  },
  'offsets that change with the clock, of one zone': {
    content: csv(
      lines(
        steps(144, (i) => {
          const t = Date.parse('2024-03-29T00:00Z') + i * HOUR;
          const offset = t >= Date.parse('2024-03-31T01:00Z') ? 2 : 1;
          return [`${iso(t + offset * HOUR).slice(0, 19)}+0${offset}:00`, i % 24];
        }),
      ),
    ),
    frequency: 'h',
    observations: 144,
    next: [
      ['2024-04-04T00:00:00Z', 0],
      ['2024-04-04T01:00:00Z', 1],
    ],
  },
  'ids that differ in leading zeros only': {
    content: csv(
      ...['007', '7', '0007'].map((id, k) =>
        lines(
          days('2024-01-01', 28, () => 100 * k),
          id,
        ),
      ),
    ),
    frequency: 'D',
    observations: 84,
    next: [
      ['2024-01-29', 200],
      ['2024-01-30', 200],
    ],
  },
  'counts with one below 0, as a return': {
    content: csv(lines(days('2024-01-01', 56, (t) => (date(t) === '2024-01-21' ? -1 : weekday(t) + 1)))),
    frequency: 'D',
    observations: 56,
    next: [
      ['2024-02-26', 2],
      ['2024-02-27', 3],
    ],
  },
  'a constant': {
    content: csv(lines(days('2024-01-01', 56, () => 7))),
    frequency: 'D',
    observations: 56,
    next: [
      ['2024-02-26', 7],
      ['2024-02-27', 7],
    ],
  },
  'opening hours from nine to seven': {
    content: csv(
      lines(
        steps(600, (i) => [
          `${date(Date.parse('2024-01-01') + Math.floor(i / 10) * DAY)}T${String(9 + (i % 10)).padStart(2, '0')}:00`,
          i % 10,
        ]),
      ),
    ),
    frequency: 'h@9-19',
    observations: 600,
    next: [
      ['2024-03-01T09:00:00Z', 0],
      ['2024-03-01T10:00:00Z', 1],
    ],
  },
  'days over a leap day': {
    content: csv(lines(days('2024-02-01', 35, (t) => 10 + weekday(t)))),
    frequency: 'D',
    observations: 35,
    next: [
      ['2024-03-07', 14],
      ['2024-03-08', 15],
    ],
  },
};

function openHours(from: string, count: number, opens: number, closes: number): Row[] {
  const hours = closes - opens;
  return steps(count * hours, (i): Row => [iso(Date.parse(from) + Math.floor(i / hours) * DAY + (opens + (i % hours)) * HOUR), i % hours]);
}

/** What is stored as it was read, with a finding that says how. */
const FLAGGED: Record<string, { content: string; options?: Record<string, unknown>; says: RegExp }> = {
  'a 4-4-5 calendar': {
    content: csv(
      lines(steps(36, (m) => [date(Date.parse('2021-01-31') + (13 * Math.floor(m / 3) + [0, 4, 8][m % 3]!) * 7 * DAY), 100 + (m % 12)])),
    ),
    says: /4-4-5.*Number the periods/,
  },
  'a works holiday at the end of every year': {
    content: csv(lines(days('2021-01-01', 3 * 365, (t) => (/12-(2[4-9]|3.)|01-0[12]/.test(date(t).slice(5)) ? null : weekday(t))))),
    says: /Nothing is observed from 12-24 to 01-02 of any year.*closedDates/,
  },
  'three digits behind every point, between columns of a spreadsheet': {
    content: `unique_id;ds;y\n${days('2024-01-01', 28, (t) => 200 + weekday(t))
      .map(([ds, y]) => `x;${ds};1.${y}\n`)
      .join('')}`,
    says: /Every point in "y" has three digits behind it \("1\.200"\).*decimalSeparator/,
  },
  'codes for what is missing': {
    content: csv(lines(days('2024-01-01', 60, (t) => (t % (9 * DAY) === 0 ? -999 : 20 + weekday(t))))),
    says: /codes for missing ones are: -999 \(7 times in series "x"\)/,
  },
  'one series that rests at weekends, among others that do not': {
    content: csv(
      lines(days('2024-01-01', 84, weekday), 'shop'),
      lines(
        days('2024-01-01', 84, (t) => (weekday(t) % 6 ? weekday(t) : null)),
        'office',
      ),
    ),
    says: /2 steps in a row are missing in series "office" again and again/,
  },
  'two shops with opening hours of their own': {
    content: csv(lines(openHours('2024-01-01', 60, 9, 18), 'early'), lines(openHours('2024-01-01', 60, 11, 20), 'late')),
    says: /2 steps in a row are missing in series "(early|late)" again and again.*2 steps in a row are missing in series "(early|late)"/s,
  },
  'two weeks of five days that are not the same five': {
    content: csv(
      lines(
        days('2024-01-01', 140, (t) => (weekday(t) % 6 ? weekday(t) : null)),
        'berlin',
      ),
      lines(
        days('2024-01-01', 140, (t) => ([5, 6].includes(weekday(t)) ? null : weekday(t))),
        'cairo',
      ),
    ),
    says: /missing in series "(berlin|cairo)" again and again.*missing in series "(berlin|cairo)"/s,
  },
  'weeks that begin on Monday and weeks that begin on Sunday': {
    content: csv(
      lines(
        steps(60, (w) => [date(Date.parse('2023-01-02') + 7 * w * DAY), w]),
        'monday',
      ),
      lines(
        steps(60, (w) => [date(Date.parse('2023-01-01') + 7 * w * DAY), w]),
        'sunday',
      ),
    ),
    says: /Nearly every value comes 2 steps of D-MON,SUN after the one before.*datasets of their own/,
  },
  'months by their first and by their last day': {
    content: csv(
      lines(
        steps(36, (m) => [date(Date.UTC(2021, m, 1)), m]),
        'first',
      ),
      lines(
        steps(36, (m) => [date(Date.UTC(2021, m + 1, 0)), m]),
        'last',
      ),
    ),
    says: /Every value lies in a month of its own.*"first" on the first day; "last" on the last day.*Say frequency MS and aggregation last/,
  },
  'a total beside its parts': {
    content: csv(
      lines(
        steps(60, (d) => [date(Date.UTC(2024, 0, 1 + d)), 20 + (d % 7)]),
        'north',
      ),
      lines(
        steps(60, (d) => [date(Date.UTC(2024, 0, 1 + d)), 30 + (d % 5)]),
        'south',
      ),
      lines(
        steps(60, (d) => [date(Date.UTC(2024, 0, 1 + d)), 50 + (d % 7) + (d % 5)]),
        'company',
      ),
    ),
    says: /Series "company" is \(nearly\) the sum of the others.*counts it twice/,
  },
  'quarterly reports on days that move': {
    content: csv(lines(steps(24, (q) => [date(Date.UTC(2018, 3 * q + 1, [14, 16, 15, 13][q % 4])), 100 + (q % 4)]))),
    says: /a quarter of its own.*frequency QS and aggregation last/,
  },
  'a weekly and a monthly series among daily ones': {
    content: csv(
      lines(days('2023-01-01', 365, weekday), 'daily'),
      lines(
        steps(52, (w) => [date(Date.parse('2023-01-02') + 7 * w * DAY), w]),
        'weekly',
      ),
      lines(
        steps(12, (m) => [date(Date.UTC(2023, m, 1)), m]),
        'monthly',
      ),
    ),
    says: /"weekly" \(a value every 7 steps\), "monthly" \(a value every 31 steps\) have coarser rhythms than D/,
  },
  'a covariate without any value': {
    content: `unique_id,ds,y,promo\n${days('2024-01-01', 28, weekday)
      .map(([ds, y]) => `x,${ds},${y},\n`)
      .join('')}`,
    options: { futureCovariates: ['promo'] },
    says: /covariate "promo" has no value at all/,
  },
  'midnights of a zone that nobody named': {
    content: csv(lines(days('2024-03-01', 90, weekday).map(([ds, y]) => [`${ds}T00:00:00${ds > '2024-03-31' ? '+02:00' : '+01:00'}`, y]))),
    says: /at 22:00 or 23:00 of UTC.*Name it/,
  },
};

const REFUSED: Record<string, { content: string; options?: Record<string, unknown>; code: string; says: RegExp }> = {
  'weeks by the count of the US': {
    content: csv(lines([2021, 2022].flatMap((year) => steps(53, (w) => [`${year}-W${String(w + 1).padStart(2, '0')}`, w])))),
    code: 'TIMESTAMP_INVALID',
    says: /Line 54: "2021-W53"/,
  },
  'times with and without an offset that meet': {
    content: csv(
      lines([
        ...steps(72, (i): Row => [iso(Date.parse('2024-03-01') + i * HOUR), i]),
        ...steps(72, (i): Row => [iso(Date.parse('2024-03-04') + i * HOUR).slice(0, 19), i]),
      ]),
    ),
    options: { timeZone: 'Europe/Berlin' },
    code: 'DUPLICATE_TIMESTAMP',
    says: /2024-03-03T23:00:00Z \(lines 73, 74\)/,
  },
  'one day twice with different values': {
    content: csv(lines([...days('2024-01-01', 28, weekday), ['2024-01-05', 99]])),
    code: 'DUPLICATE_TIMESTAMP',
    says: /2024-01-05 \(lines 6, 30\)/,
  },
  'decimal commas that nobody named': {
    content: 'unique_id;ds;y\nx;2024-01-01;1.234,50\nx;2024-01-02;1.235,50\nx;2024-01-03;1.236,50\n',
    code: 'VALUE_NOT_NUMBER',
    says: /"1.234,50".*decimalSeparator/,
  },
};

const called = (name: string): string => `s-${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}`;

describe('by the API', () => {
  it.each(Object.entries(SITUATIONS))('%s', async (name, { content, options = {}, frequency, observations, next }) => {
    const dataset = called(name);
    const findings = await trial.stored({ name: 'file.csv', content }, { dataset, ...options });
    expect(findings).toMatchObject({ frequency, observations, gaps: 0, duplicates: 0, rowsRejected: 0, warnings: [] });
    await trial.train({ dataset, kind: 'seasonalNaive', horizon: next.length, model: dataset });
    await trial.forecast({ model: dataset });
    const rows = await trial.exported({ dataset });
    const first = rows.filter((row) => row['unique_id'] === rows[0]!['unique_id']);
    expect(first.map((row) => [row['ds'], Number(row[dataset])])).toEqual(next);
    for (const row of rows) {
      expect(Number(row[`${dataset}-lo-80`])).toBeLessThanOrEqual(Number(row[dataset]));
      expect(Number(row[`${dataset}-hi-80`])).toBeGreaterThanOrEqual(Number(row[dataset]));
    }
  });

  it.each(Object.entries(FLAGGED))('%s is flagged', async (_, { content, options = {}, says }) => {
    const read = await trial.dryRun({ name: 'file.csv', content }, options);
    expect(read.findings!.warnings.join('\n')).toMatch(says);
  });

  it.each(Object.entries(REFUSED))('%s is refused', async (_, { content, options = {}, code, says }) => {
    const { refusal } = await trial.dryRun({ name: 'file.csv', content }, options);
    expect(refusal).toMatchObject({ code, words: expect.stringMatching(says) });
  });

  it('a trained model keeps its open hours in a request, and a history that lies outside of them is refused', async () => {
    const model = called('opening hours from nine to seven');
    const open = steps(40, (i) => [`2024-05-0${1 + Math.floor(i / 10)}T${String(9 + (i % 10)).padStart(2, '0')}:00:00Z`, i % 10]);
    const history = (rows: Row[]): Record<string, unknown> => ({ x: { ds: rows.map(([ds]) => ds), y: rows.map(([, y]) => y) } });
    const { answer } = await trial.post({ model, series: history(open), horizon: 2 });
    expect(answer).toMatchObject({ frequency: 'h@9-19', seasonLengths: [10, 70], warnings: [] });
    expect(answer!.columns['ds']).toEqual(['2024-05-05T09:00:00Z', '2024-05-05T10:00:00Z']);
    const { refusal } = await trial.post({ model, series: history([...open, ['2024-05-05T03:00:00Z', 1]]) });
    expect(refusal).toMatchObject({ code: 'CLOSED_DAY', words: expect.stringMatching(/hours that are closed.*2024-05-05T03:00:00Z/) });
  });

  it('months over the columns, by name', async () => {
    const months = ['Jan', 'Feb', 'Mär', 'Apr', 'Mai', 'Jun', 'Jul', 'Aug', 'Sep', 'Okt', 'Nov', 'Dez'];
    const names = steps(24, (m) => [`${months[m % 12]} ${2022 + Math.floor(m / 12)}`, m]);
    const content = `unique_id,${names.map(([name]) => name).join(',')}\na,${names.map(([, y]) => y).join(',')}\n`;
    const read = await trial.dryRun({ name: 'pivot.csv', content });
    expect(read.findings).toMatchObject({ layout: 'wide', frequency: 'MS', observations: 24, gaps: 0, start: '2022-01-01T00:00:00.000Z' });
  });

  it('a 4-4-5 calendar by numbered periods, as the warning says', async () => {
    const content = csv(lines(steps(36, (m) => [String(m + 1), 100 + (m % 12)])));
    const findings = await trial.stored({ name: 'periods.csv', content }, { dataset: 's-periods', frequency: '1', seasonLength: [12] });
    expect(findings).toMatchObject({ seasonLengths: [12], gaps: 0 });
    await trial.train({ dataset: 's-periods', kind: 'seasonalNaive', horizon: 2, model: 's-periods' });
    await trial.forecast({ model: 's-periods' });
    expect((await trial.exported({ dataset: 's-periods' })).map((row) => [row['ds'], row['s-periods']])).toEqual([
      ['37', '100'],
      ['38', '101'],
    ]);
  });
});

describe('by the CLI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-situations-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: string): string => {
    const path = join(folder, `${name}.csv`);
    writeFileSync(path, content);
    return path;
  };

  it.each(['a week from Sunday to Thursday', 'the last Friday of each month', 'ids that differ in leading zeros only'])(
    '%s, from the file to the CSV',
    async (name) => {
      const { content, next } = SITUATIONS[name]!;
      const dataset = `cli-${called(name)}`;
      expect(await trial.cli(['upload', file(dataset, content), '--dataset', dataset])).toMatchObject({ code: 0 });
      const horizon = String(next.length);
      const train = ['train', '--dataset', dataset, '--kind', 'seasonalNaive', '--horizon', horizon, '--model', dataset, '--then-forecast'];
      expect(await trial.cli(train)).toMatchObject({ code: 0 });
      await expect.poll(async () => (await trial.cli(['get', '--dataset', dataset])).out.split('\n').length).toBeGreaterThan(next.length);
      const { out } = await trial.cli(['get', '--dataset', dataset]);
      const [head, ...rows] = out
        .trim()
        .split('\n')
        .map((line) => line.split(','));
      const at = (column: string): number => head!.indexOf(column);
      const first = rows.filter((row) => row[0] === rows[0]![0]);
      expect(first.map((row) => [row[at('ds')], Number(row[at(dataset)])])).toEqual(next);
    },
  );

  it.each(['a weekly and a monthly series among daily ones', 'a works holiday at the end of every year'])('%s is flagged', async (name) => {
    const { content, says } = FLAGGED[name]!;
    const { out, err } = await trial.cli(['upload', file('flagged', content), '--dataset', 's-flagged', '--dry-run']);
    expect(`${out}${err}`.replaceAll(/\s+/g, ' ')).toMatch(says);
  });
});
