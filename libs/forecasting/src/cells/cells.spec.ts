import { dense, initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { Parameters, type Tensors } from '../training/parameters.js';
import { addingProblem, autoregression, parity } from '../testing/tasks.js';
import { trainToy } from '../testing/trainToy.js';
import { gradientFlow } from './gradientFlow.js';
import { CELL_KINDS, type CellKind } from './kinds.js';
import { recurrentLayer, type RecurrentLayer } from './layer.js';
import { injectNoise, readoutSpecs, rollOut } from './rollOut.js';
import { inverseSigmoidSchedule, linearSchedule } from './schedules.js';

const [T, B, I, H] = [9, 3, 2, 5];

await initEngine();

const normal = (shape: number[], seed: number): tf.Tensor => {
  const random = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};

function started(layer: RecurrentLayer, seed = 3): Parameters {
  const parameters = new Parameters(layer.specs);
  parameters.initialise(seed);
  return parameters;
}

describe.each(CELL_KINDS)('the %s layer', (cell: CellKind) => {
  const layer = recurrentLayer({ name: 'l', cell, inputs: I, hidden: H });
  const x = normal([T, B, I], 1) as tf.Tensor3D;
  const p = (): Tensors => {
    const parameters = started(layer);
    return parameters.named(parameters.tensors());
  };

  it('gives the same states in one run, step by step, and in two halves', () => {
    const weights = p();
    const whole = layer.run(weights, x);
    let state = layer.step(weights, tf.reshape(tf.slice(x, [0, 0, 0], [1, B, I]), [B, I]));
    for (let t = 1; t < T; t++) state = layer.step(weights, tf.reshape(tf.slice(x, [t, 0, 0], [1, B, I]), [B, I]), state);
    const half = layer.run(weights, tf.slice(x, [0, 0, 0], [4, B, I])).state;
    const rest = layer.run(weights, tf.slice(x, [4, 0, 0], [T - 4, B, I]), { state: half });
    const expected = whole.state.h.dataSync();
    for (const other of [state.h, rest.state.h]) other.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('carries the state over masked steps, and runs backwards as on the turned sequence', () => {
    const weights = p();
    const mask = tf.tensor2d(
      Array.from({ length: T * B }, (_, i) => (i < 5 * B ? 1 : 0)),
      [T, B],
    );
    const cut = layer.run(weights, tf.slice(x, [0, 0, 0], [5, B, I])).state.h.dataSync();
    layer
      .run(weights, x, { mask })
      .state.h.dataSync()
      .forEach((value, i) => expect(value).toBeCloseTo(cut[i]!, 5));
    const turned = layer.run(weights, tf.reverse(x, 0)).state.h.dataSync();
    layer
      .run(weights, x, { reverse: true })
      .state.h.dataSync()
      .forEach((value, i) => expect(value).toBeCloseTo(turned[i]!, 5));
  });

  it('has the gradient of its forward pass (central difference, 1e-3)', () => {
    const parameters = started(layer);
    const weighing = normal([T, B, H], 2);
    const lossOf = (tensors: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(weighing, layer.run(parameters.named(tensors), x).h));
    const slope = new Float32Array(parameters.values.length);
    parameters.gather(tf.grads((...tensors: tf.Tensor[]) => lossOf(tensors))(parameters.tensors()), slope);
    const random = new Random(9);
    const direction = Float32Array.from(slope, () => random.normal());
    const norm = Math.hypot(...direction);
    const step = 5e-3;
    const at = (sign: number): number =>
      lossOf(parameters.tensors(parameters.values.map((value, i) => value + (sign * step * direction[i]!) / norm))).dataSync()[0]!;
    const measured = (at(1) - at(-1)) / (2 * step);
    const exact = slope.reduce((sum, value, i) => sum + (value * direction[i]!) / norm, 0);
    expect(Math.abs(measured - exact) / Math.max(1, Math.abs(exact))).toBeLessThan(1e-3);
  });
});

describe('starting values', () => {
  it('recurrent matrices are orthogonal, so a gradient neither fades nor grows; forget gates are open', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'rnn', inputs: 1, hidden: 16 });
    const parameters = started(layer);
    const flow = tf.tidy(() =>
      gradientFlow(layer, parameters.named(parameters.tensors()), tf.zeros([100, 4, 1]), [1, 10, 100], new Random(1)),
    );
    flow.forEach((value) => expect(value).toBeCloseTo(1, 3));
    const bias = started(recurrentLayer({ name: 'l', cell: 'lstm', inputs: 1, hidden: 4 }));
    expect([...bias.values.slice(-16)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('an open forget gate lets a gradient reach further back', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: 1, hidden: 16 });
    const flowWith = (bias: number): number => {
      const parameters = started(layer);
      const named = parameters.named(parameters.tensors());
      const b = named['l.b']!.dataSync()
        .slice()
        .map((value) => value * bias);
      return tf.tidy(() =>
        gradientFlow(layer, { ...named, 'l.b': tf.tensor(b) }, normal([40, 8, 1], 4) as tf.Tensor3D, [40], new Random(1)),
      )[0]!;
    };
    expect(flowWith(1)).toBeGreaterThan(3 * flowWith(0));
  });
});

describe('zoneout', () => {
  it('keeps states at its rate in training, and in a forecast what it keeps on average', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: I, hidden: H, zoneout: { h: 0.4, c: 0.3 } });
    const parameters = started(layer);
    const one = normal([1, 1, I], 5) as tf.Tensor3D;
    const draws = 4000;
    const state = { h: normal([1, H], 6) as tf.Tensor2D, c: normal([1, H], 7) as tf.Tensor2D };
    const tiled = { h: tf.tile(state.h, [draws, 1]), c: tf.tile(state.c, [draws, 1]) };
    const p = parameters.named(parameters.tensors());
    const drawn = layer.run(p, tf.tile(one, [1, draws, 1]), { state: tiled, random: new Random(8) }).state;
    const expected = layer.run(p, one, { state }).state;
    const kept = tf.mean(tf.cast(tf.less(tf.abs(tf.sub(drawn.h, tiled.h)), 1e-6), 'float32')).dataSync()[0]!;
    expect(kept).toBeCloseTo(0.4, 1);
    const mean = tf.mean(drawn.h, 0).dataSync();
    expected.h.dataSync().forEach((value, i) => expect(Math.abs(mean[i]! - value)).toBeLessThan(0.05));
    expect(layer.run(p, one, { state }).state.h.dataSync()).toEqual(expected.h.dataSync());
  });
});

describe('what each cell is for', () => {
  it('RNN: forecasts an AR(2) within 5 % of its noise', async () => {
    const result = await autoregression({ steps: 250 });
    expect(result.mse).toBeLessThan(1.05);
  });

  it('LSTM: adds two marked numbers 60 steps apart (T = 200 in the bench)', async () => {
    const result = await addingProblem({ cell: 'lstm', length: 60, steps: 1000 });
    expect(result.mse).toBeLessThan(0.02);
  });

  it('sLSTM: tracks the parity of a bit stream longer than any it was trained on', async () => {
    const result = await parity({ cell: 'slstm', length: 10, steps: 300, testLength: 40 });
    expect(result.accuracy).toBeGreaterThan(0.95);
  });
});

describe('learning to live with its own forecasts', () => {
  it('schedules fall from truth to own forecast', () => {
    expect(linearSchedule(0, 100)).toBe(1);
    expect(linearSchedule(35, 100)).toBeCloseTo(0.5, 9);
    expect(linearSchedule(70, 100)).toBe(0);
    expect(inverseSigmoidSchedule(0, 20)).toBeCloseTo(20 / 21, 9);
    expect(inverseSigmoidSchedule(200, 20)).toBeLessThan(0.001);
  });

  it('is fed the truth, or itself, as the schedule says', () => {
    const layer = recurrentLayer({ name: 'l', cell: 'gru', inputs: 1, hidden: H });
    const parameters = new Parameters([...layer.specs, ...readoutSpecs('out', H, 1)]);
    parameters.initialise(1);
    const p = parameters.named(parameters.tensors());
    const first = normal([B, 1], 1) as tf.Tensor2D;
    const truth = normal([4, B, 1], 2) as tf.Tensor3D;
    const start = { h: tf.zeros<tf.Rank.R2>([B, H]) };
    const forced = rollOut(layer, p, start, first, 4, { readout: 'out', truth, truthProbability: 1, random: new Random(1) }).dataSync();
    const inputs = tf.concat([tf.reshape(first, [1, B, 1]), tf.slice(truth, [0, 0, 0], [3, B, 1])], 0) as tf.Tensor3D;
    const expected = dense(layer.run(p, inputs, { state: start }).h, p['out.w']!, p['out.b']!).dataSync();
    forced.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    const free = rollOut(layer, p, start, first, 4, { readout: 'out' }).dataSync();
    expect(free).not.toEqual(forced);
    expect(rollOut(layer, p, start, first, 4, { readout: 'out', truth, truthProbability: 0, random: new Random(1) }).dataSync()).toEqual(
      free,
    );
  });

  it('noise has the size asked for and comes from the seed', () => {
    const x = tf.zeros([50, 40, 1]);
    const noisy = injectNoise(x, 0.1, new Random(3));
    expect(Math.sqrt(tf.mean(tf.square(noisy)).dataSync()[0]!)).toBeCloseTo(0.1, 2);
    expect(injectNoise(x, 0.1, new Random(3)).dataSync()).toEqual(noisy.dataSync());
  });
});

describe('gradient clipping', () => {
  it('lets a run survive one batch with a spike', async () => {
    const run = (clip: number): ReturnType<typeof trainToy> => {
      const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: 1, hidden: 8 });
      return trainToy({
        specs: [...layer.specs, ...readoutSpecs('out', 8, 1)],
        steps: 150,
        clip,
        loss: (p, step, random) => {
          const series = Float32Array.from({ length: 20 * 16 }, () => random.normal());
          if (step === 5) series[150] = 1e12;
          const x = tf.tensor3d(series, [20, 16, 1]);
          // The target is the value before: easy, unless the spike has blown the weights or the step sizes.
          const target = tf.slice(x, [0, 0, 0], [19, 16, 1]);
          const output = dense(layer.run(p, x).h, p['out.w']!, p['out.b']!);
          return tf.mean(tf.square(tf.sub(tf.slice(output, [1, 0, 0], [19, 16, 1]), target)));
        },
      });
    };
    const tail = ({ losses }: { losses: number[] }): number => losses.slice(-20).reduce((sum, loss) => sum + loss, 0) / 20;
    const [clipped, free] = [tail(await run(1)), tail(await run(Infinity))];
    expect(clipped).toBeLessThan(0.4);
    expect(!(free < 2 * clipped)).toBe(true);
  });
});
