import { initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { pointwiseNetwork, type PointwiseSettings } from '../attention/pointwise.js';
import { type DecoderKind } from './kinds.js';
import { Random } from '../dataset/random.js';
import { type Panel } from '../forecaster.js';
import { HEAD_KINDS } from '../heads/head.js';
import { Parameters, type Tensors } from '../training/parameters.js';
import { defaultRecurrentConfig, truthProbability, type RecurrentConfig } from '../kinds/recurrent/config.js';
import { RecurrentForecaster } from '../kinds/recurrent/forecaster.js';
import { recursiveDecoder } from '../testing/tasks.js';
import type { PointwiseNetwork } from '../attention/shapes.js';

await initEngine();

const [B, L, H, F] = [3, 16, 5, 2];
const normal = (shape: number[], seed: number): tf.Tensor => {
  const random = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};
const networkOf = (decoder: DecoderKind, changes: Partial<PointwiseSettings> = {}): PointwiseNetwork =>
  pointwiseNetwork({
    name: 'n',
    contextLength: L,
    horizon: H,
    hidden: 8,
    covariates: F,
    branches: ['contextual', 'temporal', 'pointer'],
    periods: [4],
    window: 3,
    levels: [0.1, 0.5, 0.9],
    decoder,
    ...changes,
  });
const weightsOf = ({ specs }: PointwiseNetwork): Tensors => {
  const parameters = new Parameters(specs);
  parameters.initialise(1);
  return parameters.named(parameters.tensors());
};
const x = normal([B, L], 1) as tf.Tensor2D;
const covariates = normal([B, L + H, F], 2) as tf.Tensor3D;
const truth = normal([B, H], 3) as tf.Tensor2D;
const close = (got: tf.Tensor, expected: tf.Tensor): void => {
  expect(got.shape).toEqual(expected.shape);
  const values = expected.dataSync();
  got.dataSync().forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 4));
};

describe('the recursive decoder', () => {
  const network = networkOf('recursive');
  const p = weightsOf(network);

  it('running free equals being fed what it forecasts, and differs from being fed the truth', () => {
    const free = network.run(p, { x, covariates });
    close(network.run(p, { x, covariates, truth: free.forecast }).raw, free.raw);
    close(network.run(p, { x, covariates, truth }, { truthProbability: 0, random: new Random(1) }).raw, free.raw);
    expect(network.run(p, { x, covariates, truth }).raw.dataSync()).not.toEqual(free.raw.dataSync());
  });

  it('is fed the truth at the given rate, and its own forecast where the truth is missing', () => {
    const always = network.run(p, { x, covariates, truth }, { truthProbability: 1 - 1e-12, random: new Random(1) });
    close(always.raw, network.run(p, { x, covariates, truth }).raw);
    const nothing = network.run(
      p,
      { x, covariates, truth, known: tf.zeros([B, H]) },
      { truthProbability: 1 - 1e-12, random: new Random(1) },
    );
    close(nothing.raw, network.run(p, { x, covariates }).raw);
    const { train } = defaultRecurrentConfig({ seasonLengths: [], horizon: 4, lengths: [50] });
    for (const teacher of ['linear', 'inverseSigmoid'] as const) {
      const chances = [0, 100, 200, 399].map((step) => truthProbability({ ...train, teacher, steps: 400 }, step));
      expect(chances[0]!).toBeGreaterThan(0.9);
      chances.slice(1).forEach((chance, i) => expect(chance).toBeLessThanOrEqual(chances[i]!));
      expect(chances.at(-1)!).toBeLessThan(0.02);
    }
    expect(truthProbability({ ...train, teacher: 'always', steps: 400 }, 399)).toBe(1);
  });

  it('copies of a window with equal draws are equal, and each goes on from its own draw', () => {
    const draw = (spread: number) => (raw: Float32Array) =>
      Float32Array.from({ length: raw.length / 3 }, (_, row) => raw[row * 3 + 1]! + spread * Math.floor(row / B));
    const same = network.run(p, { x, covariates }, { copies: 2, draw: draw(0) });
    close(tf.slice(same.raw, [0, 0, 0], [B, H, 3]), network.run(p, { x, covariates }).raw);
    close(tf.slice(same.raw, [B, 0, 0], [B, H, 3]), tf.slice(same.raw, [0, 0, 0], [B, H, 3]));
    const apart = network.run(p, { x, covariates }, { copies: 2, draw: draw(1) }).raw;
    close(tf.slice(apart, [B, 0, 0], [B, 1, 3]), tf.slice(same.raw, [0, 0, 0], [B, 1, 3]));
    expect(tf.slice(apart, [B, 1, 0], [B, 1, 3]).dataSync()).not.toEqual(tf.slice(same.raw, [0, 1, 0], [B, 1, 3]).dataSync());
  });

  it('passes a gradient to every weight, with every head, fed truth or forecasts', () => {
    for (const head of HEAD_KINDS) {
      const own = networkOf('recursive', { head });
      const parameters = new Parameters(own.specs);
      parameters.initialise(5);
      for (const chance of [1, 0.5]) {
        const grads = tf.grads((...tensors: tf.Tensor[]) => {
          const { raw } = own.run(parameters.named(tensors), { x, covariates, truth }, { truthProbability: chance, random: new Random(2) });
          return own.head.loss(raw, tf.relu(truth), tf.onesLike(truth), new Float64Array(B).fill(2));
        })(parameters.tensors());
        grads.forEach((grad, i) => {
          const largest = tf.max(tf.abs(grad)).dataSync()[0]!;
          expect(Number.isFinite(largest), `${head} ${own.specs[i]!.name}`).toBe(true);
          expect(largest, `${head} ${own.specs[i]!.name}`).toBeGreaterThan(0);
        });
      }
    }
  });

  it('scheduled sampling runs free over a chaotic map better than pure teacher forcing', async () => {
    const forced = await recursiveDecoder({ scheduled: false, steps: 200 });
    const scheduled = await recursiveDecoder({ scheduled: true, steps: 200 });
    expect(scheduled.mae).toBeLessThan(0.9 * forced.mae);
  });
});

describe('the forking decoder', () => {
  const network = networkOf('forking');
  const p = weightsOf(network);
  const forks = [8, 11, L];

  it('gives as many horizons as forks, the last of them the one at the end', () => {
    const { raw } = network.run(p, { x, covariates, truth }, { forks });
    expect(raw.shape).toEqual([B, forks.length * H, 3]);
    close(tf.slice(raw, [0, 2 * H, 0], [B, H, 3]), network.run(p, { x, covariates, truth }).raw);
  });

  it('a fork reads nothing after it, bit for bit', () => {
    const direct = networkOf('forking', { branches: ['contextual', 'temporal'] });
    const weights = weightsOf(direct);
    const rows = (values: tf.Tensor2D, f: number): Float32Array =>
      tf.slice(direct.run(weights, { x: values, covariates, truth }, { forks }).raw, [0, f * H, 0], [B, H, 3]).dataSync<'float32'>();
    const changed = tf.concat([tf.slice(x, [0, 0], [B, 11]), normal([B, L - 11], 4)], 1) as tf.Tensor2D;
    for (const f of [0, 1]) expect(rows(changed, f)).toEqual(rows(x, f));
    expect(rows(changed, 2)).not.toEqual(rows(x, 2));
    // The pointer is given the truth before a step, of which a fork's first step knows none.
    const first = (values: tf.Tensor2D): Float32Array =>
      tf.slice(network.run(p, { x: values, covariates, truth }, { forks }).raw, [0, H, 0], [B, 1, 3]).dataSync<'float32'>();
    expect(first(changed)).toEqual(first(x));
  });

  it('learns more from the same windows: a lower loss on later steps after as many training steps', async () => {
    const [season, length, batch] = [6, 60, 2];
    const levels = [0.1, 0.5, 0.9];
    let [forking, plain] = [0, 0];
    for (const seed of [1, 2, 3]) {
      const random = new Random(9, seed);
      const whole = Array.from({ length: 12 }, (_, k) => {
        const shape = Array.from({ length: season }, () => 2 * random.normal());
        let rest = 0;
        const values = Float64Array.from({ length: length + 4 * season }, (_, t) => {
          rest = 0.7 * rest + random.normal();
          return 20 + shape[t % season]! + rest;
        });
        return { id: `s${k}`, firstStep: 0, values };
      });
      const until = (end: number): Panel => ({
        frequency: '1',
        timeZone: 'UTC',
        seasonLengths: [season],
        series: whole.map((one) => ({ ...one, values: one.values.slice(0, end) })),
      });
      const base = defaultRecurrentConfig({ seasonLengths: [season], horizon: season, lengths: [length] });
      const lossOf = async (decoder: DecoderKind): Promise<number> => {
        const config: RecurrentConfig = { ...base, contextLength: 24, branches: ['contextual'], levels, hidden: 16, decoder };
        const model = new RecurrentForecaster({ ...config, train: { ...base.train, steps: 100, batch } });
        await model.fit(until(length), { seed });
        let loss = 0;
        for (let from = length; from < length + 4 * season; from += season) {
          const forecasts = await model.predict(until(from), { horizon: season, levels });
          forecasts.forEach(({ quantiles }, s) =>
            quantiles.forEach((quantile, i) => {
              const error = whole[s]!.values[from + (i % season)]! - quantile;
              const level = levels[Math.floor(i / season)]!;
              loss += Math.max(level * error, (level - 1) * error);
            }),
          );
        }
        return loss;
      };
      plain += await lossOf('parallel');
      forking += await lossOf('forking');
    }
    expect(forking).toBeLessThan(0.98 * plain);
  });

  it('refuses an encoder that reads ahead', () => {
    const base = defaultRecurrentConfig({ seasonLengths: [6], horizon: 6, lengths: [60] });
    expect(() => new RecurrentForecaster({ ...base, decoder: 'forking', encoder: 'bidirectional' })).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', subject: { setting: 'encoder' } }),
    );
  });
});
