/** Sales by day, summed to months, that end on the 12th: nobody takes the twelve days for a month, and everybody says so. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Case, day } from '../support/cases.js';

const trial = new Case('37-backtest-cutoffs');
const dataset = 'partial';
const options = { dataset, frequency: 'MS', aggregation: 'sum' } as const;
const left = { count: 2, items: ['east', 'west'].map((uniqueId) => ({ uniqueId, ds: '2024-07-01T00:00:00.000Z' })) };

/** Ten a day in the east, twenty in the west. */
function sales(from: string, to: string): { name: string; content: string } {
  let content = 'unique_id,ds,y\n';
  for (let t = Date.parse(from); t <= Date.parse(to); t += 86_400_000) {
    const ds = new Date(t).toISOString().slice(0, 10);
    content += `east,${ds},10\nwest,${ds},20\n`;
  }
  return { name: 'sales.csv', content };
}

const call = async (name: 'monitor' | 'learn', model: string): Promise<Record<string, unknown>> =>
  trial.ended((await trial.client.call(name, { body: { model } } as never)).id);

describe('a month that is not over', () => {
  beforeAll(async () => {
    const { partialSteps } = await trial.stored(sales('2022-01-01', '2024-07-12'), options);
    expect(partialSteps).toMatchObject({ ...left, dropped: false });
  });

  it('is no month to a training, whose holdout ends before', async () => {
    const result = await trial.train({ dataset, kind: 'seasonalNaive', horizon: 2, holdout: 2 });
    expect(result).toMatchObject({ partialSteps: left, holdout: { start: '2024-05-01T00:00:00.000Z', end: '2024-06-01T00:00:00.000Z' } });
  });

  it('is forecast, not gone on from, and every forecast says so', async () => {
    const result = await trial.forecast({ model: 'partial-seasonalNaive' });
    expect(result['notes']).toMatchObject([
      { code: 'PARTIAL_STEPS_LEFT_OUT', detail: expect.stringContaining('2024-07-01'), series: 2, examples: ['east', 'west'] },
    ]);
    const rows = await trial.exported({ dataset });
    expect(rows.map((row) => [row['unique_id'], day(row['ds']!), Number(row['partial-seasonalNaive'])])).toEqual([
      ['east', '2024-07-01', 310],
      ['east', '2024-08-01', 310],
      ['west', '2024-07-01', 620],
      ['west', '2024-08-01', 620],
    ]);
    for (const row of rows) expect(row['notes']).toContain('PARTIAL_STEPS_LEFT_OUT');
  });

  it('is not scored by a backtest', async () => {
    const result = await trial.backtest({ dataset, models: [{ kind: 'seasonalNaive' }], horizon: 1, windows: 3, stepSize: 1 });
    expect(result['partialSteps']).toEqual(left);
    expect((result['windows'] as string[]).map(day)).toEqual(['2024-03-01', '2024-04-01', '2024-05-01']);
    const [{ score }] = result['models'] as [{ score: { metrics: Record<string, number> } }];
    expect(score.metrics['mae']).toBe(0);
    const { out } = await trial.cli(['backtest', '--dataset', dataset, '--kinds', 'naive', '--horizon', '1', '--windows', '1']);
    expect(out).toContain('steps left out, which events cover in part: east 2024-07-01 00:00, west 2024-07-01 00:00');
  });

  it('is learned by no model that learns online', async () => {
    await trial.train({ dataset, kind: 'online', horizon: 2, holdout: 2, model: 'partial-online' });
    expect(await call('learn', 'partial-online')).toMatchObject({ partialSteps: left });
  });

  it('judges no forecast until it is over', async () => {
    expect(await call('monitor', 'partial-seasonalNaive')).toMatchObject({ scored: [], anomalies: 0, calibrated: 0, partialSteps: left });
    await trial.stored(sales('2024-07-01', '2024-08-31'), options);
    const after = await call('monitor', 'partial-seasonalNaive');
    expect(after).toMatchObject({ anomalies: 0, partialSteps: { count: 0 } });
    const [scored] = after['scored'] as [{ cutoff: string; metrics?: Record<string, number> }];
    expect(day(scored.cutoff)).toBe('2024-06-01');
  });
});
