/**
 * The made-up tasks that show what a technique is for, each with the figure that proves it. Unit tests run them short, the
 * bench `techniques` at full length.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { pointwiseNetwork } from '../attention/pointwise.js';
import { recurrentLayer } from '../cells/layer.js';
import { type CellKind } from '../cells/kinds.js';
import { injectNoise, readoutSpecs, rollOut } from '../cells/rollOut.js';
import { linearSchedule } from '../cells/schedules.js';
import { Random } from '../dataset/random.js';
import { type Encoder } from '../encoders/encoder.js';
import { type Hierarchy } from '../encoders/hierarchy.js';
import { treeEncoder } from '../encoders/tree.js';
import { type Tensors } from '../training/parameters.js';
import { trainToy } from './trainToy.js';

const BATCH = 64;

const mse = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.sub(a, b)));
const valueOf = (scalar: tf.Tensor): number => scalar.dataSync()[0]!;
const readout = (p: Tensors, h: tf.Tensor): tf.Tensor => dense(h, p['out.w']!, p['out.b']!);

/** One-step forecasts of x_t = .6x_(t−1) + .3x_(t−2) + ε: mean squared error over the variance of ε. */
export async function autoregression({ steps, cell = 'rnn' }: { steps: number; cell?: CellKind }): Promise<{ mse: number }> {
  const [T, H] = [60, 16];
  const layer = recurrentLayer({ name: 'l', cell, inputs: 1, hidden: H });
  const draw = (random: Random, burn = 20): tf.Tensor3D => {
    const values = new Float32Array((T + 1) * BATCH);
    for (let b = 0; b < BATCH; b++) {
      let [x1, x2] = [0, 0];
      for (let t = -burn; t <= T; t++) {
        const x = 0.6 * x1 + 0.3 * x2 + random.normal();
        [x2, x1] = [x1, x];
        if (t >= 0) values[t * BATCH + b] = x;
      }
    }
    return tf.tensor3d(values, [T + 1, BATCH, 1]);
  };
  const error = (p: Tensors, series: tf.Tensor3D): tf.Scalar => {
    const { h } = layer.run(p, tf.mul(tf.slice(series, [0, 0, 0], [T, BATCH, 1]), 0.3));
    return mse(tf.slice(readout(p, h), [5, 0, 0], [T - 5, BATCH, 1]), tf.slice(series, [6, 0, 0], [T - 5, BATCH, 1]));
  };
  const trained = await trainToy({
    specs: [...layer.specs, ...readoutSpecs('out', H, 1)],
    steps,
    loss: (p, _, random) => error(p, draw(random)),
  });
  const random = new Random(77);
  return { mse: trained.use((p) => average(20, () => valueOf(error(p, draw(random))))) };
}

/** The sum of the two marked numbers among `length` (Hochreiter and Schmidhuber 1997); guessing 1 scores .167. */
export async function addingProblem({
  cell,
  length: T,
  steps,
}: {
  cell: CellKind;
  length: number;
  steps: number;
}): Promise<{ mse: number }> {
  const H = 32;
  const layer = recurrentLayer({ name: 'l', cell, inputs: 2, hidden: H });
  const draw = (random: Random): { x: tf.Tensor3D; y: tf.Tensor2D } => {
    const x = new Float32Array(T * BATCH * 2);
    const y = new Float32Array(BATCH);
    for (let b = 0; b < BATCH; b++) {
      for (let t = 0; t < T; t++) x[(t * BATCH + b) * 2] = random.next();
      for (const t of [random.below(T >> 1), (T >> 1) + random.below(T >> 1)]) {
        x[(t * BATCH + b) * 2 + 1] = 1;
        y[b]! += x[(t * BATCH + b) * 2]!;
      }
    }
    return { x: tf.tensor3d(x, [T, BATCH, 2]), y: tf.tensor2d(y, [BATCH, 1]) };
  };
  const error = (p: Tensors, { x, y }: ReturnType<typeof draw>): tf.Scalar => mse(readout(p, layer.run(p, x).state.h), y);
  const trained = await trainToy({
    specs: [...layer.specs, ...readoutSpecs('out', H, 1)],
    steps,
    learningRate: 1e-2,
    loss: (p, _, random) => error(p, draw(random)),
  });
  const random = new Random(77);
  return { mse: trained.use((p) => average(10, () => valueOf(error(p, draw(random))))) };
}

/** Is the number of ones so far odd? Answered at every step; trained on `length` bits, tested on `testLength`. */
export async function parity({
  cell,
  length,
  steps,
  testLength,
}: {
  cell: CellKind;
  length: number;
  steps: number;
  testLength: number;
}): Promise<{ accuracy: number }> {
  const H = 16;
  const layer = recurrentLayer({ name: 'l', cell, inputs: 1, hidden: H });
  const draw = (random: Random, T: number): { x: tf.Tensor3D; y: tf.Tensor3D } => {
    const x = new Float32Array(T * BATCH);
    const y = new Float32Array(T * BATCH);
    for (let b = 0; b < BATCH; b++) {
      let odd = 0;
      for (let t = 0; t < T; t++) {
        const bit = random.below(2);
        odd ^= bit;
        x[t * BATCH + b] = 2 * bit - 1;
        y[t * BATCH + b] = odd;
      }
    }
    return { x: tf.tensor3d(x, [T, BATCH, 1]), y: tf.tensor3d(y, [T, BATCH, 1]) };
  };
  const trained = await trainToy({
    specs: [...layer.specs, ...readoutSpecs('out', H, 1)],
    steps,
    learningRate: 2e-2,
    loss: (p, _, random) => {
      const { x, y } = draw(random, length);
      const logits = readout(p, layer.run(p, x).h);
      return tf.mean(tf.sub(tf.softplus(logits), tf.mul(y, logits)));
    },
  });
  const { x, y } = draw(new Random(77), testLength);
  return {
    accuracy: trained.use((p) =>
      valueOf(tf.mean(tf.cast(tf.equal(tf.cast(tf.greater(readout(p, layer.run(p, x).h), 0), 'float32'), y), 'float32'))),
    ),
  };
}

export type RollOutMethod = 'teacherForcing' | 'scheduledSampling' | 'noise';

/** Values [T,BATCH,1] of a task; what is known may be disturbed, what is to be forecast is not. */
type Draw = (random: Random, T: number, known: number) => tf.Tensor3D;

/** A chaotic map, x' = 3.9x(1 − x), seen through noise: a net that trusts the truth it is fed learns to amplify its own errors. */
export const chaoticMap: Draw = (random, T, known) => {
  const values = new Float32Array(T * BATCH);
  for (let b = 0; b < BATCH; b++) {
    let x = 0.1 + 0.8 * random.next();
    for (let t = 0; t < T; t++) {
      x = 3.9 * x * (1 - x);
      values[t * BATCH + b] = 2 * x - 1 + (t < known ? 0.02 * random.normal() : 0);
    }
  }
  return tf.tensor3d(values, [T, BATCH, 1]);
};

/** A slow oscillation of two tones: from one step to the next hardly anything happens, so copying looks good until it runs free. */
export const oscillation: Draw = (random, T, known) => {
  const values = new Float32Array(T * BATCH);
  for (let b = 0; b < BATCH; b++) {
    const [phase, amplitude] = [2 * Math.PI * random.next(), 0.5 + random.next()];
    for (let t = 0; t < T; t++) {
      const angle = phase + (2 * Math.PI * t) / 40;
      values[t * BATCH + b] = amplitude * (Math.sin(angle) + 0.5 * Math.sin(2 * angle)) + (t < known ? 0.02 * random.normal() : 0);
    }
  }
  return tf.tensor3d(values, [T, BATCH, 1]);
};

export interface RollOutTask {
  draw: Draw;
  steps: number;
  method: RollOutMethod;
  known: number;
  trainHorizon: number;
  horizon: number;
  seed?: number;
}

/** Mean absolute error of free-running forecasts over the horizon, by how the net was trained for its own forecasts. */
export async function rollOutTask({ draw, steps, method, known, trainHorizon, horizon, seed = 1 }: RollOutTask): Promise<{ mae: number }> {
  const H = 24;
  const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: 1, hidden: H });
  const forecast = (p: Tensors, series: tf.Tensor3D, ahead: number, truthProbability: number, random?: Random): tf.Tensor3D => {
    const at = (from: number, count: number): tf.Tensor3D => tf.slice(series, [from, 0, 0], [count, BATCH, 1]);
    const feed = (x: tf.Tensor3D): tf.Tensor3D => (random && method === 'noise' ? injectNoise(x, 0.05, random) : x);
    const { state } = layer.run(p, feed(at(0, known - 1)));
    const first = tf.reshape(at(known - 1, 1), [BATCH, 1]) as tf.Tensor2D;
    return rollOut(layer, p, state, first, ahead, {
      readout: 'out',
      ...(random ? { truth: feed(at(known, ahead)), truthProbability, random } : {}),
    });
  };
  const trained = await trainToy({
    specs: [...layer.specs, ...readoutSpecs('out', H, 1)],
    steps,
    seed,
    loss: (p, step, random) => {
      const series = draw(random, known + trainHorizon, known);
      const truthProbability = method === 'scheduledSampling' ? linearSchedule(step, steps) : 1;
      return mse(forecast(p, series, trainHorizon, truthProbability, random), tf.slice(series, [known, 0, 0], [trainHorizon, BATCH, 1]));
    },
  });
  const series = draw(new Random(77), known + horizon, known);
  return {
    mae: trained.use((p) =>
      valueOf(tf.mean(tf.abs(tf.sub(forecast(p, series, horizon, 0), tf.slice(series, [known, 0, 0], [horizon, BATCH, 1]))))),
    ),
  };
}

/**
 * Mean absolute error of the point-wise network's recursive decoder, running free over a chaotic map, by whether it was fed the truth
 * throughout its training or ever more rarely.
 */
export async function recursiveDecoder({
  scheduled,
  steps,
  seed = 1,
}: {
  scheduled: boolean;
  steps: number;
  seed?: number;
}): Promise<{ mae: number }> {
  const [L, H] = [10, 8];
  const network = pointwiseNetwork({
    name: 'net',
    contextLength: L,
    horizon: H,
    hidden: 24,
    covariates: 0,
    branches: ['contextual'],
    periods: [],
    window: 1,
    decoder: 'recursive',
  });
  const draw = (random: Random): { x: tf.Tensor2D; truth: tf.Tensor2D; covariates: tf.Tensor3D } => {
    const all = tf.transpose(tf.reshape(chaoticMap(random, L + H, L), [L + H, BATCH])) as tf.Tensor2D;
    return { x: tf.slice(all, [0, 0], [BATCH, L]), truth: tf.slice(all, [0, L], [BATCH, H]), covariates: tf.zeros([BATCH, L + H, 0]) };
  };
  const trained = await trainToy({
    specs: network.specs,
    steps,
    seed,
    loss: (p, step, random) => {
      const inputs = draw(random);
      const { forecast } = network.run(p, inputs, { random, truthProbability: scheduled ? linearSchedule(step, steps) : 1 });
      return mse(forecast, inputs.truth);
    },
  });
  const { truth, ...known } = draw(new Random(77));
  return { mae: trained.use((p) => valueOf(tf.mean(tf.abs(tf.sub(network.run(p, known).forecast, truth))))) };
}

/** Twenty short series and a net far too large for them: mean squared error of one-step forecasts on the steps after those trained on. */
export async function overfitting({
  zoneout,
  steps,
}: {
  zoneout?: { h: number; c: number };
  steps: number;
}): Promise<{ train: number; validation: number }> {
  const [count, T, trained, H] = [20, 100, 70, 128];
  const layer = recurrentLayer({ name: 'l', cell: 'lstm', inputs: 1, hidden: H, ...(zoneout ? { zoneout } : {}) });
  const random = new Random(7);
  const values = new Float32Array(T * count);
  for (let b = 0; b < count; b++) {
    let rest = 0;
    const phase = 2 * Math.PI * random.next();
    for (let t = 0; t < T; t++) {
      rest = 0.7 * rest + 0.5 * random.normal();
      values[t * count + b] = Math.sin(phase + (2 * Math.PI * t) / 12) + rest;
    }
  }
  const all = (): tf.Tensor3D => tf.tensor3d(values, [T, count, 1]);
  const error = (p: Tensors, from: number, to: number, draw?: Random): tf.Scalar => {
    const { h } = layer.run(p, tf.slice(all(), [0, 0, 0], [to - 1, count, 1]), draw ? { random: draw } : {});
    const steps = to - 1 - from;
    return mse(tf.slice(readout(p, h), [from, 0, 0], [steps, count, 1]), tf.slice(all(), [from + 1, 0, 0], [steps, count, 1]));
  };
  const result = await trainToy({
    specs: [...layer.specs, ...readoutSpecs('out', H, 1)],
    steps,
    learningRate: 3e-3,
    loss: (p, _, draw) => error(p, 12, trained, draw),
  });
  return result.use((p) => ({ train: valueOf(error(p, 12, trained)), validation: valueOf(error(p, trained - 1, T)) }));
}

/** Values missing in the middle of a random walk, filled in from both sides or from the past alone: mean squared error. */
export async function imputation({ encoder, steps }: { encoder: Encoder; steps: number }): Promise<{ mse: number }> {
  const [T, from, to] = [24, 9, 15];
  const draw = (random: Random): { x: tf.Tensor3D; y: tf.Tensor3D } => {
    const x = new Float32Array(T * BATCH * 2);
    const y = new Float32Array(T * BATCH);
    for (let b = 0; b < BATCH; b++) {
      let value = 0;
      for (let t = 0; t < T; t++) {
        value += 0.4 * random.normal();
        const known = t < from || t >= to;
        y[t * BATCH + b] = value;
        x[(t * BATCH + b) * 2] = known ? value : 0;
        x[(t * BATCH + b) * 2 + 1] = Number(known);
      }
    }
    return { x: tf.tensor3d(x, [T, BATCH, 2]), y: tf.tensor3d(y, [T, BATCH, 1]) };
  };
  const gap = (z: tf.Tensor): tf.Tensor => tf.slice(z, [from, 0, 0], [to - from, BATCH, 1]);
  const error = (p: Tensors, { x, y }: ReturnType<typeof draw>): tf.Scalar => mse(gap(readout(p, encoder.encode(p, x).h)), gap(y));
  const trained = await trainToy({
    specs: [...encoder.specs, ...readoutSpecs('out', encoder.width, 1)],
    steps,
    learningRate: 1e-2,
    loss: (p, _, random) => error(p, draw(random)),
  });
  const random = new Random(77);
  return { mse: trained.use((p) => average(20, () => valueOf(error(p, draw(random))))) };
}

/** x_t = .6x_(t−24) + .35x_(t−1) + ε, one step ahead: mean squared error over the variance of ε. */
export async function seasonalAutoregression({ encoder, steps }: { encoder: Encoder; steps: number }): Promise<{ mse: number }> {
  const [season, T, burn] = [24, 120, 48];
  const draw = (random: Random): tf.Tensor3D => {
    const values = new Float32Array((T + 1) * BATCH);
    const all = new Float64Array(burn + T + 1);
    for (let b = 0; b < BATCH; b++) {
      for (let t = 0; t < all.length; t++) {
        all[t] = 0.6 * (all[t - season] ?? 0) + 0.35 * (all[t - 1] ?? 0) + random.normal();
        if (t >= burn) values[(t - burn) * BATCH + b] = all[t]!;
      }
    }
    return tf.tensor3d(values, [T + 1, BATCH, 1]);
  };
  const error = (p: Tensors, series: tf.Tensor3D): tf.Scalar => {
    const { h } = encoder.encode(p, tf.mul(tf.slice(series, [0, 0, 0], [T, BATCH, 1]), 0.5));
    const count = T - 2 * season;
    return mse(tf.slice(readout(p, h), [2 * season, 0, 0], [count, BATCH, 1]), tf.slice(series, [2 * season + 1, 0, 0], [count, BATCH, 1]));
  };
  const trained = await trainToy({
    specs: [...encoder.specs, ...readoutSpecs('out', encoder.width, 1)],
    steps,
    learningRate: 1e-2,
    loss: (p, _, random) => error(p, draw(random)),
  });
  const random = new Random(77);
  return { mse: trained.use((p) => average(10, () => valueOf(error(p, draw(random))))) };
}

/** A marker (+1 or −1) at the start, noise after it, and the question at the end which it was. */
export async function recall({
  encoder,
  distance,
  steps,
}: {
  encoder: Encoder;
  distance: number;
  steps: number;
}): Promise<{ accuracy: number }> {
  const T = distance;
  const draw = (random: Random): { x: tf.Tensor3D; y: tf.Tensor2D } => {
    const x = new Float32Array(T * BATCH * 2);
    const y = new Float32Array(BATCH);
    for (let b = 0; b < BATCH; b++) {
      y[b] = random.below(2);
      for (let t = 0; t < T; t++) x[(t * BATCH + b) * 2] = 0.5 * random.normal();
      x[b * 2 + 1] = 2 * y[b]! - 1;
    }
    return { x: tf.tensor3d(x, [T, BATCH, 2]), y: tf.tensor2d(y, [BATCH, 1]) };
  };
  const logitsOf = (p: Tensors, x: tf.Tensor3D): tf.Tensor => readout(p, encoder.encode(p, x).last);
  const trained = await trainToy({
    specs: [...encoder.specs, ...readoutSpecs('out', encoder.width, 1)],
    steps,
    learningRate: 1e-2,
    loss: (p, _, random) => {
      const { x, y } = draw(random);
      const logits = logitsOf(p, x);
      return tf.mean(tf.sub(tf.softplus(logits), tf.mul(y, logits)));
    },
  });
  const random = new Random(77);
  const right = (p: Tensors): number => {
    const { x, y } = draw(random);
    return valueOf(tf.mean(tf.cast(tf.equal(tf.cast(tf.greater(logitsOf(p, x), 0), 'float32'), y), 'float32')));
  };
  return { accuracy: trained.use((p) => average(8, () => right(p))) };
}

/** Seven series: two parents of two children each and their root. A parent's next value is the larger of its children's last. */
export const family: Hierarchy = { parents: [-1, 0, 0, 1, 1, 2, 2] };

/** Forecasts of the parents by the tree, or by the same net over series that know no relatives: mean squared error. */
export async function largestChild({ related, steps }: { related: boolean; steps: number }): Promise<{ mse: number }> {
  const nodes = family.parents.length;
  const hierarchy = related ? family : { parents: family.parents.map(() => -1) };
  const encoder = treeEncoder({ name: 'tree', inputs: 1, hidden: 16, hierarchy });
  const draw = (random: Random): { x: tf.Tensor3D; y: tf.Tensor3D } => {
    const x = Float32Array.from({ length: nodes * BATCH }, () => random.normal());
    const y = new Float32Array(2 * BATCH);
    for (let b = 0; b < BATCH; b++) {
      y[b] = Math.max(x[3 * BATCH + b]!, x[4 * BATCH + b]!);
      y[BATCH + b] = Math.max(x[5 * BATCH + b]!, x[6 * BATCH + b]!);
    }
    return { x: tf.tensor3d(x, [nodes, BATCH, 1]), y: tf.tensor3d(y, [2, BATCH, 1]) };
  };
  const error = (p: Tensors, { x, y }: ReturnType<typeof draw>): tf.Scalar =>
    mse(tf.slice(readout(p, encoder.encode(p, x)), [1, 0, 0], [2, BATCH, 1]), y);
  const trained = await trainToy({
    specs: [...encoder.specs, ...readoutSpecs('out', encoder.width, 1)],
    steps,
    learningRate: 1e-2,
    loss: (p, _, random) => error(p, draw(random)),
  });
  const random = new Random(77);
  return { mse: trained.use((p) => average(20, () => valueOf(error(p, draw(random))))) };
}

function average(times: number, work: () => number): number {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += work();
  return sum / times;
}
