/** Series of one to fifty values have intervals that mean something. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('29-very-short-series');
const { medians } = trial.json<{ medians: Record<string, [number, number]> }>('expected.json');

async function answered(file: string) {
  const { answer } = await trial.post(trial.json(file));
  const column = (suffix: string): Record<string, number[]> =>
    Object.fromEntries(
      Object.entries(bySeries(answer!, `${answer!.model}${suffix}`)).map(([id, steps]) => [id, Object.values(steps) as number[]]),
    );
  return { notes: answer!.notes, median: column(''), lo: column('-lo-95'), hi: column('-hi-95') };
}

describe('29 very-short-series', () => {
  it.each(['theta', 'optimisedTheta', 'autoEts', 'naive', 'drift', 'auto'])('%s', async (kind) => {
    const { median, lo, hi, notes } = await answered(`${kind}.json`);
    for (const [id, values] of Object.entries(median))
      values.forEach((value, h) => {
        for (const one of [value, lo[id]![h], hi[id]![h]]) expect(Number.isFinite(one), `${id} ${h}`).toBe(true);
        expect(lo[id]![h]!).toBeLessThanOrEqual(value);
        expect(hi[id]![h]!).toBeGreaterThanOrEqual(value);
      });
    for (const [id, [least, most]] of Object.entries(medians)) {
      expect(median[id]![0]!, id).toBeGreaterThanOrEqual(least);
      expect(median[id]![0]!, id).toBeLessThanOrEqual(most);
    }
    const width = (id: string): number => hi[id]![0]! - lo[id]![0]!;
    for (const n of [4, 5, 6, 8, 50]) {
      expect(width(`n${n}`), `n${n}`).toBeGreaterThan(0.1);
      expect(width(`n${n}`), `n${n}`).toBeLessThan(4);
    }
    expect(width('n5')).toBeGreaterThan(width('n6') / 10);
    expect(width('n1')).toBeGreaterThan(0);
    expect(notes).toContainEqual(expect.objectContaining({ uniqueId: 'n1', code: 'SPREAD_BORROWED' }));
  });

  it('theta on four values', async () => {
    const { lo, hi } = await answered('four.json');
    for (const id of Object.keys(lo)) expect(hi[id]![0]! - lo[id]![0]!).toBeGreaterThan(0.1);
  });

  it('one value alone has no bounds, and the answer says why', async () => {
    const { answer } = await trial.post({ series: { x: { start: '2024-01-01', y: [5] } }, frequency: 'D', horizon: 2, model: 'theta' });
    expect(bySeries(answer!)['x']).toEqual({ '2024-01-02': 5, '2024-01-03': 5 });
    expect(bySeries(answer!, 'theta-lo-95')['x']).toEqual({ '2024-01-02': null, '2024-01-03': null });
    expect(answer!.notes).toMatchObject([{ uniqueId: 'x', code: 'SPREAD_UNKNOWN' }]);
  });

  it('so do what is stored and the export', async () => {
    await trial.stored(
      { name: 'one.csv', content: 'unique_id,ds,y\nx,2024-01-01,5\nx,2024-01-02,5\nx,2024-01-03,5\n' },
      { dataset: 'c29' },
    );
    await trial.train({ dataset: 'c29', kind: 'naive', horizon: 1 });
    await trial.forecast({ model: 'c29-naive' });
    const { items } = await trial.client.call('latestForecasts', { query: { dataset: 'c29' } as never });
    expect(items[0]!.notes).toMatchObject([{ code: 'SPREAD_UNKNOWN' }]);
    expect(items[0]!.quantiles[0]).toEqual([null]);
    const [row] = await trial.exported({ dataset: 'c29' });
    expect(row).toMatchObject({ 'c29-naive': '5', 'c29-naive-lo-95': '', 'c29-naive-hi-95': '' });
    expect(row!['notes']).toContain('SPREAD_UNKNOWN');
  });
});
