import { expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import type { SeriesData } from '../../forecaster.js';
import { createBaseline } from './methods.js';

const LEVELS = [0.1, 0.5, 0.9];
const HORIZON = 6;

/** Random walks with a drift of their own: short, as yearly series are; every fifth value is missing where gaps are asked for. */
const walks = (gaps: boolean): SeriesData[] =>
  Array.from({ length: 300 }, (_, s) => {
    const random = new Random(11, s);
    let value = 200;
    const drift = random.normal();
    const values = Float64Array.from({ length: 24 + HORIZON }, () => (value += drift + 3 * random.normal()));
    return { id: `${s}`, firstStep: 0, values: values.map((one, t) => (gaps && t % 5 === 3 && t < 24 ? Number.NaN : one)) };
  });

it.each([
  ['optimisedTheta', false],
  ['optimisedTheta', true],
  ['theta', false],
  ['theta', true],
] as const)('%s covers what comes of short walks as often as it says; with gaps: %s', async (kind, gaps) => {
  const series = walks(gaps);
  const known = series.map((one) => ({ ...one, values: one.values.slice(0, -HORIZON) }));
  const panel = { frequency: 'YS', timeZone: 'UTC', seasonLengths: [], series: known };
  const forecasts = await createBaseline(kind).predict(panel, { horizon: HORIZON, levels: LEVELS });
  let [inside, error, naive] = [0, 0, 0];
  forecasts.forEach(({ quantiles }, s) => {
    const last = known[s]!.values.findLast((value) => !Number.isNaN(value))!;
    series[s]!.values.slice(-HORIZON).forEach((actual, t) => {
      inside += Number(actual >= quantiles[t]! && actual <= quantiles[2 * HORIZON + t]!);
      error += Math.abs(actual - quantiles[HORIZON + t]!);
      naive += Math.abs(actual - last);
    });
  });
  expect(Math.abs(inside / (300 * HORIZON) - 0.8)).toBeLessThan(0.08);
  expect(error / naive).toBeLessThan(1);
});
