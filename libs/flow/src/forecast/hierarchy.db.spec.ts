/** Forecasts of a hierarchy add up however many series it has, and whichever of them were asked for. */
import { type Forecast, type Run, totalsRequest } from '@almanac/contracts';
import { requestForecast } from '@almanac/flow/forecast';
import { forecastTotals, latestForecasts } from '@almanac/flow/query';
import { requestTraining } from '@almanac/flow/train';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SeriesPiece } from '@almanac/store';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const LEAVES = 600;
const LENGTH = 40;
const HORIZON = 3;
const leaf = (no: number): string => `leaf-${String(no).padStart(3, '0')}`;
const value = (no: number, t: number): number => 5 + (no % 7) + 3 * Math.sin((2 * Math.PI * (t + no)) / 7);
const parents = Object.fromEntries(Array.from({ length: LEAVES }, (_, no) => [leaf(no), 'total']));

let test: TestFlow;

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'gather', 'part']);
  const piece = (id: string, of: (t: number) => number): SeriesPiece => ({
    id,
    firstStep: 19_000,
    values: Float64Array.from({ length: LENGTH }, (_, t) => of(t)),
  });
  const each = Array.from({ length: LEAVES }, (_, no) => no);
  await test.write({ name: 'chain', frequency: 'D', timeZone: 'UTC' }, [
    ...each.map((no) => piece(leaf(no), (t) => value(no, t))),
    piece('other', (t) => value(3, t)),
    piece('total', (t) => each.reduce((sum, no) => sum + value(no, t), 0)),
  ]);
});

afterAll(async () => test?.close());

const settings = (of: Record<string, string>): Record<string, unknown> => ({
  parents: of,
  hidden: 3,
  contextLength: 7,
  window: 2,
  branches: ['contextual'],
  train: { steps: 1, batch: 1, validations: 1 },
});
const train = (model: string, of: Record<string, string>): Promise<Run> =>
  requestTraining(test.flow, { dataset: 'chain', model, kind: 'recurrent', horizon: HORIZON, config: settings(of) });

async function forecast(uniqueIds?: string[]): Promise<Forecast[]> {
  const { id: runId } = await test.ended(
    await requestForecast(test.flow, { model: 'chain', calibrate: false, ...(uniqueIds ? { uniqueIds } : {}) }),
  );
  const found: Forecast[] = [];
  for (let cursor: string | undefined; ;) {
    const { items, next } = await latestForecasts(test.flow, { runId, limit: 500, ...(cursor ? { after: cursor } : {}) });
    found.push(...items);
    if (!next) return found;
    cursor = next;
  }
}

it('adds up over more series than one part holds, and says of one series what it says of all', async () => {
  await test.ended(await train('chain', parents));
  const all = await forecast();
  expect(all).toHaveLength(LEAVES + 2);
  const median = ({ quantiles }: Forecast): (number | null)[] => quantiles[DEFAULT_QUANTILES.indexOf(0.5)]!;
  const of = (id: string): Forecast => all.find(({ uniqueId }) => uniqueId === id)!;
  for (let h = 0; h < HORIZON; h++) {
    const sum = Object.keys(parents).reduce((so, id) => so + median(of(id))[h]!, 0);
    expect(Math.abs(sum / median(of('total'))[h]! - 1)).toBeLessThan(1e-6);
  }
  expect(all.every(({ notes }) => !notes?.length)).toBe(true);

  // A sum over everything would count the leaves twice, and says so.
  const sumOf = async (request: object): Promise<string[]> =>
    (await forecastTotals(test.flow, totalsRequest.parse({ runId: all[0]!.runId, paths: 100, ...request }))).notes.map(({ code }) => code);
  expect(await sumOf({})).toEqual(['TOTAL_COUNTS_TWICE']);
  expect(await sumOf({ search: 'leaf' })).toEqual([]);

  const few = await forecast([leaf(5), 'other']);
  expect(few.map(({ uniqueId }) => uniqueId).sort()).toEqual([leaf(5), 'other']);
  for (const one of few) expect(median(one)).toEqual(median(of(one.uniqueId)));
});

it('is refused where it names series that the dataset does not have', async () => {
  await expect(train('strange', { ...parents, 'leaf-1000': 'total' })).rejects.toMatchObject({
    code: 'HIERARCHY_INVALID',
    message: expect.stringContaining('1 series that "chain" does not have: "leaf-1000"'),
  });
});
