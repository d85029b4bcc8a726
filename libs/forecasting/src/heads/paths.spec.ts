import { beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../kinds/segment/config.js';
import { Random } from '../dataset/random.js';
import { type Forecaster, type Panel, type SeriesData } from '../forecaster.js';
import { defaultRecurrentConfig, type RecurrentConfig } from '../kinds/recurrent/config.js';
import { RecurrentForecaster } from '../kinds/recurrent/forecaster.js';
import { SegmentForecaster } from '../kinds/segment/forecaster.js';
import { copulaPaths, persistenceOf, sampleQuantile } from './paths.js';

const [HORIZON, LENGTH, COUNT] = [8, 120, 60];

/** Levels that wander: an error at one step is there at the next too. */
const whole: SeriesData[] = Array.from({ length: COUNT }, (_, k) => {
  const random = new Random(8, k);
  let level = 50;
  return {
    id: `s${k}`,
    firstStep: 0,
    values: Float64Array.from({ length: LENGTH + HORIZON }, () => (level = 50 + 0.95 * (level - 50) + random.normal())),
  };
});
const panel: Panel = {
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths: [],
  series: whole.map((one) => ({ ...one, values: one.values.slice(0, LENGTH) })),
};
const ask = { horizon: HORIZON, levels: [0.1, 0.5, 0.9] };

/** Share of series whose steps, and whose totals over the horizon, lie in the 80 % interval that the paths give. */
async function coverageOf(model: Forecaster): Promise<{ steps: number; totals: number; independent: number }> {
  const forecasts = await model.predict(panel, { ...ask, paths: { count: 200, seed: 3 } });
  const [share, random] = [{ steps: 0, totals: 0, independent: 0 }, new Random(1)];
  const inside = (draws: number[], actual: number): number => {
    const sorted = draws.sort((a, b) => a - b);
    return Number(actual >= sampleQuantile(sorted, 0.1) && actual <= sampleQuantile(sorted, 0.9));
  };
  forecasts.forEach(({ paths }, s) => {
    const actual = whole[s]!.values.slice(LENGTH);
    const at = (k: number, t: number): number => paths![k * HORIZON + t]!;
    const all = Array.from({ length: 200 }, (_, k) => k);
    const total = (pathOf: (k: number) => number): number[] =>
      all.map((k) => actual.reduce((sum, _, t) => sum + at(t === 0 ? k : pathOf(k), t), 0));
    actual.forEach(
      (value, t) =>
        (share.steps +=
          inside(
            all.map((k) => at(k, t)),
            value,
          ) /
          (COUNT * HORIZON)),
    );
    const sum = actual.reduce((a, b) => a + b, 0);
    share.totals +=
      inside(
        total((k) => k),
        sum,
      ) / COUNT;
    // The same values, their steps taken from different paths.
    share.independent +=
      inside(
        total(() => random.below(200)),
        sum,
      ) / COUNT;
  });
  return share;
}

describe('the paths of a head that forecasts all steps at once', () => {
  const base = defaultConfig({ frequency: '1', seasonLengths: [], horizon: HORIZON, lengths: [LENGTH], count: COUNT });
  const model = new SegmentForecaster({ ...base, hidden: 24, train: { ...base.train, steps: 150, batch: 32 } });
  beforeAll(() => model.fit(panel, { seed: 1 }));

  it('hang together: totals are covered as often as steps, where draws on their own would be too sure', async () => {
    const { steps, totals, independent } = await coverageOf(model);
    expect(Math.abs(steps - 0.8)).toBeLessThan(0.12);
    expect(Math.abs(totals - 0.8)).toBeLessThan(0.15);
    expect(independent).toBeLessThan(totals - 0.15);
  });

  it('come from seed, id and number alone', async () => {
    const few = await model.predict({ ...panel, series: panel.series.slice(3, 4) }, { ...ask, paths: { count: 2, seed: 3 } });
    const many = (await model.predict(panel, { ...ask, paths: { count: 5, seed: 3 } }))[3]!;
    few[0]!.paths!.forEach((value, i) => expect(value).toBeCloseTo(many.paths![i]!, 4));
    expect(few[0]!.quantiles.map(Math.fround)).toEqual(many.quantiles.map(Math.fround));
    const [a, b] = await model.predict(panel, { ...ask, paths: { count: 1, seed: 3 } });
    expect(a!.paths![0]! - a!.quantiles[HORIZON]!).not.toBeCloseTo(b!.paths![0]! - b!.quantiles[HORIZON]!, 3);
  });

  it('a model saved before there were paths draws each step on its own', () => {
    const { manifest, weights } = model.save();
    const learned = { ...(manifest.config['learned'] as Record<string, unknown>) };
    expect(learned['persistence']).toBeGreaterThan(0.5);
    delete learned['persistence'];
    const old = SegmentForecaster.load({ manifest: { ...manifest, config: { ...manifest.config, learned } }, weights });
    expect((old.save().manifest.config['learned'] as { persistence: number }).persistence).toBe(0);
  });
});

describe('the paths of a recursive decoder', () => {
  it('drawn step by step, cover steps and totals alike', async () => {
    const base = defaultRecurrentConfig({ seasonLengths: [], horizon: HORIZON, lengths: [LENGTH] });
    const config: RecurrentConfig = {
      ...base,
      contextLength: 16,
      branches: ['contextual'],
      hidden: 12,
      decoder: 'recursive',
      head: 'gaussian',
    };
    const model = new RecurrentForecaster({ ...config, train: { ...base.train, steps: 150, teacher: 'always' } });
    await model.fit(panel, { seed: 1 });
    const { steps, totals, independent } = await coverageOf(model);
    expect(Math.abs(steps - 0.8)).toBeLessThan(0.12);
    expect(Math.abs(totals - 0.8)).toBeLessThan(0.15);
    expect(independent).toBeLessThan(totals - 0.15);
  });
});

describe('counts', () => {
  it.each(['segment', 'recurrent'])('of a %s model are drawn whole, never below 0', async (kind) => {
    const random = new Random(2);
    const counts: Panel = {
      ...panel,
      series: Array.from({ length: 6 }, (_, k) => ({
        id: `c${k}`,
        firstStep: 0,
        values: Float64Array.from({ length: 80 }, () => random.below(5)),
      })),
    };
    const base = defaultConfig({ frequency: '1', seasonLengths: [], horizon: HORIZON, lengths: [80], count: 6 });
    const recurrent = defaultRecurrentConfig({ seasonLengths: [], horizon: HORIZON, lengths: [80] });
    const changes = { head: 'negativeBinomial', scaler: 'meanAbs', hidden: 8 } as const;
    const model: Forecaster =
      kind === 'segment'
        ? new SegmentForecaster({ ...base, ...changes, train: { ...base.train, steps: 10, batch: 8 } })
        : new RecurrentForecaster({
            ...recurrent,
            ...changes,
            decoder: 'recursive',
            train: { ...recurrent.train, teacher: 'always', steps: 10, batch: 8 },
          });
    await model.fit(counts, { seed: 1 });
    for (const { paths, quantiles } of await model.predict(counts, { ...ask, paths: { count: 20, seed: 1 } })) {
      expect(paths!.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
      expect(new Set(paths).size).toBeGreaterThan(2);
      expect(quantiles.every((value) => value >= 0)).toBe(true);
    }
  });
});

describe('the copula', () => {
  it('gives neighbouring steps the correlation asked for, and estimates it back', () => {
    const scores: Float64Array[] = [];
    const paths = copulaPaths('a', { count: 2000, seed: 1 }, 10, 0.7, (_, { z }) => z);
    for (let k = 0; k < 2000; k++) scores.push(paths.slice(k * 10, (k + 1) * 10));
    expect(persistenceOf(scores)).toBeCloseTo(0.7, 1);
    for (const t of [0, 9]) {
      const at = scores.map((path) => path[t]!);
      expect(at.reduce((sum, z) => sum + z, 0) / 2000).toBeCloseTo(0, 1);
      expect(at.reduce((sum, z) => sum + z * z, 0) / 2000).toBeCloseTo(1, 1);
    }
    expect(persistenceOf([])).toBe(0);
    expect(persistenceOf([Float64Array.of(1, Number.NaN, 1)])).toBe(0);
  });
});
