/** The whole road on grids of every kind: what is uploaded is read back, forecast, exported and uploaded again, at the same times. */
import { describe, expect, it } from 'vitest';
import { Frequency } from '@almanac/series';
import { Case } from '../support/cases.js';

const trial = new Case('calendar');

/** A code, a zone, and an instant in the first step. */
const GRIDS: readonly [string, string, string][] = [
  ['B', 'America/New_York', '2023-03-06T12:00Z'],
  ['D-MON-SAT', 'Europe/Berlin', '2023-03-06T12:00Z'],
  ['D+7h', 'Europe/Berlin', '2024-03-20T12:00Z'],
  ['10D-1970-01-04', 'Asia/Kolkata', '2023-01-01T00:00Z'],
  ['2W-MON-1970-01-05', 'Europe/Berlin', '2023-01-10T00:00Z'],
  ['BME', 'UTC', '2021-02-10T00:00Z'],
  ['MS-15', 'America/Sao_Paulo', '2017-06-10T00:00Z'],
  ['QE-FEB', 'Asia/Kathmandu', '2017-06-10T00:00Z'],
  ['2QS-APR', 'Europe/Berlin', '2004-06-10T00:00Z'],
  ['YE-JUN', 'Pacific/Apia', '1984-06-10T00:00Z'],
  ['h+15min', 'Asia/Kathmandu', '2024-05-01T00:00Z'],
  ['6h+2h', 'Europe/Berlin', '2024-03-25T00:00Z'],
  ['15min+7min', 'UTC', '2024-05-01T00:00Z'],
  ['h-MON-FRI', 'America/New_York', '2024-03-04T00:00Z'],
  ['250ms', 'UTC', '2024-05-01T00:00Z'],
];
const AHEAD = 7;

describe('the whole road', () => {
  it.each(GRIDS)('%s in %s', async (code, timeZone, from) => {
    const grid = Frequency.parse(code, timeZone);
    const first = grid.floorStep(Date.parse(from)) + 1;
    // Enough to see closed weekdays, with a few missing; never the first or the last.
    const length = code.startsWith('h-') ? 24 * 11 : 40;
    const times = Array.from({ length }, (_, i) => grid.timeOf(first + i)).filter((_, i) => i % 23 !== 11);
    const iso = (time: number): string => new Date(time).toISOString();
    const dataset = `road-${code.replace(/[^\w]/g, '-')}`;
    const options = { timeZone };
    const csv = (rows: readonly [string, string, number][]): { name: string; content: string } => ({
      name: 'f.csv',
      content: `unique_id,ds,y\n${rows.map((row) => row.join(',')).join('\n')}\n`,
    });

    const rows = times.map((time, i): [string, string, number] => ['a', iso(time), i]);
    const findings = await trial.stored(csv(rows), { dataset, ...options });
    expect(findings).toMatchObject({ frequency: code, rowsRejected: 0, observations: times.length, gaps: length - times.length });

    const stored = await trial.observations(dataset, 'a');
    const seen = stored.ds.filter((_, i) => stored.y[i] !== null);
    expect(seen).toEqual(times.map(iso));

    const { answer } = await trial.post({
      series: { a: { ds: rows.map(([, ds]) => ds), y: rows.map(([, , y]) => y) } },
      ...options,
      horizon: AHEAD,
      model: 'naive',
    });
    const next = Array.from({ length: AHEAD }, (_, i) => first + length + i);
    expect(answer!.columns['ds']).toEqual(next.map((step) => grid.format(step)));

    await trial.train({ dataset, kind: 'naive', horizon: AHEAD });
    await trial.forecast({ model: `${dataset}-naive` });
    const exported = await trial.exported({ dataset });
    expect(exported.map((row) => row['ds'])).toEqual(next.map((step) => grid.format(step)));

    const ahead = exported.map((row): [string, string, number] => ['a', row['ds']!, 1]);
    const again = await trial.stored(csv([...rows, ...ahead]), { dataset: `${dataset}-again`, ...options });
    expect(again).toMatchObject({ frequency: code, rowsRejected: 0, gaps: findings.gaps, end: iso(grid.timeOf(next.at(-1)!)) });
  });
});
