/**
 * A constant, a series of zeros and one with a single spike among usual ones: each is forecast as what it is, and none spoils the others.
 * None of the claims needs a network at its best, so the networks here learn for few steps but in the long suites.
 */
import { type BacktestResult, backtestResult, type BacktestSeries } from '@almanac/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { bySeries, Case, quickly } from '../support/cases.js';

const trial = new Case('30-constant-zero-spike');
const LEVELS = [50, 80, 90, 95];
const columnsOf = (model: string): string[] => [model, ...LEVELS.flatMap((level) => [`${model}-lo-${level}`, `${model}-hi-${level}`])];
const few = quickly({ steps: 80 });

/** @param each values of a series in every column, by step */
function expectSound(of: (id: string, column: string) => number[], model: string, levels = LEVELS): void {
  for (const column of columnsOf(model).filter((name) => levels.some((level) => name.endsWith(`-${level}`)) || name === model)) {
    for (const value of of('const', column)) expect(Math.abs(value - 5000), `const ${column}`).toBeLessThanOrEqual(25);
    for (const value of of('zeros', column)) expect(value, `zeros ${column}`).toBe(0);
    for (const value of of('spike', column)) expect(value, `spike ${column}`).toBeGreaterThanOrEqual(0);
  }
  for (const value of of('spike', model)) expect(value, 'spike').toBe(0);
  for (const value of of('spike', `${model}-hi-95`)) expect(value, 'spike').toBeLessThanOrEqual(20);
}

describe('30 constant-zero-spike', () => {
  beforeAll(async () => {
    await trial.stored('panel.csv', { dataset: 'c30' });
    const usual = trial
      .text('panel.csv')
      .split('\n')
      .filter((line) => !/^(const|zeros|spike),/.test(line));
    await trial.stored({ name: 'usual.csv', content: usual.join('\n') }, { dataset: 'c30-usual' });
  });

  it.each(['auto', 'naive', 'seasonalNaive', 'theta', 'optimisedTheta', 'autoEts', 'drift'])('by a request with %s', async (model) => {
    const { answer } = await trial.post({ ...trial.json<object>('odd.json'), model });
    const named = answer!.model;
    expectSound((id, column) => Object.values(bySeries(answer!, column)[id]!) as number[], named, [80, 95]);
  });

  it.each([
    ['segment', few],
    ['linear', {}],
    ['ensemble', { ...quickly({ steps: 60 }), config: { members: 2 } }],
    ['recurrent', quickly({ steps: 30 })],
  ])('by a trained %s, whose loss and scores are numbers', async (kind, settings) => {
    const model = `c30-${kind}`;
    const { id } = await trial.client.call('train', { body: { dataset: 'c30', kind, horizon: 14, model, ...settings } } as never);
    const { score } = (await trial.ended(id)) as { score: { metrics: Record<string, number | null> } };
    for (const [name, value] of Object.entries(score.metrics)) expect(Number.isFinite(value), name).toBe(true);
    const curve = await trial.client.call('getRunCurve', { params: { runId: id } });
    for (const loss of curve.loss) expect(Number.isFinite(loss)).toBe(true);
    await trial.forecast({ model });
    const rows = await trial.exported({ dataset: 'c30', model });
    expectSound((of, column) => rows.filter((row) => row['unique_id'] === of).map((row) => Number(row[column])), model);
  });

  it('the panel has a score, and the usual ones are forecast as well as without the odd ones', async () => {
    const of = async (dataset: string): Promise<{ models: BacktestResult['models']; usual: Record<string, number> }> => {
      const models = ['segment', 'autoEts', 'theta'].map((kind) => ({ kind }));
      const raw = await trial.backtest({ dataset, models, horizon: 14, windows: 2, ...few });
      const usual: Record<string, number> = {};
      for (const { kind } of models) {
        const query = { label: kind, limit: 100 } as never;
        const page = await trial.client.call('listBacktestSeries', { params: { runId: String(raw['runId']) }, query });
        const own = (page.items as BacktestSeries[]).filter(({ uniqueId }) => uniqueId.startsWith('usual'));
        expect(own).toHaveLength(5);
        usual[kind] = own.reduce((sum, { mae }) => sum + mae!, 0) / own.length;
      }
      return { models: backtestResult.parse(raw).models, usual };
    };
    const [all, alone] = [await of('c30'), await of('c30-usual')];
    for (const { score } of all.models) expect(Number.isFinite(score.metrics['mase']), score.label).toBe(true);
    expect(all.usual['autoEts']).toBeCloseTo(alone.usual['autoEts']!, 9);
    expect(all.usual['theta']).toBeCloseTo(alone.usual['theta']!, 9);
    expect(all.usual['segment']! / alone.usual['segment']!).toBeLessThan(1.1);
  });
});
