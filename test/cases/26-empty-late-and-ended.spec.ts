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

it('26 empty series with static covariates are kept, and started cold', async () => {
  const rows = ['a', 'b', 'c'].flatMap((id, no) =>
    Array.from(
      { length: 60 },
      (_, t) => `${id},${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${10 + no + (t % 7)},${no}`,
    ),
  );
  const content = ['unique_id,ds,y,size', ...rows, 'new,2024-02-01,,2', 'nothing,2024-02-01,,'].join('\n');
  const dataset = 'c26-new';
  const findings = await trial.stored({ name: 'new.csv', content }, { dataset, staticCovariates: ['size'], fillPolicy: 'zero' });
  expect(findings).toMatchObject({ series: 3, observations: 180, emptySeries: { count: 2, ids: ['new', 'nothing'], kept: 1 } });
  expect(findings.warnings.join()).toMatch(
    /not stored: the series "nothing".*kept for their static covariates: the series "new".*coldStart/,
  );
  const cold = { member: { kind: 'seasonalNaive', config: {} }, steps: 20, hidden: 8 };
  await trial.train({ dataset, model: 'c26-cold', kind: 'coldStart', horizon: 3, holdout: 7, config: cold });
  await trial.train({ dataset, model: 'c26-warm', kind: 'seasonalNaive', horizon: 3 });
  await trial.forecast({ model: 'c26-cold' });
  const made = (await trial.exported({ model: 'c26-cold' })).filter((row) => row['unique_id'] === 'new');
  expect(made.map(({ ds, cutoff }) => [ds, cutoff])).toEqual(['03-01', '03-02', '03-03'].map((day) => [`2024-${day}`, '2024-02-29']));
  expect(made.every((row) => Number.isFinite(Number(row['c26-cold'])))).toBe(true);
  await trial.forecast({ model: 'c26-cold', uniqueIds: ['new'] });
  // Listed, with nothing in it; and forecast from a request or a file without any history.
  const { items } = await trial.client.call('listSeries', { params: { dataset }, query: { sparkline: 5 } as never });
  expect(items.at(-1)).toMatchObject({ uniqueId: 'new', length: 0, start: null, end: null, sparkline: [] });
  expect(await trial.observations(dataset, 'new')).toMatchObject({ ds: [], y: [] });
  const newShop = { uniqueId: 'shop', y: [], staticCovariates: { size: 2 } };
  const { answer } = await trial.post({ model: 'c26-cold', series: [newShop] });
  expect(answer!.columns).toMatchObject({ ds: ['2024-03-01', '2024-03-02', '2024-03-03'], cutoff: Array(3).fill('2024-02-29') });
  expect(answer!.columns['c26-cold']).toEqual(made.map((row) => Number(row['c26-cold'])));
  const later = await trial.post({ model: 'c26-cold', series: [{ ...newShop, start: '2024-05-10' }] });
  expect(later.answer!.columns['ds']![0]).toBe('2024-05-10');
  expect((await trial.post({ model: 'c26-warm', series: [newShop] })).refusal).toMatchObject({
    code: 'SERIES_EMPTY',
    words: expect.stringMatching(/"shop" has no observation.*coldStart/),
  });
  await expect(trial.forecast({ model: 'c26-warm', uniqueIds: ['new'] })).rejects.toMatchObject({ problem: { code: 'SERIES_EMPTY' } });
  await trial.forecast({ model: 'c26-warm' });
  expect(new Set((await trial.exported({ model: 'c26-warm' })).map((row) => row['unique_id']))).toEqual(new Set(['a', 'b', 'c']));
  // Nothing new: the place is there. A file that is the whole dataset takes it away.
  const again = await trial.upload(
    { name: 'more.csv', content: `${content}\n` },
    { dataset, staticCovariates: ['size'], fillPolicy: 'zero' },
  );
  expect(again).toMatchObject({ result: { unchanged: true } });
  const without = { dataset, staticCovariates: ['size'], mode: 'replace' as const };
  await trial.stored({ name: 'whole.csv', content: ['unique_id,ds,y,size', ...rows].join('\n') }, without);
  await expect(trial.forecast({ model: 'c26-cold', uniqueIds: ['new'] })).rejects.toMatchObject({ problem: { code: 'SERIES_NOT_FOUND' } });
});
