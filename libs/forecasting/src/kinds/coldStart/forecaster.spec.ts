import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { type Forecaster, type Panel, type SeriesData } from '../../forecaster.js';
import { createForecaster } from '../registry.js';

const HORIZON = 12;
const ask = { horizon: HORIZON, levels: [0.1, 0.5, 0.9] };

/** Shops whose size and peak month are known, and a secret factor that is not. */
const shop = (i: number, length: number): { series: SeriesData; future: number[] } => {
  const random = new Random(5, 4, i);
  const [area, peak, secret] = [1 + 99 * random.next(), random.below(12), Math.exp(0.4 * random.normal())];
  const firstStep = random.below(12);
  const value = (t: number): number =>
    area * secret * (3 + 2 * Math.cos((2 * Math.PI * (firstStep + t - peak)) / 12)) * (1 + 0.05 * random.normal());
  const all = Array.from({ length: length + HORIZON }, (_, t) => value(t));
  const angle = (2 * Math.PI * peak) / 12;
  const staticCovariates = { area, cos: Math.cos(angle), sin: Math.sin(angle) };
  return {
    series: { id: `shop ${i}`, firstStep, values: Float64Array.from(all.slice(0, length)), staticCovariates },
    future: all.slice(length),
  };
};
const panelOf = (series: SeriesData[]): Panel => ({ frequency: 'MS', timeZone: 'UTC', seasonLengths: [12], series });
const create = (): Forecaster =>
  createForecaster('coldStart', {
    member: { kind: 'seasonalNaive', config: {} },
    horizon: HORIZON,
    seasonLengths: [12],
    covariates: { static: ['area', 'cos', 'sin'], past: [], future: [] },
    levels: ask.levels,
    steps: 300,
  });

/** Mean |actual − median| over the mean |actual|, and coverage of the outer levels. */
async function score(model: Forecaster, shops: { series: SeriesData; future: number[] }[]): Promise<{ error: number; coverage: number }> {
  const forecasts = await model.predict(panelOf(shops.map(({ series }) => series)), ask);
  let [error, size, inside] = [0, 0, 0];
  shops.forEach(({ future }, s) =>
    future.forEach((actual, t) => {
      const [low, middle, high] = [0, 1, 2].map((q) => forecasts[s]!.quantiles[q * HORIZON + t]!) as [number, number, number];
      error += Math.abs(actual - middle);
      size += Math.abs(actual);
      inside += Number(actual >= low && actual <= high);
    }),
  );
  return { error: error / size, coverage: inside / (shops.length * HORIZON) };
}

describe('cold start', () => {
  it('forecasts series without history from their covariates, better still with one observation, and leaves the rest to its member', async () => {
    const model = create();
    const known = panelOf(Array.from({ length: 120 }, (_, i) => shop(i, 48).series));
    await model.fit(known, { seed: 1 });
    const strangers = Array.from({ length: 60 }, (_, i) => 1000 + i);
    const blank = await score(
      model,
      strangers.map((i) => shop(i, 0)),
    );
    const one = await score(
      model,
      strangers.map((i) => shop(i, 1)),
    );
    // The secret factor alone is worth 0.32: nobody can know it without an observation.
    expect(blank.error).toBeLessThan(0.42);
    expect(one.error).toBeLessThan(0.7 * blank.error);
    expect(blank.coverage).toBeGreaterThan(0.6);
    const member = createForecaster('seasonalNaive');
    const together = await model.predict({ ...known, series: [...known.series.slice(0, 2), shop(1000, 0).series, known.series[2]!] }, ask);
    const alone = await member.predict(known, ask);
    expect([0, 1, 3].map((i) => together[i])).toEqual(alone.slice(0, 3));
    expect(together[2]).toMatchObject({ id: 'shop 1000', cutoff: shop(1000, 0).series.firstStep - 1 });

    // Whole futures: nobody knows the secret factor, which lifts all months of a shop alike.
    const stranger = panelOf([shop(1000, 0).series]);
    const [drawn] = await model.predict(stranger, { ...ask, paths: { count: 400, seed: 1 } });
    const sums = Array.from({ length: 400 }, (_, k) =>
      drawn!.paths!.subarray(k * HORIZON, (k + 1) * HORIZON).reduce((sum, value) => sum + value, 0),
    ).sort((a, b) => a - b);
    const widthOf = (q: number): number => drawn!.quantiles.subarray(q * HORIZON, (q + 1) * HORIZON).reduce((sum, value) => sum + value, 0);
    // Independent months would leave a third of the spread of a year.
    expect((sums[360]! - sums[40]!) / (widthOf(2) - widthOf(0))).toBeGreaterThan(0.6);
    const [longer] = await model.predict(stranger, { ...ask, horizon: 2 * HORIZON });
    expect(longer!.quantiles).toHaveLength(3 * 2 * HORIZON);
    expect(longer!.quantiles.subarray(0, HORIZON)).toEqual(drawn!.quantiles.subarray(0, HORIZON));
    expect(longer!.quantiles.every(Number.isFinite)).toBe(true);
  });

  it('says what it lacks', async () => {
    const config = {
      member: { kind: 'naive', config: {} },
      horizon: 3,
      seasonLengths: [],
      covariates: { static: [], past: [], future: [] },
    };
    expect(() => createForecaster('coldStart', config)).toThrow(/static covariates/);
    expect(() => createForecaster('coldStart', { ...config, member: undefined })).toThrow(/member/);
    const model = create();
    await expect(model.predict(panelOf([]), ask)).rejects.toMatchObject({ code: 'MODEL_NOT_FITTED' });
    const { series } = shop(1, 48);
    await expect(model.fit(panelOf([{ ...series, staticCovariates: {} }]), { seed: 1 })).rejects.toMatchObject({
      code: 'COVARIATE_MISSING',
    });
  });
});
