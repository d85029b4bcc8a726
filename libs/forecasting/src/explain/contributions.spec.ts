/** Parts of forecasts of series that were made of known parts. */
import { initEngine } from '@almanac/kernels';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import type { Panel, SeriesData } from '../forecaster.js';
import { defaultLinearConfig } from '../kinds/linear/config.js';
import { createForecaster } from '../kinds/registry.js';
import { contributionsOf } from './contributions.js';

beforeAll(async () => void (await initEngine()));

const HORIZON = 24;
const LENGTH = 1344;
const day = (t: number): number => 10 * Math.sin((2 * Math.PI * t) / 24);
const week = (t: number): number => (Math.floor(t / 24) % 7 >= 5 ? -5 : 2);
const LEVEL = 100;
const SLOPE = 0.02;

const series = (id: string, no: number): SeriesData => {
  const random = new Random(5, no);
  return {
    id,
    firstStep: 0,
    values: Float64Array.from({ length: LENGTH }, (_, t) => LEVEL + SLOPE * t + day(t) + week(t) + 0.2 * random.normal()),
  };
};
const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: [series('a', 1), series('b', 2)] };
const ask = { horizon: HORIZON, levels: DEFAULT_QUANTILES };
const median = (quantiles: Float64Array): Float64Array =>
  quantiles.slice(DEFAULT_QUANTILES.indexOf(0.5) * HORIZON, (DEFAULT_QUANTILES.indexOf(0.5) + 1) * HORIZON);

describe('what a forecast is made of', () => {
  it('adds up, and is what the series was made of to 5 %, for a weighted sum', async () => {
    const config = defaultLinearConfig({ horizon: HORIZON, seasonLengths: [24, 168], lengths: [LENGTH, LENGTH] });
    const model = createForecaster('linear', config);
    await model.fit(panel, { seed: 1 });
    const forecasts = await model.predict(panel, ask);
    const medians = forecasts.map(({ quantiles }) => median(quantiles));
    const all = await contributionsOf(model, panel, medians, ask);
    for (const [s, parts] of all.entries()) {
      expect(parts!.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
        'level level',
        'trend trend',
        'season 24',
        'season 168',
        'rest rest',
      ]);
      medians[s]!.forEach((value, h) => {
        expect(Math.abs(parts!.reduce((sum, part) => sum + part.values[h]!, 0) - value)).toBeLessThan(1e-6);
      });
      const error = (k: number, of: (h: number) => number): number => {
        const apart = parts![k]!.values.map((value, h) => Math.abs(value - of(LENGTH + h)));
        return apart.reduce((sum, value) => sum + value, 0) / HORIZON;
      };
      expect(error(0, () => LEVEL + SLOPE * (LENGTH - 1)) / LEVEL).toBeLessThan(0.05);
      expect(error(1, (t) => SLOPE * (t - LENGTH + 1))).toBeLessThan(0.1);
      expect(error(2, day) / 10).toBeLessThan(0.05);
      expect(error(3, week) / 5).toBeLessThan(0.05);
      expect(error(4, () => 0)).toBeLessThan(0.2);
    }
  });

  it('shares what parts do only together, adds up with many covariates, and knows holidays only where they are read', async () => {
    // A sale multiplies the pattern of the day; nine covariates add a little each.
    const names = Array.from({ length: 9 }, (_, k) => `c${k}`);
    const ahead = (name: string, one: SeriesData): Float64Array => one.futureCovariates![name]!.subarray(one.values.length);
    const model = {
      config: {},
      predict: ({ series: all }: Panel) =>
        Promise.resolve(
          all.map((one) => {
            const { length } = one.values;
            const center = one.values.subarray(length - 168).reduce((sum, value) => sum + value, 0) / 168;
            const row = Float64Array.from({ length: HORIZON }, (_, h) => {
              const pattern = one.values[length - 168 + h]! - center;
              const added = names.reduce((sum, name, k) => sum + (k + 1) * ahead(name, one)[h]!, 0);
              return center + pattern * (1 + ahead('sale', one)[h]!) + added;
            });
            const quantiles = new Float64Array(DEFAULT_QUANTILES.length * HORIZON);
            DEFAULT_QUANTILES.forEach((_, q) => quantiles.set(row, q * HORIZON));
            return { id: one.id, cutoff: length - 1, quantiles };
          }),
        ),
    };
    const flat = series('a', 1);
    const channel = (value: number): Float64Array => new Float64Array(LENGTH + HORIZON).fill(value, LENGTH);
    const with_: Panel = {
      ...panel,
      series: [{ ...flat, futureCovariates: { sale: channel(1), ...Object.fromEntries(names.map((name) => [name, channel(1)])) } }],
    };
    const [forecast] = await model.predict(with_);
    const [parts] = await contributionsOf(model, with_, [median(forecast!.quantiles)], ask);
    const of = (name: string): Float64Array => parts!.find((part) => part.name === name)!.values;
    names.forEach((name, k) => expect(of(name)[5]).toBeCloseTo(k + 1, 1));
    // Half of what the sale makes of the day is the sale's, half the day's; noise is in neither.
    expect(Math.abs(of('sale')[6]! - (day(LENGTH + 6) + week(LENGTH + 6)) / 2)).toBeLessThan(1);
    expect(Math.abs(of('24')[6]! - 1.5 * day(LENGTH + 6))).toBeLessThan(1);
    expect(parts!.some(({ kind }) => kind === 'holidays')).toBe(false);
    median(forecast!.quantiles).forEach((value, h) =>
      expect(Math.abs(parts!.reduce((sum, part) => sum + part.values[h]!, 0) - value)).toBeLessThan(1e-6),
    );
  });
});
