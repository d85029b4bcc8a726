import { initEngine, minGru } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { OutlierFilter, PromotionGuard } from './guard.js';
import { OnlineModel } from './onlineModel.js';
import { MinGruCore } from './rtrlDiagonal.js';
import { DAY, driftStream, outlierStream, refittedDaily, reversedStream, streamTask } from '../../testing/streams.js';

const [D, T, I] = [4, 12, 2];
const normals = (count: number, seed: number, size = 1): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => size * random.normal());
};

describe('exact learning of minGRU', () => {
  const xs = normals(T * I, 1);
  const weights = normals((I + 1) * 2 * D, 2, 0.7);
  const deltas = normals(T * D, 3);

  const online = (): Float64Array => {
    const core = new MinGruCore(I, D, weights);
    const gradient = new Float64Array(weights.length);
    for (let t = 0; t < T; t++) {
      core.step(xs.subarray(t * I, (t + 1) * I));
      core.addGradient(deltas.subarray(t * D, (t + 1) * D), gradient);
    }
    return gradient;
  };

  it('equals finite differences of the whole sequence', () => {
    const loss = (w: Float64Array): number => {
      const core = new MinGruCore(I, D, w);
      let sum = 0;
      for (let t = 0; t < T; t++) {
        core.step(xs.subarray(t * I, (t + 1) * I), false);
        core.state.forEach((value, j) => (sum += deltas[t * D + j]! * value));
      }
      return sum;
    };
    online().forEach((value, i) => {
      const moved = (by: number): Float64Array => weights.map((weight, k) => (k === i ? weight + by : weight));
      expect(value).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 7);
    });
  });

  it('equals backpropagation through the fused kernel', async () => {
    await initEngine();
    const wx = tf.tensor2d(Float32Array.from(weights.subarray(0, I * 2 * D)), [I, 2 * D]);
    const b = tf.tensor1d(Float32Array.from(weights.subarray(I * 2 * D)));
    const x = tf.tensor3d(Float32Array.from(xs), [T, 1, I]);
    const weighing = tf.tensor3d(Float32Array.from(deltas), [T, 1, D]);
    const [dwx, db] = tf.grads((w: tf.Tensor, bias: tf.Tensor) => tf.sum(tf.mul(weighing, minGru({ x, wx: w, b: bias }).h)))([wx, b]);
    const expected = [...dwx!.dataSync(), ...db!.dataSync()];
    online().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });
});

describe('the guard', () => {
  it('promotes after two seasons of being better, and not before', () => {
    const guard = new PromotionGuard({ seasonLength: 10 });
    const verdicts = Array.from({ length: 20 }, () => guard.judge(0.9, 1));
    expect(verdicts.slice(0, 19).every((verdict) => verdict === 'keep')).toBe(true);
    expect(verdicts[19]).toBe('promote');
    expect(Array.from({ length: 200 }, () => guard.judge(0.995, 1))).not.toContain('promote');
  });

  it('promotes nothing that was better by chance, and what is much better after one season', () => {
    const guard = new PromotionGuard({ seasonLength: 10 });
    // Ten times better now, then worse: 5 % better on the whole, and no more than chance.
    expect(Array.from({ length: 200 }, (_, t) => guard.judge(t % 2 === 0 ? 0.1 : 1.8, 1))).not.toContain('promote');
    expect(
      Array.from({ length: 10 }, () => new PromotionGuard({ seasonLength: 10 })).map((fresh) => {
        let count = 1;
        while (fresh.judge(0.7, 1) !== 'promote') count++;
        return count;
      })[0],
    ).toBe(10);
  });

  it('rolls back what has become worse, and what is no number at once', () => {
    const guard = new PromotionGuard({ seasonLength: 10 });
    expect(Array.from({ length: 30 }, () => guard.judge(1.2, 1))).toContain('rollback');
    expect(guard.judge(Number.NaN, 1)).toBe('rollback');
  });

  it('ignores two wild values and believes the third', () => {
    const filter = new OutlierFilter();
    expect([100, 100, 100, 100].map((value) => filter.isOutlier(value, 0, 1))).toEqual([true, true, false, false]);
    expect(filter.isOutlier(2, 0, 1)).toBe(false);
    expect(filter.isOutlier(-90, 0, 1)).toBe(true);
  });
});

describe('a model that goes on learning', () => {
  it('has a lower regret than a frozen one when the world changes', () => {
    const result = streamTask(driftStream(1), { known: 600 });
    expect(result.online).toBeLessThan(0.97 * result.frozen);
    expect(result.promotions).toBeGreaterThan(0);
  });

  it('is at most 1 % worse than a frozen one on a stream with outliers', () => {
    const result = streamTask(outlierStream(2), { known: 600 });
    expect(result.online).toBeLessThan(1.01 * result.frozen);
  });

  it('is within a quarter of a model refitted daily, ten days after its world was reversed', () => {
    const settings = { seasonLength: DAY };
    const values = reversedStream(1, 'memory', { before: 30, after: 22 });
    const task = { known: 30 * DAY, from: 40 * DAY, settings };
    const { online, frozen } = streamTask(values, task);
    expect(online).toBeLessThan(1.25 * refittedDaily(values, { ...task, window: 14 * DAY, every: 3 }));
    expect(online).toBeLessThan(0.6 * frozen);
  });

  it('forecasts ordered finite quantiles through gaps, the same for the same seed', () => {
    const values = driftStream(3).slice(0, 400);
    for (let t = 50; t < 400; t += 7) values[t] = Number.NaN;
    const make = (): Float64Array => {
      const model = new OnlineModel({ horizon: 6, seasonLength: 12, levels: [0.1, 0.5, 0.9], seed: 4 });
      model.fit(values.subarray(0, 300), 3);
      for (const value of values.subarray(300)) model.observe(value);
      return model.forecast();
    };
    const quantiles = make();
    expect(quantiles.every(Number.isFinite)).toBe(true);
    for (let i = 6; i < quantiles.length; i++) expect(quantiles[i]!).toBeGreaterThanOrEqual(quantiles[i - 6]!);
    expect(make()).toEqual(quantiles);
  });

  it('goes on in another process where it stopped, bit for bit', () => {
    const values = driftStream(5);
    values[1190] = Number.NaN;
    const one = new OnlineModel({ horizon: 6, seasonLength: 12, levels: [0.1, 0.5, 0.9], seed: 4 });
    one.fit(values.subarray(0, 300), 3);
    for (const value of values.subarray(300, 1200)) one.observe(value);
    const other = OnlineModel.load(JSON.parse(JSON.stringify(one.save())) as ReturnType<OnlineModel['save']>);
    expect(other.forecast()).toEqual(one.forecast());
    for (const value of values.subarray(1200, 1500)) expect(other.observe(value)).toEqual(one.observe(value));
    expect(other.forecast()).toEqual(one.forecast());
    expect(() => OnlineModel.load({ ...one.save(), version: 2 as 1 })).toThrow(/version 2/);
  });

  it.each([
    ['gru', 'uoro'],
    ['lstm', 'noBackTrack'],
  ] as const)('learns as well with a %s and %s: lower regret than frozen, and goes on bit for bit', (cell, rule) => {
    const settings = { cell, rule, hidden: 6, copies: 4 };
    const result = streamTask(driftStream(1, 2200), { known: 500, settings });
    expect(result.online).toBeLessThan(0.99 * result.frozen);
    const values = driftStream(5, 700);
    const one = new OnlineModel({ ...settings, horizon: 3, seasonLength: 12, levels: [0.1, 0.5, 0.9] });
    one.fit(values.subarray(0, 200), 2);
    for (const value of values.subarray(200, 500)) one.observe(value);
    const other = OnlineModel.load(JSON.parse(JSON.stringify(one.save())) as ReturnType<OnlineModel['save']>);
    for (const value of values.subarray(500)) expect(other.observe(value)).toEqual(one.observe(value));
    expect(other.forecast()).toEqual(one.forecast());
  });

  it('says which cell or rule there is not', () => {
    expect(() => new OnlineModel({ horizon: 1, seasonLength: 1, rule: 'uoro' })).toThrow(/rtrl|minGRU|rule/);
    expect(() => new OnlineModel({ horizon: 1, seasonLength: 1, cell: 'rnn' as 'gru' })).toThrow(/cell/);
  });

  it('beats seasonal naive after fitting', () => {
    const result = streamTask(driftStream(1).slice(0, 1000), { known: 600 });
    expect(result.frozen).toBeLessThan(0.9 * result.seasonalNaive);
  });
});
