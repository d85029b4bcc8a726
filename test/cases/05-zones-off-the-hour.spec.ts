/** Hours of a zone off the hour are hours, whether found or asked for. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('05-zones-off-the-hour');
const expected = trial.json<Record<string, unknown>>('expected.json');
const byHour = Object.values(expected['forecast by local hour'] as Record<string, number>);

describe('05 zones-off-the-hour', () => {
  it.each([
    ['kolkata', 'Asia/Kolkata', 'auto'],
    ['kolkata', 'Asia/Kolkata', 'h'],
    ['kathmandu', 'Asia/Kathmandu', 'auto'],
    ['kathmandu', 'Asia/Kathmandu', 'h'],
  ])('%s in %s, with frequency %s', async (name, timeZone, frequency) => {
    const { refusal, findings } = await trial.dryRun(`${name}.csv`, { timeZone, frequency });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ observations: 336, gaps: 0, seasonLengths: [24, 168], warnings: [] });
    expect(String(findings!.start).replace('.000', '')).toBe(expected[`${name} first instant`]);
  });

  it('a request: 24 steps are a day, hour by hour', async () => {
    const { answer } = await trial.post(trial.json('body.json'));
    const values = bySeries(answer!)['feeder']!;
    expect(Object.keys(values)[0]).toBe(expected['first forecast instant, kolkata']);
    expect(Object.values(values)).toEqual(byHour);
    const instants = Object.keys(values).map(Date.parse);
    expect(instants.at(-1)! - instants[0]!).toBe(23 * 3_600_000);
  });

  it('events are gathered in local hours and days, too', async () => {
    const rows = Array.from(
      { length: 96 },
      (_, i) => `a,2024-05-0${1 + Math.floor(i / 48)} ${String(Math.floor(i / 2) % 24).padStart(2, '0')}:${i % 2 ? '45' : '10'},1`,
    );
    const file = { name: 'events.csv', content: `unique_id,ds,y\n${rows.join('\n')}\n` };
    const { findings } = await trial.dryRun(file, { timeZone: 'Asia/Kolkata', frequency: 'h', aggregation: 'sum' });
    expect(findings).toMatchObject({ observations: 48, gaps: 0, start: '2024-04-30T18:30:00.000Z' });
  });
});
