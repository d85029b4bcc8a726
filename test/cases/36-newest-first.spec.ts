/** The order of rows changes nothing. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('36-newest-first');
const orders = ['oldest-first', 'newest-first', 'shuffled'];

describe('36 newest-first', () => {
  it('three uploads make one dataset', async () => {
    const versions = [];
    for (const order of orders) {
      const read = await trial.upload(`${order}.csv`, { dataset: 'c36', futureCovariates: ['promo'] });
      if (read.refusal) throw new Error(JSON.stringify(read.refusal));
      expect(read.findings).toMatchObject({ observations: 126, series: 2 });
      versions.push([read.result.version, read.result.unchanged]);
    }
    expect(versions).toEqual([
      [1, false],
      [1, true],
      [1, true],
    ]);
    const { items } = await trial.client.call('listSeries', { params: { dataset: 'c36' }, query: {} });
    const promo = await Promise.all(items.map(({ uniqueId }) => trial.observations('c36', uniqueId, 'promo')));
    expect(promo.flatMap(({ y }) => y.filter((value) => value !== null))).toHaveLength(140);
  });

  it.each([
    ['--future-covariates', 'promo'],
    ['--horizon', '7'],
  ])('forecast --file %s %s says the same of each', async (...flags) => {
    const said = [];
    for (const order of orders) said.push(await trial.cli(['forecast', '--file', trial.path(`${order}.csv`), ...flags]));
    const rows = said.map(({ out, err }) => ({ err: out === '' ? err : '', rows: out.trim().split('\n') }));
    expect(rows[0]!.err).toBe('');
    expect(rows[1]).toEqual(rows[0]);
    expect(rows[2]).toEqual(rows[0]);
    const forecasts = rows[0]!.rows.filter((row) => /,2024-03-\d\d,2024-03-03,/.test(row));
    expect(forecasts.map((row) => row.split(',')[1]!).slice(0, 7)).toEqual(
      Array.from({ length: 7 }, (_, i) => `2024-03-${String(4 + i).padStart(2, '0')}`),
    );
  });

  it('both requests are answered alike', async () => {
    const [one, other] = await Promise.all(['oldest-first.json', 'newest-first.json'].map((body) => trial.post(trial.json(body))));
    expect(one!.refusal).toBeNull();
    expect(bySeries(other!.answer!)).toEqual(bySeries(one!.answer!));
  });
});
