/** An empty column is named, a hole stays a hole, and a series that ended long ago is seen to. */
import { expect, it } from 'vitest';
import { Case, day } from '../support/cases.js';

const trial = new Case('26-empty-late-and-ended');
interface Expected {
  series: Record<string, { start: string; end: string; missing?: string[] }>;
  'forecast of late, 7 steps': Record<string, number>;
}
const expected = trial.json<Expected>('expected.json');

it('26 empty-late-and-ended', async () => {
  const findings = await trial.stored('wide.csv', { dataset: 'c26' });
  expect(findings.emptySeries).toMatchObject({ count: 1, ids: ['empty'] });
  expect(findings.gaps).toBe(7);
  for (const [id, { start, end, missing = [] }] of Object.entries(expected.series)) {
    const { ds, y } = await trial.observations('c26', id);
    expect([id, day(ds[0]!), day(ds.at(-1)!)]).toEqual([id, start, end]);
    expect(ds.filter((_, i) => y[i] === null).map(day)).toEqual(missing);
  }
  await trial.train({ dataset: 'c26', model: 'c26-naive', kind: 'seasonalNaive', horizon: 7 });
  await trial.forecast({ model: 'c26-naive' });
  const rows = await trial.exported({ model: 'c26-naive' });
  const late = rows.filter((row) => row['unique_id'] === 'late');
  expect(Object.fromEntries(late.map((row) => [row['ds'], Number(row['c26-naive'])]))).toEqual(expected['forecast of late, 7 steps']);
  const ended = rows.filter((row) => row['unique_id'] === 'ended');
  expect([ended[0]!['ds'], ended[0]!['cutoff']]).toEqual(['2024-02-10', '2024-02-09']);
});
