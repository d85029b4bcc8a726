/** Series that are mostly 0 sell when they sell: at night never, on Saturdays all day, in summer for a quarter of the year. */
import { describe, expect, it } from 'vitest';
import { createBaseline } from '../kinds/baselines/methods.js';
import { BASELINE_KINDS } from '../kinds/baselines/plan.js';
import { LinearForecaster } from '../kinds/linear/forecaster.js';
import { Random } from './random.js';
import { intermittentOf } from './intermittent.js';

const LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975];

/** Customers by the hour, Saturdays from 10 to 16 only: about twelve each hour. The first hour is one of a Monday. */
function saturdayShop(weeks: number, seed = 1): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: weeks * 168 }, (_, t) => (open(t) ? 8 + Math.floor(9 * random.next()) : 0));
}
const open = (t: number): boolean => Math.floor(t / 24) % 7 === 5 && t % 24 >= 10 && t % 24 < 16;

/** Ices by the day: about thirty, of June to August only; some days nobody comes. */
function iceCream(days: number, seed = 2): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: days }, (_, t) => (summer(t) && random.next() < 0.9 ? 20 + Math.floor(21 * random.next()) : 0));
}
const summer = (t: number): boolean => t % 365 >= 151 && t % 365 < 243;

describe('a shop that opens on Saturdays', () => {
  const values = saturdayShop(10);

  it('follows its week, not its day', () => {
    const found = intermittentOf(values, [24, 168])!;
    expect(found.seasonLength).toBe(168);
    for (let step = 0; step < 168; step++) expect(found.zeros(step)).toBe(open(step) ? 0 : 1);
  });

  it.each([...BASELINE_KINDS, 'linear'])('is forecast by %s to sell on Saturdays, and on no other day', async (kind) => {
    const panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: [{ id: 'shop', firstStep: 0, values }] };
    const model =
      kind === 'linear'
        ? new LinearForecaster({ horizon: 168, contextLength: 336, validationTail: 168 })
        : createBaseline(kind as (typeof BASELINE_KINDS)[number]);
    await model.fit(panel, { seed: 1 });
    const [one] = await model.predict(panel, { horizon: 168, levels: LEVELS });
    const at = (level: number, step: number): number => one!.quantiles[LEVELS.indexOf(level) * 168 + step]!;
    for (let step = 0; step < 168; step++)
      if (open(step)) {
        // A regression over two weeks leans towards the other hours.
        expect(at(0.5, step), `hour ${step}`).toBeGreaterThanOrEqual(kind === 'linear' ? 6 : 9);
        expect(at(0.5, step), `hour ${step}`).toBeLessThanOrEqual(15);
        expect(at(0.975, step) - at(0.025, step), `hour ${step}`).toBeGreaterThan(3);
      } else for (const level of LEVELS) expect(at(level, step), `hour ${step}`).toBe(0);
  });

  it('keeps to its day where the week says no more', () => {
    const daily = Float64Array.from({ length: 24 * 40 }, (_, t) => (t % 24 >= 8 && t % 24 < 14 ? 30 : 0));
    expect(intermittentOf(daily, [24, 168])!.seasonLength).toBe(24);
  });
});

describe('what sells in summer', () => {
  it('is 0 in winter and sells again in the next summer', () => {
    const values = iceCream(3 * 365 + 60);
    const found = intermittentOf(values, [7, 365])!;
    expect(found.seasonLength).toBe(365);
    // The history ends with February.
    const [winter, july] = [30, 140];
    expect(summer(values.length + july)).toBe(true);
    expect(found.zeros(winter)).toBeGreaterThan(0.9);
    expect(found.zeros(july)).toBeLessThan(0.4);
    expect(found.size(0.5, july)).toBeGreaterThan(20);
  });

  it('is over where it ended, whatever the season', () => {
    const random = new Random(4);
    const ended = Float64Array.from({ length: 3 * 365 }, (_, t) => (t < 3 * 365 - 150 ? 5 + Math.floor(5 * random.next()) : 0));
    expect(intermittentOf(ended, [7, 365])!.zeros(100)).toBe(1);
  });

  it('takes no season from chance', () => {
    let seasonal = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const values = Float64Array.from({ length: 2 * 365 }, () => (random.next() < 0.2 ? 1 : 0));
      if (intermittentOf(values, [7, 365])!.seasonLength > 1) seasonal++;
    }
    expect(seasonal).toBeLessThanOrEqual(5);
  });
});
