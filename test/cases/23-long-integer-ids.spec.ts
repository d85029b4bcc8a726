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
});
