/** Local hours over both clock changes mean the same in a file and in a request. */
import { describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('17-clock-change-in-a-request');
const timeZone = 'America/New_York';
interface Expected {
  fall: { steps: number; start: string; end: string; 'first forecast': string };
}
const { fall } = trial.json<Expected>('expected.json');

describe('17 clock-change-in-a-request', () => {
  it('the repeated hour is there twice, by file and by request', async () => {
    const { steps, start, end } = fall;
    const findings = await trial.stored('fall.csv', { dataset: 'c17', timeZone });
    expect(findings).toMatchObject({ frequency: 'h', observations: steps, gaps: 0, duplicates: 0 });
    expect([Date.parse(String(findings.start)), Date.parse(String(findings.end))]).toEqual([Date.parse(start), Date.parse(end)]);
    const { ds } = await trial.observations('c17', 'meter');
    for (const hour of ['2022-11-06T05:00:00.000Z', '2022-11-06T06:00:00.000Z']) expect(ds).toContain(hour);
    const { answer, refusal } = await trial.post(trial.json('fall.json'));
    expect(refusal).toBeNull();
    expect(Date.parse(String(answer!.columns['ds']![0]))).toBe(Date.parse(fall['first forecast']));
  });

  it('newest first too', async () => {
    const [head, ...rows] = trial.text('fall.csv').trim().split('\n');
    const newestFirst = { name: 'newest.csv', content: [head, ...rows.reverse()].join('\n') };
    await trial.stored(newestFirst, { dataset: 'c17-newest', timeZone });
    const [one, other] = await Promise.all(['c17', 'c17-newest'].map((dataset) => trial.observations(dataset, 'meter')));
    expect(one!.ds).toEqual(other!.ds);
    expect(one!.y).toEqual(other!.y);
  });

  it('the hour that no clock showed is refused by its name, by file and by request', async () => {
    const file = await trial.upload('spring.csv', { dataset: 'c17-spring', timeZone });
    expect(file.refusal).toMatchObject({ words: expect.stringContaining('2023-03-12 02:00') });
    for (const body of ['spring.json', 'spring-without-three.json']) {
      const { refusal } = await trial.post(trial.json(body));
      expect(refusal).toMatchObject({ words: expect.stringContaining('2023-03-12 02:00') });
    }
  });
});
