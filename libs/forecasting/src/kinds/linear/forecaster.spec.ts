import { initEngine } from '@almanac/kernels';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import type { Panel } from '../../forecaster.js';
import { createForecaster } from '../registry.js';
import { defaultLinearConfig } from './config.js';
import { RidgeSums } from './ridge.js';

beforeAll(async () => void (await initEngine()));

describe('ridge sums', () => {
  /** y = 2·x0 − x1 + 3 and y = x1 − 1, of which the second is missing in every third row. */
  const sums = (gaps: boolean): RidgeSums => {
    const random = new Random(1);
    const all = new RidgeSums(3, 2);
    for (let block = 0; block < 3; block++) {
      const x = new Float32Array(3 * 200);
      const y = new Float32Array(2 * 200);
      for (let r = 0; r < 200; r++) {
        const [a, b] = [random.normal(), random.normal()];
        x.set([a, b, 1], 3 * r);
        y.set([2 * a - b + 3, gaps && r % 3 === 0 ? NaN : b - 1], 2 * r);
      }
      all.add(x, y, 200);
    }
    return all;
  };

  it('find weights and constants without a penalty, to 1e-5', () => {
    [2, 0, -1, 1, 3, -1].forEach((value, i) => expect(sums(false).solve(0)[i]!).toBeCloseTo(value, 5));
  });

  it('learn a target with gaps from the rows that have it', () => {
    const weights = sums(true).solve(0);
    [2, -1, 3].forEach((value, i) => expect(weights[2 * i]!).toBeCloseTo(value, 5));
    // Two thirds of 600 rows tell the products to some 5 %.
    [0, 1, -1].forEach((value, i) => expect(Math.abs(weights[2 * i + 1]! - value)).toBeLessThan(0.15));
  });

  it('shrink weights with the penalty, and leave the constants to the means', () => {
    const weights = sums(false).solve(1e6);
    for (const i of [0, 1, 2, 3]) expect(Math.abs(weights[i]!)).toBeLessThan(1e-5);
    expect(weights[4]!).toBeGreaterThan(2.5);
    expect(weights[5]!).toBeLessThan(-0.8);
  });
});

describe('the linear forecaster', () => {
  const HORIZON = 24;
  /** x_t = .6·x_{t−24} + .3·x_{t−1} + ε: no season of fixed shape, but one that changes slowly. */
  const panel = (length: number): Panel => ({
    frequency: 'h',
    timeZone: 'UTC',
    seasonLengths: [24],
    series: Array.from({ length: 4 }, (_, s) => {
      const random = new Random(7, s);
      const values = new Float64Array(length + 500);
      for (let t = 0; t < values.length; t++)
        values[t] = 0.6 * (values[t - 24] ?? random.normal()) + 0.3 * (values[t - 1] ?? 0) + random.normal();
      return { id: `s${s}`, firstStep: 0, values: values.slice(500).map((value) => 50 + 10 * value) };
    }),
  });
  const LEVELS = [0.1, 0.5, 0.9];

  it('comes within 10 % of the error of one who knows the process, far below the seasonal naive, and its intervals hold', async () => {
    const whole = panel(2400);
    const train: Panel = { ...whole, series: whole.series.map((one) => ({ ...one, values: one.values.slice(0, 1600) })) };
    const config = defaultLinearConfig({ horizon: HORIZON, seasonLengths: [24], lengths: [1600, 1600, 1600, 1600] });
    const models = [createForecaster('linear', config), createForecaster('seasonalNaive')];
    for (const model of models) await model.fit(train, { seed: 1 });
    const errors = { linear: 0, naive: 0, oracle: 0 };
    let inside = 0;
    let count = 0;
    for (let origin = 1600; origin + HORIZON <= 2400; origin += 7) {
      const views = { ...whole, series: whole.series.map((one) => ({ ...one, values: one.values.slice(0, origin) })) };
      const [linear, naive] = await Promise.all(models.map((model) => model.predict(views, { horizon: HORIZON, levels: LEVELS })));
      whole.series.forEach(({ values }, s) => {
        const known = Array.from(values.slice(0, origin), (value) => (value - 50) / 10);
        for (let t = 0; t < HORIZON; t++) {
          known.push(0.6 * known.at(-24)! + 0.3 * known.at(-1)!);
          const actual = values[origin + t]!;
          const at = (forecast: typeof linear, level: number): number => forecast![s]!.quantiles[level * HORIZON + t]!;
          errors.linear += (actual - at(linear, 1)) ** 2;
          errors.naive += (actual - at(naive, 1)) ** 2;
          errors.oracle += (actual - 50 - 10 * known.at(-1)!) ** 2;
          if (actual > at(linear, 0) && actual < at(linear, 2)) inside++;
          count++;
        }
      });
    }
    expect(errors.linear / errors.oracle).toBeLessThan(1.1);
    expect(errors.linear / errors.naive).toBeLessThan(0.85);
    expect(Math.abs(inside / count - 0.8)).toBeLessThan(0.04);
  });

  it('names a setting that cannot work, and a panel that is too short', async () => {
    const config = { horizon: HORIZON, contextLength: 48, validationTail: 24 };
    expect(() => createForecaster('linear', { ...config, contextLength: 0 })).toThrow(/contextLength.*cannot be 0/);
    await expect(createForecaster('linear', config).fit(panel(20), { seed: 1 })).rejects.toMatchObject({ code: 'SERIES_TOO_SHORT' });
  });
});
