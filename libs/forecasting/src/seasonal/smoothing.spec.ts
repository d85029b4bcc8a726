import { initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { type Panel, type SeriesData } from '../forecaster.js';
import { defaultRecurrentConfig, type RecurrentConfig } from '../kinds/recurrent/config.js';
import { RecurrentForecaster } from '../kinds/recurrent/forecaster.js';
import { follow } from './smoothing.js';

await initEngine();

const [B, L, H, S] = [2, 9, 7, 4];

describe('the recursion', () => {
  const random = new Random(1);
  const x = Float32Array.from({ length: B * L }, () => random.normal());
  const mask = Float32Array.from({ length: B * L }, (_, i) => Number(i % 5 !== 2));
  const factors = Float32Array.of(0.3, 0.6, 0.8, 0.2);
  const start = Float32Array.from({ length: B * S }, () => random.normal());
  const run = (a: Float32Array, b: Float32Array): tf.Tensor2D => follow(tf.tensor2d(a, [B, 2]), tf.tensor2d(b, [B, S]), x, mask, L, H);

  it('has the gradient of its forward pass (central difference, 1e-3)', () => {
    const weighing = tf.tensor2d(
      Float32Array.from({ length: B * (1 + L + H) }, () => random.normal()),
      [B, 1 + L + H],
    );
    const lossOf = (a: Float32Array, b: Float32Array): number => tf.sum(tf.mul(weighing, run(a, b))).dataSync()[0]!;
    const grads = tf
      .grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(weighing, follow(a, b, x, mask, L, H))))([
        tf.tensor2d(factors, [B, 2]),
        tf.tensor2d(start, [B, S]),
      ])
      .map((grad) => grad.dataSync());
    const step = 1e-2;
    [factors, start].forEach((values, which) =>
      values.forEach((_, i) => {
        const moved = (by: number): number => {
          const changed = values.map((value, j) => (j === i ? value + by : value));
          return which === 0 ? lossOf(changed, start) : lossOf(factors, changed);
        };
        const measured = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(measured - grads[which]![i]!) / (1 + Math.abs(measured))).toBeLessThan(2e-3);
      }),
    );
  });

  it('follows a level and a season that repeat, and leaves a missing step out', () => {
    const shape = [3, -1, 0, -2];
    const values = Float32Array.from({ length: 40 }, (_, t) => 10 + shape[t % 4]!);
    values[17] = 999;
    const known = Float32Array.from(values, (value) => Number(value !== 999));
    const [level, ...seasons] = follow(tf.tensor2d([[0.3, 0.4]]), tf.tensor2d([[0, 0, 0, 0]]), values, known, 40, 6).dataSync();
    seasons.slice(40).forEach((season, h) => expect(level! + season).toBeCloseTo(10 + shape[h % 4]!, 0));
  });

  it('carries the season on past one season of horizon', () => {
    const rows = run(factors, start).arraySync();
    for (const row of rows) {
      const seasons = row.slice(1 + L);
      for (let h = S; h < H; h++) expect(seasons[h]).toBe(seasons[h - S]);
    }
  });
});

describe('a forecaster behind exponential smoothing', () => {
  const season = 8;
  const random = new Random(5);
  const whole: SeriesData[] = Array.from({ length: 10 }, (_, k) => {
    const shape = Array.from({ length: season }, () => 3 * random.normal());
    return {
      id: `s${k}`,
      firstStep: k,
      values: Float64Array.from({ length: 120 }, (_, t) => 50 + shape[(t + k) % season]! + random.normal()),
    };
  });
  const panel: Panel = {
    frequency: '1',
    timeZone: 'UTC',
    seasonLengths: [season],
    series: whole.map((one) => ({ ...one, values: one.values.slice(0, 120 - season) })),
  };
  const config = (changes: Partial<RecurrentConfig>): RecurrentConfig => {
    const base = defaultRecurrentConfig({ seasonLengths: [season], horizon: season, lengths: [112] });
    return {
      ...base,
      ...{ contextLength: 10, levels: [0.1, 0.5, 0.9], hidden: 12 },
      branches: ['contextual'],
      scaler: 'meanAbs',
      ...changes,
      train: { ...base.train, steps: 150, batch: 16, learningRate: 1e-2 },
    };
  };
  const errorOf = async (model: RecurrentForecaster, of = panel): Promise<number> => {
    let error = 0;
    (await model.predict(of, { horizon: season, levels: [0.5] })).forEach(({ quantiles }, s) =>
      quantiles.forEach((value, h) => (error += Math.abs(value - whole[s]!.values[112 + h]!) / (whole.length * season))),
    );
    return error;
  };

  it('knows the season of each series, which a look-back of little more than one season shows with all its noise', async () => {
    const plain = (['meanAbs', 'revin'] as const).map((scaler) => new RecurrentForecaster(config({ scaler })));
    const smoothed = new RecurrentForecaster(config({ smoothing: true }));
    for (const model of [...plain, smoothed]) await model.fit(panel, { seed: 1 });
    const error = await errorOf(smoothed);
    for (const model of plain) expect(error).toBeLessThan(0.85 * (await errorOf(model)));
    // What was learned about a series is its own: under another's name it is forecast worse.
    const renamed = { ...panel, series: panel.series.map((one, k) => ({ ...one, id: `s${(k + 3) % 10}` })) };
    expect(await errorOf(smoothed, renamed)).toBeGreaterThan(1.1 * error);
    const again = RecurrentForecaster.load(smoothed.save());
    expect(await again.predict(panel, { horizon: 5, levels: [0.5] })).toEqual(await smoothed.predict(panel, { horizon: 5, levels: [0.5] }));
  });

  it('is fine-tuned on other series, those it knows keeping what was learned about them', async () => {
    const steps = (model: RecurrentConfig, count: number): RecurrentConfig => ({ ...model, train: { ...model.train, steps: count } });
    const first = new RecurrentForecaster(steps(config({ smoothing: true }), 20));
    await first.fit(panel, { seed: 1 });
    const fewer = { ...panel, series: [{ ...panel.series[7]!, id: 'new' }, ...panel.series.slice(4, 6)] };
    const second = new RecurrentForecaster(steps(config({ smoothing: true }), 1));
    await second.fit(fewer, { seed: 1, start: first.save() });
    expect((await second.predict(fewer, { horizon: 5, levels: [0.5] })).every(({ quantiles }) => quantiles.every(Number.isFinite))).toBe(
      true,
    );
  });

  it('refuses what it cannot put a level under', () => {
    for (const changes of [
      { decoder: 'forking' },
      { head: 'vocabulary', branches: ['pointer'] },
      { head: 'negativeBinomial', scaler: 'meanAbs' },
    ] as Partial<RecurrentConfig>[])
      expect(() => new RecurrentForecaster(config({ smoothing: true, ...changes }))).toThrow(
        expect.objectContaining({ code: 'INVALID_CONFIG', subject: { setting: 'smoothing' } }),
      );
  });
});
