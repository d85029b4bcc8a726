/** Due times are those that trying every minute finds: both day fields, odd steps, day 7, leap days, clock changes. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { nextDues } from '@almanac/flow/schedule';
import { Case } from '../support/cases.js';

const trial = new Case('38-cron-semantics');
const schedules = trial
  .text('schedules.tsv')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t') as [name: string, cron: string, zone: string, meaning: string]);
const fired = schedules.filter(([, , , meaning]) => !meaning.startsWith('refused'));
const refused = schedules.filter(([, , , meaning]) => meaning.startsWith('refused'));

/** What `expected.py` finds from an instant on, by the name of the schedule. */
function tried(after: string): Record<string, string[]> {
  const out = execFileSync('python3', [trial.path('expected.py'), after], { encoding: 'utf8' });
  return Object.fromEntries(
    out
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0]!, line.match(/\d{4}-\d\d-\d\dT\d\d:\d\dZ/g) ?? []]),
  );
}

describe('38 cron-semantics', () => {
  beforeAll(async () => {
    const days = Array.from({ length: 60 }, (_, t) => `a,${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${t}`);
    await trial.stored({ name: 'ramp.csv', content: `unique_id,ds,y\n${days.join('\n')}\n` }, { dataset: 'c38' });
  });

  it.each(['2026-03-28T12:00:00Z', '2026-10-24T12:00:00Z', new Date().toISOString().slice(0, 19) + 'Z'])(
    'from %s on',
    (after) => {
      const found = tried(after);
      for (const [name, cron, zone] of fired)
        expect(
          nextDues(cron, zone, new Date(after), 5).map((due) => `${due.toISOString().slice(0, 16)}Z`),
          name,
        ).toEqual(found[name]);
    },
    300_000,
  );

  it.each(fired)('%s (%s, %s) is stored with its next due time', async (name, cron, timeZone) => {
    const body = { name: `c38-${name}`, cron, timeZone, action: { kind: 'train', request: { dataset: 'c38', kind: 'naive' } } };
    const made = await trial.client.call('createSchedule', { body } as never);
    const [next] = nextDues(cron, timeZone, new Date(), 1);
    expect(made.nextDueAt[0]).toBe(next!.toISOString());
    await trial.client.call('deleteSchedule', { params: { schedule: `c38-${name}` } });
  });

  it.each(refused)('%s (%s, %s) is refused', async (name, cron, timeZone) => {
    const body = { name: `c38-${name}`, cron, timeZone, action: { kind: 'train', request: { dataset: 'c38', kind: 'naive' } } };
    await expect(trial.client.call('createSchedule', { body } as never)).rejects.toMatchObject({
      problem: { status: 400, code: expect.stringMatching(/^CRON_(INVALID|NEVER_DUE)$/) },
    });
  });
});
