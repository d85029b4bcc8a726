/** A category that is text says how a series without history behaves; values that were not learned, and texts not read, are named. */
import { trainResult } from '@almanac/contracts';
import { requestForecast } from '@almanac/flow/forecast';
import { latestForecasts } from '@almanac/flow/query';
import { requestTraining } from '@almanac/flow/train';
import type { SeriesPiece } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const FIRST = 19_726; // a Thursday
const LENGTH = 70;
const HORIZON = 7;
const EACH = 8;

let test: TestFlow;

/** Offices sell on working days, cinemas at weekends, as much in a week. */
const sales = (format: string, step: number): number => (((step + 4) % 7 === 0 || (step + 4) % 7 === 6) === (format === 'cinema') ? 20 : 6);

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'gather', 'part']);
  const shop = (id: string, format: string, length: number): SeriesPiece => ({
    id,
    firstStep: FIRST + LENGTH - length,
    values: Float64Array.from({ length }, (_, t) => sales(format, FIRST + LENGTH - length + t) + 0.1 * (t % 3)),
    staticCovariates: { format, country: 'DE', name: id },
  });
  const many = (format: string): SeriesPiece[] => Array.from({ length: EACH }, (_, no) => shop(`${format}-${no}`, format, LENGTH));
  await test.write({ name: 'shops', frequency: 'D', timeZone: 'UTC' }, [
    ...many('office'),
    ...many('cinema'),
    shop('new-cinema', 'cinema', 1),
    shop('new-office', 'office', 1),
    shop('new-museum', 'museum', 1),
  ]);
});
afterAll(async () => test?.close());

it('forecasts a new shop as its format sells, and names formats and texts that it cannot use', async () => {
  const config = { member: { kind: 'seasonalNaive', config: {} }, steps: 200 };
  const trained = await test.ended(
    await requestTraining(test.flow, { dataset: 'shops', model: 'shops', kind: 'coldStart', horizon: HORIZON, config }),
  );
  const { covariates } = trainResult.parse(trained.result);
  expect(covariates.used).toEqual([{ name: 'format', kind: 'static' }]);
  expect(covariates.leftOut.map(({ name }) => name).sort()).toEqual(['country', 'name']);

  const { id: runId } = await test.ended(await requestForecast(test.flow, { model: 'shops', calibrate: false }));
  const { items } = await latestForecasts(test.flow, { runId, limit: 100 });
  const of = (id: string): (typeof items)[number] => items.find(({ uniqueId }) => uniqueId === id)!;
  const error = (id: string, format: string): number => {
    const { levels, quantiles } = of(id);
    const median = quantiles[levels.indexOf(0.5)]!;
    return median.reduce<number>((sum, value, h) => sum + Math.abs(value! - sales(format, FIRST + LENGTH + h)), 0) / HORIZON;
  };
  expect(error('new-cinema', 'cinema')).toBeLessThan(0.4 * error('new-cinema', 'office'));
  expect(error('new-office', 'office')).toBeLessThan(0.4 * error('new-office', 'cinema'));
  expect(of('new-cinema').notes).toEqual([]);
  expect(of('new-museum').notes).toMatchObject([{ code: 'CATEGORY_UNKNOWN', detail: expect.stringContaining('format = museum') }]);
});
