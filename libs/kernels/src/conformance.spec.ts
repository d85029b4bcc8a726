/**
 * One suite over every engine that is present: each kernel against its JavaScript reference, each operation's gradient
 * against finite differences, and no tensor left behind. Engines that are absent show as skipped.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam, attention, dense, gru, initEngine, lstm, lstmState, minGru, pinball, quantiles, rnn, seasonalCopy } from './index.js';
import { kernels } from './kernel/all.js';
import { registerComposed } from './kernel/register.js';
import { startWasm } from './engine/wasm.js';
import { tensorflowPresent } from './engine/tensorflow.js';

type Tensors = Record<string, tf.Tensor>;
type Operation = (inputs: Tensors) => tf.Tensor[];

/** Uniform on ±scale, the same on every run. */
function random(shape: number[], seed: number, scale = 1): tf.Tensor {
  let state = (seed * 2654435761) >>> 0 || 1;
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2147483648 - 1) * scale;
  });
  return tf.tensor(values, shape);
}

/** Batch 1, length 1, widths that no vector divides, and more rows than a block. */
const sequences: [T: number, B: number, I: number, H: number][] = [
  [1, 1, 1, 1],
  [5, 3, 2, 4],
  [4, 7, 3, 9],
  [9, 13, 8, 20],
  [20, 4, 17, 32],
  [33, 50, 5, 24],
];
const settings = [
  { name: 'plain', reverse: false, zoneout: undefined, masked: false },
  { name: 'reverse', reverse: true, zoneout: undefined, masked: false },
  { name: 'zoneout', reverse: false, zoneout: { h: 0.1, c: 0.25 }, masked: false },
  { name: 'mask', reverse: false, zoneout: undefined, masked: true },
  { name: 'reverse, zoneout and mask', reverse: true, zoneout: { h: 0.2, c: 0.1 }, masked: true },
];
type Setting = (typeof settings)[number];

const cells: Record<
  string,
  { inputs: (T: number, B: number, I: number, H: number) => Record<string, number[]>; run: (inputs: Tensors, rest: object) => tf.Tensor[] }
> = {
  lstm: {
    inputs: (T, B, I, H) => ({ x: [T, B, I], wx: [I, 4 * H], wh: [H, 4 * H], b: [4 * H], h0: [B, H], c0: [B, H] }),
    run: (inputs, rest) => Object.values(lstm({ ...inputs, ...rest } as never)),
  },
  gru: {
    inputs: (T, B, I, H) => ({ x: [T, B, I], wx: [I, 3 * H], wh: [H, 3 * H], b: [3 * H], bu: [3 * H], h0: [B, H] }),
    run: (inputs, rest) => Object.values(gru({ ...inputs, ...rest } as never)),
  },
  rnn: {
    inputs: (T, B, I, H) => ({ x: [T, B, I], wx: [I, H], wh: [H, H], b: [H], h0: [B, H] }),
    run: (inputs, rest) => Object.values(rnn({ ...inputs, ...rest } as never)),
  },
  minGru: {
    inputs: (T, B, I, H) => ({ x: [T, B, I], wx: [I, 2 * H], b: [2 * H], h0: [B, H] }),
    run: (inputs, rest) => Object.values(minGru({ ...inputs, ...rest } as never)),
  },
};

function sequenceCase(cell: string, [T, B, I, H]: (typeof sequences)[number], { reverse, zoneout, masked }: Setting): [Tensors, Operation] {
  const shapes = cells[cell]!.inputs(T, B, I, H);
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [name, random(shape, i + 1, name.startsWith('w') ? 1 / Math.sqrt(H) : 1)]),
  );
  const mask = masked ? tf.cast(tf.greater(random([T, B], 99), -0.3), 'float32') : undefined;
  return [inputs, (tensors) => cells[cell]!.run(tensors, { reverse, zoneout, mask })];
}

/** Outputs, and the gradient of a smooth function of all outputs with respect to every input. */
async function evaluate(inputs: Tensors, operation: Operation): Promise<Float32Array[]> {
  const names = Object.keys(inputs);
  const given = (tensors: tf.Tensor[]): Tensors => Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
  const outputs = tf.tidy(() => [
    ...operation(inputs),
    ...tf.grads((...tensors: tf.Tensor[]) => loss(operation(given(tensors))))(Object.values(inputs)),
  ]);
  const values = await Promise.all(outputs.map(async (tensor) => (await tensor.data<'float32'>()).slice()));
  tf.dispose(outputs);
  return values;
}

function loss(outputs: tf.Tensor[]): tf.Scalar {
  return tf.addN(outputs.map((output, i) => tf.mean(tf.mul(output, tf.add(output, 0.3 + i))))) as tf.Scalar;
}

/** Largest difference over all arrays, each relative to its largest value (or 1e-3). */
function difference(ours: Float32Array[], truth: Float32Array[]): number {
  return Math.max(
    ...ours.map((array, i) => {
      const scale = truth[i]!.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
      return array.reduce((max, value, j) => Math.max(max, Math.abs(value - truth[i]![j]!)), 0) / scale;
    }),
  );
}

/** Runs the case on the CPU backend, where every kernel is its JavaScript reference. */
async function reference(inputs: Tensors, operation: Operation): Promise<Float32Array[]> {
  const here = tf.getBackend();
  const copies = Object.fromEntries(
    await Promise.all(Object.entries(inputs).map(async ([name, tensor]) => [name, [await tensor.data(), tensor.shape]] as const)),
  );
  await tf.setBackend('cpu');
  const moved = Object.fromEntries(Object.entries(copies).map(([name, [values, shape]]) => [name, tf.tensor(values, shape)]));
  const result = await evaluate(moved, operation);
  tf.dispose(moved);
  await tf.setBackend(here);
  return result;
}

interface EngineCase {
  name: string;
  present: boolean;
  start: () => Promise<unknown>;
}
const engines: EngineCase[] = [
  { name: 'wasm, relaxed SIMD', present: true, start: () => startWasm('relaxed-simd') },
  { name: 'wasm, relaxed SIMD without 256-bit pairs', present: true, start: () => startWasm('relaxed-simd', false) },
  { name: 'wasm, SIMD', present: true, start: () => startWasm('simd') },
  {
    name: 'wasm, kernels composed of standard operations',
    present: true,
    start: () => {
      for (const kernel of kernels) registerComposed(kernel, 'wasm');
      return Promise.resolve();
    },
  },
  { name: 'tensorflow', present: tensorflowPresent(), start: () => initEngine({ engine: 'tensorflow' }) },
];

describe.each(engines)('engine $name', ({ present, start }) => {
  const check = it.skipIf(!present);
  beforeAll(async () => {
    if (!present) return;
    await startWasm();
    await start();
  });

  for (const cell of Object.keys(cells))
    for (const setting of settings)
      check(`${cell} (${setting.name}) agrees with its reference to 3e-5, outputs and gradients`, async () => {
        for (const size of sequences) {
          const [inputs, operation] = sequenceCase(cell, size, setting);
          const error = difference(await evaluate(inputs, operation), await reference(inputs, operation));
          expect(error, `T,B,I,H = ${size.join(',')}`).toBeLessThan(3e-5);
          tf.dispose(inputs);
        }
      });

  check('lstmState has the final state of lstm to 1e-6, and the same gradients to 1e-5', async () => {
    const [inputs] = sequenceCase('lstm', [7, 5, 3, 12], settings[0]!);
    const full = await evaluate(inputs, (tensors) => {
      const { hT, cT } = lstm(tensors as never);
      return [hT, cT];
    });
    const state = await evaluate(inputs, (tensors) => Object.values(lstmState(tensors as never)));
    expect(difference(state.slice(0, 2), full.slice(0, 2))).toBeLessThan(1e-6);
    expect(difference(state.slice(2), full.slice(2))).toBeLessThan(1e-5);
  });

  check('a masked step carries the state over exactly', async () => {
    const x = random([3, 2, 4], 1);
    const weights = { wx: random([4, 20], 2), wh: random([5, 20], 3), b: random([20], 4) };
    const mask = tf.tensor2d([1, 1, 0, 1, 0, 1], [3, 2]);
    const { h, hT } = lstm({ x, ...weights, mask });
    const [first, last] = [await tf.slice(h, [0, 0, 0], [1, 1, 5]).data(), await tf.slice(hT, [0, 0], [1, 5]).data()];
    expect(Array.from(last)).toEqual(Array.from(first));
  });

  check('attention agrees with its reference to 3e-5, with no bias, a shared one and one for each row, at once and delayed', async () => {
    const sizes = [[1, 1, 1, 1, 1], [3, 5, 7, 4, 9], [2, 24, 60, 32, 33], [4, 17, 16, 8, 16]] as const; // prettier-ignore
    for (const [B, M, N, D, E] of sizes)
      for (const bias of [undefined, [M, N], [B, M, N]]) {
        const inputs = {
          q: random([M, B, D], 1),
          k: random([N, B, D], 2),
          v: random([N, B, E], 3),
          ...(bias ? { bias: random(bias, 4) } : {}),
        };
        for (const delay of [0, 1, 3]) {
          const operation: Operation = (tensors) => Object.values(attention({ ...tensors, delay } as never));
          expect(difference(await evaluate(inputs, operation), await reference(inputs, operation))).toBeLessThan(3e-5);
        }
      }
  });

  check('dense and matMul agree with their references to 1e-5', async () => {
    for (const [N, I, O] of [
      [1, 1, 1],
      [7, 5, 3],
      [50, 20, 33],
      [300, 17, 64],
    ] as const) {
      // prettier-ignore
      const layer = { x: random([N, I], 1), w: random([I, O], 2), b: random([O], 3) };
      const linear: Operation = ({ x, w, b }) => [dense(x!, w!, b)];
      expect(difference(await evaluate(layer, linear), await reference(layer, linear))).toBeLessThan(1e-5);
      const rectified: Operation = ({ x, w, b }) => [dense(x!, w!, b, { relu: true })];
      expect(difference(await evaluate(layer, rectified), await reference(layer, rectified))).toBeLessThan(1e-5);
      const { x, ...weights } = layer;
      const ofData: Operation = ({ w, b }) => [dense(x, w!, b, { relu: true, constantInput: true })];
      expect(difference(await evaluate(weights, ofData), await reference(weights, ofData))).toBeLessThan(1e-5);
      for (const [a, b] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ]) {
        // prettier-ignore
        const pair = { a: random(a ? [2, I, N] : [2, N, I], 4), b: random(b ? [2, O, I] : [2, I, O], 5) };
        const product: Operation = (tensors) => [tf.matMul(tensors['a']!, tensors['b']!, a, b)];
        expect(difference(await evaluate(pair, product), await reference(pair, product))).toBeLessThan(1e-5);
      }
    }
  });

  check('quantiles, pinball and seasonalCopy agree with their references to 1e-5', async () => {
    for (const [N, Q] of [
      [1, 1],
      [7, 2],
      [65, 9],
      [130, 15],
    ] as const) {
      // prettier-ignore
      const spread = { centre: random([N], 1), spread: random([N, Q - 1], 2, 6) };
      for (const anchor of new Set([0, Q >> 1, Q - 1])) {
        const ascending: Operation = (tensors) => [quantiles(tensors['centre']!, tensors['spread']!, anchor)];
        if (Q > 1) expect(difference(await evaluate(spread, ascending), await reference(spread, ascending))).toBeLessThan(1e-5);
      }
      const known = { target: await random([N], 4).data(), weight: await tf.abs(random([N], 5)).data() };
      const levels = Array.from({ length: Q }, (_, i) => (i + 1) / (Q + 1));
      const loss: Operation = ({ q }) => [pinball(q!, tf.tensor1d(known.target), tf.tensor1d(known.weight), levels)];
      const forecast = { q: random([N, Q], 3) };
      expect(difference(await evaluate(forecast, loss), await reference(forecast, loss))).toBeLessThan(1e-5);
      const pointing = { logits: random([N, Q], 6, 3), candidates: random([N, Q], 7), gate: random([N], 8, 3) };
      const copy: Operation = ({ logits, candidates, gate }) => Object.values(seasonalCopy(logits!, candidates!, gate!));
      expect(difference(await evaluate(pointing, copy), await reference(pointing, copy))).toBeLessThan(1e-5);
    }
  });

  check('quantiles, pinball, seasonalCopy and dense take any number of outer axes, with the values of flat ones', async () => {
    const [outer, Q] = [[2, 3, 4], 5];
    const flat = { centre: random([24], 1), spread: random([24, Q - 1], 2), x: random([24, 7], 3), target: random([24], 4) };
    const deep = Object.fromEntries(
      Object.entries(flat).map(([name, tensor]) => [name, tf.reshape(tensor, [...outer, ...tensor.shape.slice(1)])]),
    ) as typeof flat;
    const weights = { w: random([7, Q], 5) };
    const weight = random([24], 6);
    const all: Operation = ({ centre, spread, x, target, w }) => {
      const q = quantiles(centre!, spread!, 2);
      const logits = dense(x!, w!, undefined, { relu: true });
      const { copied } = seasonalCopy(logits, q, target!);
      return [pinball(q, target!, tf.reshape(weight, target!.shape), [0.1, 0.3, 0.5, 0.7, 0.9]), tf.reshape(copied, [24])];
    };
    expect(difference(await evaluate({ ...deep, ...weights }, all), await evaluate({ ...flat, ...weights }, all))).toBeLessThan(1e-6);
  });

  check('tanh, sigmoid and softplus agree with their references to 1e-5, and keep NaN', async () => {
    for (const size of [1, 7, 100]) {
      const inputs = { x: random([size], size, 12) };
      const all: Operation = ({ x }) => [tf.tanh(x!), tf.sigmoid(x!), tf.softplus(x!)];
      expect(difference(await evaluate(inputs, all), await reference(inputs, all))).toBeLessThan(1e-5);
    }
    for (const f of [tf.tanh, tf.sigmoid, tf.softplus]) expect(f(tf.tensor1d([NaN, 1])).dataSync()[0]).toBeNaN();
  });

  check('adam agrees with its reference to 1e-6, clipped and unclipped', async () => {
    for (const n of [1, 7, 100])
      for (const clip of [0.1, 1000]) {
        const inputs = {
          values: random([n], 1),
          m: random([n], 2),
          v: tf.abs(random([n], 3)),
          average: random([n], 4),
          gradient: random([n], 5),
        };
        const step = { step: 3, learningRate: 0.01, weightDecay: 0.1, clip, ema: 0.9 };
        const outputs = async (tensors: Tensors): Promise<Float32Array[]> => {
          const { gradient, ...state } = tensors;
          const result = Object.values(adam(state as never, gradient as tf.Tensor1D, tf.ones([n]), step));
          return Promise.all(result.map((tensor: tf.Tensor) => tensor.data<'float32'>()));
        };
        const ours = await outputs(inputs);
        const here = tf.getBackend();
        await tf.setBackend('cpu');
        const truth = await outputs(
          Object.fromEntries(
            await Promise.all(Object.entries(inputs).map(async ([name, tensor]) => [name, tf.tensor(await tensor.data())])),
          ) as Tensors,
        );
        await tf.setBackend(here);
        expect(difference(ours, truth)).toBeLessThan(1e-6);
      }
  });

  const gradientCases: [string, () => [Tensors, Operation]][] = [
    ...Object.keys(cells).map(
      (cell) => [cell, () => sequenceCase(cell, [4, 3, 2, 5], settings[4]!)] as [string, () => [Tensors, Operation]],
    ),
    [
      'attention',
      () => [
        { q: random([3, 2, 4], 1), k: random([5, 2, 4], 2), v: random([5, 2, 3], 3), bias: random([3, 5], 4) },
        (tensors) => Object.values(attention({ ...tensors, delay: 1 } as never)),
      ],
    ],
    [
      'dense with relu',
      () => [{ x: random([4, 3], 1), w: random([3, 5], 2), b: random([5], 3) }, ({ x, w, b }) => [dense(x!, w!, b, { relu: true })]],
    ],
    [
      'quantiles',
      () => [{ centre: random([4], 1), spread: random([4, 6], 2, 3) }, ({ centre, spread }) => [quantiles(centre!, spread!, 2)]],
    ],
    [
      'pinball',
      () => [
        { q: tf.mul(tf.reshape(tf.range(1, 13), [4, 3]), 0.7) },
        ({ q }) => [pinball(q!, tf.fill([4], 5), tf.range(1, 5), [0.1, 0.5, 0.9])],
      ],
    ],
    [
      'seasonalCopy',
      () => [
        { logits: random([3, 4], 1), candidates: random([3, 4], 2), gate: random([3], 3) },
        ({ logits, candidates, gate }) => Object.values(seasonalCopy(logits!, candidates!, gate!)),
      ],
    ],
    ['dense', () => [{ x: random([4, 3], 1), w: random([3, 5], 2), b: random([5], 3) }, ({ x, w, b }) => [dense(x!, w!, b)]]],
  ];
  for (const [name, make] of gradientCases)
    check(`the gradient of ${name} is that of finite differences to 1 %`, async () => {
      const [inputs, operation] = make();
      const gradients = (await evaluate(inputs, operation)).slice(operation(inputs).length);
      const delta = 1e-2;
      for (const [index, [input, tensor]] of Object.entries(inputs).entries()) {
        const values = (await tensor.data<'float32'>()).slice();
        const scale = gradients[index]!.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
        for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 5))) {
          const at = (shift: number): number => {
            const moved = values.slice();
            moved[i]! += shift;
            return tf.tidy(() => loss(operation({ ...inputs, [input]: tf.tensor(moved, tensor.shape) })).dataSync()[0]!);
          };
          const slope = (8 * (at(delta) - at(-delta)) - (at(2 * delta) - at(-2 * delta))) / (12 * delta);
          expect(Math.abs(slope - gradients[index]![i]!) / scale, `${input}[${i}]`).toBeLessThan(0.01);
        }
      }
    });

  check(
    'two hundred steps leave as many tensors as there were',
    () => {
      const [inputs, operation] = sequenceCase('lstm', [3, 2, 2, 5], settings[2]!);
      const [more, other] = sequenceCase('gru', [3, 2, 2, 5], settings[3]!);
      const step = (): void => {
        tf.dispose(
          tf.grads((...tensors: tf.Tensor[]) =>
            loss(operation(Object.fromEntries(Object.keys(inputs).map((name, i) => [name, tensors[i]!])))),
          )(Object.values(inputs)),
        );
        tf.dispose(
          tf.grads((...tensors: tf.Tensor[]) => loss(other(Object.fromEntries(Object.keys(more).map((name, i) => [name, tensors[i]!])))))(
            Object.values(more),
          ),
        );
      };
      step();
      const before = { tensors: tf.memory().numTensors, data: tf.backend().numDataIds() };
      for (let i = 0; i < 200; i++) step();
      expect({ tensors: tf.memory().numTensors, data: tf.backend().numDataIds() }).toEqual(before);
    },
    300_000,
  );
});

describe('variants', () => {
  it('relaxed SIMD gives the same bits with and without 256-bit pairs', async () => {
    const [inputs, operation] = sequenceCase('lstm', [12, 13, 5, 21], settings[2]!);
    const [more, other] = sequenceCase('gru', [12, 13, 5, 21], settings[1]!);
    const results: string[] = [];
    for (const pairs of [true, false]) {
      await startWasm('relaxed-simd', pairs);
      const values = [...(await evaluate(inputs, operation)), ...(await evaluate(more, other))];
      results.push(Buffer.concat(values.map(({ buffer }) => Buffer.from(buffer))).toString('base64'));
    }
    expect(results[0]).toBe(results[1]);
  });

  it('a wrong shape is refused by name', () => {
    const args = { x: random([3, 2, 4], 1), wx: random([4, 12], 2), wh: random([5, 20], 3), b: random([20], 4) };
    expect(() => lstm(args)).toThrow('lstm: wx is [4,12], expected [4,20]');
  });
});
