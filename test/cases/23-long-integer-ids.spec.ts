/** Ids of sixteen digits stay two, and 101.0 is called the same in every format. */
import { describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('23-long-integer-ids');
const expected = trial.json<Record<string, Record<string, number[]>>>('expected.json')['numbers.*']!;

describe('23 long-integer-ids', () => {
  it.each(['csv', 'ndjson', 'json'])('two series in %s', async (format) => {
    const dataset = `c23-${format}`;
    expect(await trial.stored(`numbers.${format}`, { dataset })).toMatchObject({ series: 2, observations: 20, duplicates: 0 });
    for (const [id, values] of Object.entries(expected)) expect((await trial.observations(dataset, id)).y).toEqual(values);
  });

  it('101.0 is 101 in every format', async () => {
    const rows = trial.text('floats.ndjson').trim().split('\n');
    const csv = rows.map((row) => /"unique_id": ?([^,]+), ?"ds": ?"([^"]+)", ?"y": ?([^}]+)}/.exec(row)!.slice(1).join(','));
    const files = {
      ndjson: trial.text('floats.ndjson'),
      json: `[${rows.join(',')}]`,
      csv: ['unique_id,ds,y', ...csv].join('\n'),
    };
    for (const [format, content] of Object.entries(files)) {
      const dataset = `c23-floats-${format}`;
      expect(await trial.stored({ name: `floats.${format}`, content }, { dataset })).toMatchObject({ series: 2, duplicates: 0 });
      const { items } = await trial.client.call('listSeries', { params: { dataset }, query: {} });
      expect([format, ...items.map(({ uniqueId }) => uniqueId)]).toEqual([format, '101', '102']);
    }
  });

  it('101.0 is 101 in requests, too, and a number is a name', async () => {
    const dataset = 'c23-asked';
    await trial.stored('floats.ndjson', { dataset });
    for (const unique_id of ['101.0', ' 101 ', 101, '101']) {
      const { unchanged } = await trial.client.call('appendObservations', {
        params: { dataset },
        body: [{ unique_id, ds: '2024-03-01', y: 5 }],
      });
      expect([unique_id, unchanged]).toEqual([unique_id, unique_id !== '101.0']);
    }
    expect((await trial.observations(dataset, '101.0')).y.at(-1)).toBe(5);
    const ds = ['2024-01-01', '2024-01-02', '2024-01-03'];
    const asked = trial.client.predict({ series: [{ uniqueId: 101, ds, y: [1, 2, 3] }], model: 'naive', horizon: 1 });
    expect((await asked).columns['unique_id']).toEqual(['101']);
    const twice = { '101': { ds, y: [1, 2, 3] }, '101.0': { ds, y: [1, 2, 3] } };
    await expect(trial.client.predict({ series: twice, model: 'naive', horizon: 1 })).rejects.toMatchObject({
      problem: { code: 'SERIES_TWICE' },
    });
    await expect(
      trial.client.call('appendObservations', { params: { dataset }, body: [{ unique_id: 'x'.repeat(2001), ds: '2024-03-01', y: 5 }] }),
    ).rejects.toMatchObject({
      problem: { code: 'REQUEST_INVALID', detail: expect.stringMatching(/body\.0\.unique_id: is longer than 2,000/) as string },
    });
  });
});
