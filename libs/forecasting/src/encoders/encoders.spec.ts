import { initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { recurrentLayer } from '../cells/layer.js';
import { Random } from '../dataset/random.js';
import { Parameters, type ParameterSpec, type Tensors } from '../training/parameters.js';
import { family, imputation, largestChild, recall, seasonalAutoregression } from '../testing/tasks.js';
import { type Encoder } from './encoder.js';
import { delayedEncoder } from './delayed.js';
import { gridEncoder } from './grid.js';
import { hierarchicalEncoder } from './hierarchical.js';
import { incoherence, levelsOf, reconcile, summedUp } from './hierarchy.js';
import { runDilated, stackedEncoder } from './stacked.js';
import { treeEncoder } from './tree.js';

await initEngine();

const [T, B, I, H] = [11, 2, 3, 4];
const normal = (shape: number[], seed: number): tf.Tensor => {
  const random = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};
const started = (specs: readonly ParameterSpec[]): Tensors => {
  const parameters = new Parameters(specs);
  parameters.initialise(5);
  return parameters.named(parameters.tensors());
};
const close = (got: tf.Tensor, expected: tf.Tensor): void => {
  expect(got.shape).toEqual(expected.shape);
  const values = expected.dataSync();
  got.dataSync().forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
};

const settings = { name: 'e', cell: 'gru', inputs: I, hidden: H } as const;
const encoders: [string, Encoder, boolean][] = [
  ['plain', stackedEncoder(settings), true],
  ['stacked, dilated, with shortcuts', stackedEncoder({ ...settings, dilations: [[1, 2], [4]] }), true],
  ['hierarchical', hierarchicalEncoder({ ...settings, every: 4 }), true],
  ['grid', gridEncoder({ ...settings, seasonLength: 4 }), true],
  ['delayed', delayedEncoder(stackedEncoder(settings), 'e', [1, 4]), true],
  ['bidirectional', stackedEncoder({ ...settings, bidirectional: true, dilations: [[1], [1]] }), false],
];

describe.each(encoders)('the %s encoder', (_, encoder, causal) => {
  const p = started(encoder.specs);
  const x = normal([T, B, I], 1) as tf.Tensor3D;

  it('gives a state for each step, and the last one of its width', () => {
    const { h, last } = encoder.encode(p, x);
    expect(h.shape).toEqual([T, B, encoder.width]);
    expect(last.shape).toEqual([B, encoder.width]);
    expect(h.dataSync().every(Number.isFinite)).toBe(true);
  });

  it(causal ? 'reads no later step, bit for bit' : 'reads both ways', () => {
    const known = 7;
    const changed = tf.concat([tf.slice(x, [0, 0, 0], [known, B, I]), normal([T - known, B, I], 2)], 0) as tf.Tensor3D;
    const before = (z: tf.Tensor3D): Float32Array =>
      tf.slice(encoder.encode(p, z).h, [0, 0, 0], [known, B, encoder.width]).dataSync<'float32'>();
    if (causal) expect(before(changed)).toEqual(before(x));
    else expect(before(changed)).not.toEqual(before(x));
  });

  it('lets no series of a batch influence another', () => {
    const alone = encoder.encode(p, tf.slice(x, [0, 1, 0], [T, 1, I])).last;
    close(tf.slice(encoder.encode(p, x).last, [1, 0], [1, encoder.width]), alone);
  });

  it('passes a gradient to every weight', () => {
    const parameters = new Parameters(encoder.specs);
    parameters.initialise(5);
    const direction = normal([B, encoder.width], 4);
    const grads = tf.grads((...tensors: tf.Tensor[]) => {
      const { h, last } = encoder.encode(parameters.named(tensors), x);
      return tf.add(tf.sum(tf.square(h)), tf.sum(tf.mul(direction, last)));
    })(parameters.tensors());
    grads.forEach((grad, i) => expect(tf.max(tf.abs(grad)).dataSync()[0]!, encoder.specs[i]!.name).toBeGreaterThan(0));
  });
});

describe('encoders, exactly', () => {
  it('a dilated layer is one layer per phase', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: I, hidden: H });
    const p = started(layer.specs);
    const x = normal([12, B, I], 1) as tf.Tensor3D;
    const { h } = runDilated(layer, p, x, 3, {});
    for (const phase of [0, 1, 2]) {
      const steps = [0, 1, 2, 3].map((k) => 3 * k + phase);
      const pick = (z: tf.Tensor3D, width: number): tf.Tensor3D =>
        tf.concat(
          steps.map((t) => tf.slice(z, [t, 0, 0], [1, B, width])),
          0,
        );
      close(pick(h, H), layer.run(p, pick(x, I)).h);
    }
  });

  it('a dilated layer of a length that the dilation does not divide starts its phases fresh', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'gru', inputs: I, hidden: H });
    const p = started(layer.specs);
    const x = normal([5, B, I], 1) as tf.Tensor3D;
    const { last } = runDilated(layer, p, x, 4, {});
    const ends = tf.concat([tf.slice(x, [0, 0, 0], [1, B, I]), tf.slice(x, [4, 0, 0], [1, B, I])], 0) as tf.Tensor3D;
    close(last, layer.run(p, ends).state.h);
  });

  it('a tree knows relatives only', () => {
    const tree = treeEncoder({ name: 't', inputs: I, hidden: H, hierarchy: { parents: [-1, 0, 0, -1] } });
    const p = started(tree.specs);
    const x = normal([4, B, I], 1) as tf.Tensor3D;
    const changed = tf.concat([tf.slice(x, [0, 0, 0], [3, B, I]), normal([1, B, I], 2)], 0) as tf.Tensor3D;
    const rows = (z: tf.Tensor3D, from: number, count: number): Float32Array =>
      tf.slice(tree.encode(p, z), [from, 0, 0], [count, B, tree.width]).dataSync<'float32'>();
    expect(rows(changed, 0, 3)).toEqual(rows(x, 0, 3));
    expect(rows(changed, 3, 1)).not.toEqual(rows(x, 3, 1));
    const sibling = tf.concat(
      [tf.slice(x, [0, 0, 0], [1, B, I]), normal([1, B, I], 2), tf.slice(x, [2, 0, 0], [2, B, I])],
      0,
    ) as tf.Tensor3D;
    expect(rows(sibling, 2, 1)).not.toEqual(rows(x, 2, 1));
  });
});

describe('what each encoder is for', () => {
  const shape = { name: 'e', cell: 'gru', inputs: 2, hidden: 16 } as const;

  it('bidirectional: fills a gap from both sides better than from the past alone', async () => {
    const one = await imputation({ encoder: stackedEncoder(shape), steps: 250 });
    const both = await imputation({ encoder: stackedEncoder({ ...shape, bidirectional: true, hidden: 11 }), steps: 250 });
    expect(both.mse).toBeLessThan(0.6 * one.mse);
  });

  it('grid: forecasts from the step before and the day before better than one dimension of equal size', async () => {
    const flat = await seasonalAutoregression({ encoder: stackedEncoder({ ...shape, inputs: 1, hidden: 22 }), steps: 150 });
    const grid = await seasonalAutoregression({ encoder: gridEncoder({ ...shape, inputs: 1, seasonLength: 24 }), steps: 150 });
    expect(grid.mse).toBeLessThan(0.75 * flat.mse);
  });

  it('delayed: forecasts from the day before better than without the shortcut', async () => {
    const flat = await seasonalAutoregression({ encoder: stackedEncoder({ ...shape, inputs: 1, hidden: 18 }), steps: 100 });
    const delayed = delayedEncoder(stackedEncoder({ ...shape, inputs: 1 }), 'e', [23]);
    const short = await seasonalAutoregression({ encoder: delayed, steps: 100 });
    expect(short.mse).toBeLessThan(0.75 * flat.mse);
  });

  it('tree: a parent that follows its largest child is forecast from the children', async () => {
    const flat = await largestChild({ related: false, steps: 150 });
    const tree = await largestChild({ related: true, steps: 150 });
    expect(flat.mse).toBeGreaterThan(0.6);
    expect(tree.mse).toBeLessThan(0.15);
  });

  it('hierarchical: recalls a marker 192 steps back, where a flat net guesses (500 in the bench)', async () => {
    const task = { distance: 192, steps: 100 };
    const flat = await recall({ encoder: stackedEncoder({ ...shape, cell: 'lstm' }), ...task });
    const slow = await recall({ encoder: hierarchicalEncoder({ ...shape, cell: 'lstm', every: 24 }), ...task });
    expect(flat.accuracy).toBeLessThan(0.6);
    expect(slow.accuracy).toBeGreaterThan(0.95);
  });
});

describe('coherent forecasts', () => {
  const random = new Random(3);
  const base = Float64Array.from({ length: 7 * 5 }, () => 100 + 20 * random.normal());

  it('add up, stay put where they did, and move least', () => {
    const coherent = reconcile(family, base);
    expect(incoherence(family, base)).toBeGreaterThan(0.1);
    expect(incoherence(family, coherent)).toBeLessThan(1e-5);
    const again = reconcile(family, coherent);
    again.forEach((value, i) => expect(value).toBeCloseTo(coherent[i]!, 8));
    // The distance to any other coherent set, here the one built from the leaves alone, is larger.
    const bottomUp = summedUp(family, base);
    const distance = (other: Float64Array): number => Math.hypot(...other.map((value, i) => value - base[i]!));
    expect(incoherence(family, bottomUp)).toBeLessThan(1e-12);
    expect(distance(coherent)).toBeLessThan(distance(bottomUp));
  });

  it('are the least-squares solution: no coherent change of the leaves comes closer, whatever the weights and the tree', () => {
    for (let round = 0; round < 30; round++) {
      const nodes = 2 + Math.floor(random.next() * 30);
      // Parents in any order of their indices, several roots among them.
      const parents = Array.from({ length: nodes }, (_, i) => (i === 0 || random.next() < 0.15 ? -1 : Math.floor(random.next() * i)));
      const given = Float64Array.from({ length: nodes }, () => 50 + 20 * random.normal());
      const weights = Array.from({ length: nodes }, () => 10 ** (4 * random.next() - 2));
      const best = reconcile({ parents }, given, weights);
      expect(incoherence({ parents }, best)).toBeLessThan(1e-9);
      const loss = (values: Float64Array): number => values.reduce((sum, value, i) => sum + weights[i]! * (value - given[i]!) ** 2, 0);
      const inner = new Set(parents);
      for (let leaf = 0; leaf < nodes; leaf++) {
        if (inner.has(leaf)) continue;
        for (const by of [-0.01, 0.01]) {
          const moved = best.slice();
          for (let at = leaf; at !== -1; at = parents[at]!) moved[at]! += by;
          expect(loss(moved)).toBeGreaterThan(loss(best));
        }
      }
    }
  });

  it('add up in a tree of 20,000 leaves', () => {
    const parents = Array.from({ length: 20_201 }, (_, i) => (i === 0 ? -1 : i <= 200 ? 0 : 1 + (i % 200)));
    const given = Float64Array.from(parents, () => 50 + 20 * random.normal());
    expect(incoherence({ parents }, reconcile({ parents }, given))).toBeLessThan(1e-9);
  });

  it('weight members by the given trust', () => {
    const sure = reconcile(family, base, [1e9, 1, 1, 1, 1, 1, 1]);
    for (let t = 0; t < 5; t++) expect(sure[t]).toBeCloseTo(base[t]!, 4);
  });

  it('a circle has no root', () => {
    expect(() => levelsOf({ parents: [1, 0] })).toThrow(/no way up/);
  });
});
