import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../kinds/segment/config.js';
import { Random } from '../dataset/random.js';
import type { Panel } from '../forecaster.js';
import { SegmentForecaster } from '../kinds/segment/forecaster.js';
import { parametricHead, type HeadKind } from './head.js';
import { digamma, negativeBinomialQuantile, studentTQuantile } from './special.js';
import { studentTUpperTail } from '../metrics/studentT.js';

const kinds = ['gaussian', 'studentT', 'negativeBinomial'] as const satisfies readonly HeadKind[];
const random = new Random(11);
const cases = Array.from({ length: 50 }, () => ({
  raw: [random.normal(), random.normal(), random.normal()],
  scale: Math.exp(random.normal() + 1),
  count: random.below(30),
}));

describe.each(kinds)('the %s head', (kind) => {
  const head = parametricHead(kind)!;

  it('writes the derivatives of its likelihood', () => {
    const slopes = new Float64Array(3);
    for (const { raw, scale, count } of cases) {
      const own = raw.slice(0, 1 + head.extras);
      const y = count / scale;
      const at = (values: number[]): number => head.negativeLogLikelihood(values, y, scale, new Float64Array(3));
      head.negativeLogLikelihood(own, y, scale, slopes);
      own.forEach((_, i) => {
        const step = 1e-5;
        const moved = (by: number): number => at(own.map((value, j) => (j === i ? value + by : value)));
        const numeric = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(slopes[i]! - numeric) / (1 + Math.abs(numeric))).toBeLessThan(1e-4);
      });
    }
  });

  it('never lets quantiles cross', () => {
    const levels = [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99];
    for (const { raw, scale } of cases) {
      const quantiles = levels.map((level) => head.quantile(raw, level, scale));
      for (let i = 1; i < levels.length; i++) expect(quantiles[i]!).toBeGreaterThanOrEqual(quantiles[i - 1]!);
    }
  });

  it('learns how often a count is exceeded', async () => {
    const draw = new Random(3);
    // Poisson counts around a daily wave, by Knuth's products.
    const poisson = (mean: number): number => {
      let count = -1;
      for (let product = 1; product > Math.exp(-mean); product *= draw.next()) count++;
      return count;
    };
    const mean = (t: number): number => 6 + 4 * Math.sin((2 * Math.PI * t) / 8);
    const whole = Array.from({ length: 12 }, (_, k) => ({
      id: `s${k}`,
      firstStep: 0,
      values: Float64Array.from({ length: 168 }, (_, t) => poisson(mean(t))),
    }));
    const panel: Panel = {
      frequency: '1',
      timeZone: 'UTC',
      seasonLengths: [8],
      series: whole.map((one) => ({ ...one, values: one.values.slice(0, 160) })),
    };
    const config = defaultConfig({ frequency: '1', seasonLengths: [8], horizon: 8, lengths: [160], count: 12 });
    const model = new SegmentForecaster({
      ...config,
      head: kind,
      scaler: 'meanAbs',
      cycle: 0,
      hidden: 16,
      train: { ...config.train, steps: 250, batch: 32, dropout: 0, learningRate: 5e-3 },
    });
    await model.fit(panel, { seed: 1 });
    const forecasts = await model.predict(panel, { horizon: 8, levels: [0.1, 0.5, 0.9] });
    let inside = 0;
    let error = 0;
    forecasts.forEach(({ quantiles }, s) => {
      for (let t = 0; t < 8; t++) {
        const y = whole[s]!.values[160 + t]!;
        if (y >= quantiles[t]! && y <= quantiles[16 + t]!) inside++;
        error += Math.abs(quantiles[8 + t]! - mean(160 + t));
      }
    });
    expect(inside / 96).toBeGreaterThan(0.65);
    expect(inside / 96).toBeLessThan(0.95);
    expect(error / 96).toBeLessThan(1.3);
  });
});

describe('special functions', () => {
  it('agree with tables', () => {
    expect(digamma(1)).toBeCloseTo(-0.5772156649, 8);
    expect(digamma(0.5)).toBeCloseTo(-1.963510026, 8);
    expect(studentTQuantile(0.975, 5)).toBeCloseTo(2.570582, 5);
    expect(studentTQuantile(0.1, 3)).toBeCloseTo(-1.637744, 5);
    // A geometric distribution: r = 1, mean 3, P(Y ≤ k) = 1 − 0.75^(k + 1).
    expect(negativeBinomialQuantile(0.5, 3, 1)).toBe(2);
    expect(negativeBinomialQuantile(0.9, 3, 1)).toBe(8);
  });

  it('leave beyond a quantile of Student’s t what its level says, at any level and any degrees of freedom', () => {
    for (const degrees of [2, 2.001, 3, 4.7, 12, 60, 1e4])
      for (const level of [0.5 + 1e-9, 0.51, 0.6, 0.9, 0.975, 0.999, 1 - 1e-6]) {
        const t = studentTQuantile(level, degrees);
        expect(studentTUpperTail(t, degrees) / (1 - level)).toBeCloseTo(1, 8);
        expect(studentTQuantile(1 - level, degrees)).toBeCloseTo(-t, 6);
      }
  });
});

it('refuses counts that are none', async () => {
  const config = defaultConfig({ frequency: '1', seasonLengths: [8], horizon: 8, lengths: [160], count: 1 });
  const model = new SegmentForecaster({ ...config, head: 'negativeBinomial', scaler: 'meanAbs' });
  const panel: Panel = {
    frequency: '1',
    timeZone: 'UTC',
    seasonLengths: [8],
    series: [{ id: 'half', firstStep: 0, values: new Float64Array(160).fill(0.5) }],
  };
  await expect(model.fit(panel, { seed: 1 })).rejects.toMatchObject({ code: 'TARGET_NOT_COUNTS', subject: { series: 'half' } });
});
