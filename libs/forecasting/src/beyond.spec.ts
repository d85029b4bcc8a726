import { beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from './kinds/segment/config.js';
import { Random } from './dataset/random.js';
import { type Panel, type SeriesData, type SeriesForecast } from './forecaster.js';
import { SegmentForecaster } from './kinds/segment/forecaster.js';

const [HORIZON, FAR, LENGTH, SERIES] = [12, 40, 160, 48];
const levels = [0.1, 0.5, 0.9];

/** Waves on a random walk, so that the future grows less certain with every step. */
function wave(k: number, length: number): SeriesData {
  const random = new Random(4, k);
  let level = 20;
  const values = Float64Array.from({ length }, (_, t) => (level += 0.4 * random.normal()) + 4 * Math.sin((2 * Math.PI * t) / 12));
  const price = Float64Array.from({ length }, () => random.normal());
  return { id: `s${k}`, firstStep: 0, values, futureCovariates: { price } };
}

const whole = Array.from({ length: SERIES }, (_, k) => wave(k, LENGTH + FAR));
const panel: Panel = {
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths: [12],
  series: whole.map((one) => ({ ...one, values: one.values.slice(0, LENGTH) })),
};
const base = defaultConfig({ frequency: '1', seasonLengths: [12], horizon: HORIZON, lengths: [LENGTH], count: SERIES });
const model = new SegmentForecaster({
  ...base,
  hidden: 24,
  covariates: { static: [], past: [], future: ['price'] },
  train: { ...base.train, steps: 150, batch: 32 },
});
let near: SeriesForecast[];
let far: SeriesForecast[];

beforeAll(async () => {
  await model.fit(panel, { seed: 1 });
  near = await model.predict(panel, { horizon: HORIZON, levels });
  far = await model.predict(panel, { horizon: FAR, levels, paths: { count: 8, seed: 1 } });
});

describe('a horizon longer than the model was trained for', () => {
  it('begins with the same forecast, bit for bit', () => {
    far.forEach(({ quantiles }, s) =>
      levels.forEach((_, q) =>
        expect(quantiles.slice(q * FAR, q * FAR + HORIZON)).toEqual(near[s]!.quantiles.slice(q * HORIZON, (q + 1) * HORIZON)),
      ),
    );
  });

  it('goes on with the season, ever less sure of itself, and rightly so', () => {
    let error = 0;
    let naive = 0;
    let inside = 0;
    const width = (from: number): number =>
      far.reduce((sum, { quantiles }) => {
        for (let t = from; t < from + HORIZON; t++) sum += quantiles[2 * FAR + t]! - quantiles[t]!;
        return sum;
      }, 0);
    far.forEach(({ quantiles, cutoff }, s) => {
      expect(cutoff).toBe(LENGTH - 1);
      for (let t = HORIZON; t < FAR; t++) {
        const actual = whole[s]!.values[LENGTH + t]!;
        expect(quantiles[t]!).toBeLessThanOrEqual(quantiles[FAR + t]!);
        expect(quantiles[FAR + t]!).toBeLessThanOrEqual(quantiles[2 * FAR + t]!);
        error += Math.abs(actual - quantiles[FAR + t]!);
        naive += Math.abs(actual - whole[s]!.values[LENGTH - 1]!);
        if (actual >= quantiles[t]! && actual <= quantiles[2 * FAR + t]!) inside++;
      }
    });
    expect(error).toBeLessThan(0.8 * naive);
    expect(width(FAR - HORIZON)).toBeGreaterThan(1.3 * width(0));
    expect(inside / (SERIES * (FAR - HORIZON))).toBeGreaterThan(0.65);
  });

  it('draws paths of that length too, the same for the same seed', async () => {
    expect(far[0]!.paths).toHaveLength(8 * FAR);
    expect(far.every(({ paths }) => paths!.every(Number.isFinite))).toBe(true);
    const one = { ...panel, series: panel.series.slice(0, 1) };
    const again = await model.predict(one, { horizon: FAR, levels: [0.5], paths: { count: 4, seed: 1 } });
    again[0]!.paths!.forEach((value, i) => expect(value).toBeCloseTo(far[0]!.paths![i]!, 3));
    const other = await model.predict(one, { horizon: FAR, levels: [0.5], paths: { count: 4, seed: 2 } });
    expect(other[0]!.paths).not.toEqual(again[0]!.paths);
  });

  it('needs future covariates as far as it goes', async () => {
    await expect(model.predict(panel, { horizon: FAR + 1, levels })).rejects.toMatchObject({
      code: 'COVARIATE_TOO_SHORT',
      message: expect.stringContaining('ends 1 step before the horizon does'),
    });
  });
});
