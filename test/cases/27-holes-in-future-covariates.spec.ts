/**
 * A promotion that is known ahead, with holes, without one series, constant in one, or in words.
 * The effect of a promotion is learned in few steps; in the long suites the default model learns it in full.
 */
import { describe, expect, it } from 'vitest';
import { Case, day, quickly } from '../support/cases.js';

const trial = new Case('27-holes-in-future-covariates');
const expected = trial.json<Record<string, unknown>>('expected.json');
const whole = expected['whole.csv, 14 steps, median within 15 of'] as Record<string, Record<string, number>>;

interface Covariates {
  leftOut: { name: string; reason: string }[];
  masked: { name: string; series: number; examples: string[] }[];
}

async function trained(variant: string, steps = 220): Promise<{ dataset: string; covariates: Covariates }> {
  const dataset = `c27-${variant}`;
  await trial.stored(`${variant}.csv`, { dataset, futureCovariates: ['promo'] });
  const result = await trial.train({ dataset, model: dataset, horizon: 14, holdout: 14, ...quickly({ kind: 'segment', steps }) });
  return { dataset, covariates: result['covariates'] as Covariates };
}

async function medians(dataset: string, body: object = {}): Promise<Record<string, Record<string, number>>> {
  await trial.forecast({ model: dataset, ...body });
  const all: Record<string, Record<string, number>> = {};
  for (const row of await trial.exported({ dataset })) (all[row['unique_id']!] ??= {})[day(row['ds']!)] = Number(row[dataset]);
  return all;
}

function expectWhole(found: Record<string, Record<string, number>>, ids: readonly string[]): void {
  for (const id of ids)
    for (const [ds, value] of Object.entries(whole[id]!)) {
      expect(found[id]![ds]!, `${id} ${ds}`).toBeGreaterThan(value - 15);
      expect(found[id]![ds]!, `${id} ${ds}`).toBeLessThan(value + 15);
    }
}

describe('27 holes-in-future-covariates', { timeout: 1_200_000 }, () => {
  it('whole: each day as its promotion says', async () => {
    const { dataset, covariates } = await trained('whole');
    expect(covariates).toMatchObject({ leftOut: [], masked: [] });
    expectWhole(await medians(dataset), Object.keys(whole));
  });

  it('text: read as what whole has in numbers', async () => {
    await trial.stored('whole.csv', { dataset: 'c27-numbers', futureCovariates: ['promo'] });
    await trial.stored('text.csv', { dataset: 'c27-text', futureCovariates: ['promo'] });
    for (const id of Object.keys(whole)) {
      const promo = await trial.observations('c27-text', id, 'promo');
      expect(promo.y).toContain(1);
      expect(promo).toEqual(await trial.observations('c27-numbers', id, 'promo'));
    }
  });

  it('hole: refused with series and days, or filled as was declared', async () => {
    const { dataset } = await trained('hole', 20);
    const { id } = await trial.client.call('forecast', { body: { model: dataset } });
    const { error } = await trial.client.waitForRun(id);
    const holes = ['2024-07-23', '2024-07-24', '2024-07-25'];
    expect(error).toMatchObject({ code: 'COVARIATE_HOLE', subject: { series: 's1', covariate: 'promo', ds: holes } });
    for (const ds of holes) expect(error!.detail).toContain(ds);
    await trial.forecast({ model: dataset, covariateFill: 'zero' });
    const { items } = await trial.client.call('latestForecasts', { query: { dataset } as never });
    const notes = Object.fromEntries(items.map((one) => [one.uniqueId, one.notes.map(({ code }) => code)]));
    expect(notes['s1']).toEqual(['COVARIATES_FILLED']);
    expect(notes['s2']).toEqual([]);
  });

  it('one-without: named, and the others still have their promotions', async () => {
    const { dataset, covariates } = await trained('one-without');
    expect(covariates.masked).toEqual([{ name: 'promo', kind: 'future', series: 1, examples: ['s6'] }]);
    const found = await medians(dataset);
    for (const id of ['s1', 's2', 's3', 's4', 's5'])
      for (const [ds, value] of Object.entries(whole[id]!)) if (value === 150) expect(found[id]![ds]!, `${id} ${ds}`).toBeGreaterThan(130);
    const { items } = await trial.client.call('latestForecasts', { query: { dataset, uniqueId: 's6' } as never });
    expect(items[0]!.notes).toMatchObject([{ code: 'COVARIATES_MASKED', detail: expect.stringContaining('promo') }]);
  });

  it('a series of a request that lacks it is forecast without, and named; a request without it is refused', async () => {
    const { dataset: model } = await trained('hole', 20);
    const y = Array.from({ length: 60 }, (_, t) => (t % 5 === 0 ? 150 : 100));
    const promo = Array.from({ length: 74 }, (_, t) => Number(t % 5 === 0));
    const [shop, other] = [
      { start: '2024-03-01', y, futureCovariates: { promo } },
      { start: '2024-03-01', y },
    ];
    const { answer } = await trial.post({ model, horizon: 14, series: { shop, other } });
    expect(answer!.notes).toMatchObject([{ uniqueId: 'other', code: 'COVARIATES_MASKED', detail: expect.stringContaining('promo') }]);
    const alone = await trial.post({ model, horizon: 14, series: { shop } });
    expect(answer!.columns[model]!.slice(0, 14)).toEqual(alone.answer!.columns[model]);
    expect((await trial.post({ model, horizon: 14, series: { other } })).refusal).toMatchObject({ code: 'COVARIATE_MISSING' });
  });

  it('one-constant: the others as if it were whole', async () => {
    const { dataset } = await trained('one-constant');
    const found = await medians(dataset);
    expectWhole(found, ['s1', 's2', 's3', 's4', 's5']);
    for (const value of Object.values(found['s6']!)) expect(Math.abs(value - 100)).toBeLessThan(15);
  });

  it('a null within the horizon of a request is a hole', async () => {
    const body = (promo: unknown[]): object => ({
      series: { shop: { start: '2024-01-01', y: [1, 2, 3, 4], futureCovariates: { promo } } },
      frequency: 'D',
      horizon: 2,
      model: 'naive',
    });
    const { refusal } = await trial.post(body([0, 1, 0, 1, 1, null]));
    expect(refusal).toMatchObject({ code: 'COVARIATE_HOLE', words: expect.stringContaining('2024-01-06') });
    const { answer } = await trial.post(body([0, true, 'No', 'YES', 1, false]));
    expect(answer!.notes).toMatchObject([{ code: 'COVARIATES_UNUSED', detail: expect.stringContaining('promo') }]);
  });
});
