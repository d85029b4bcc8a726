/**
 * Made-up series whose future stands in their past, each found by one alignment: seasons by the temporal one, labelled regimes
 * and the level after a break by the contextual one, repeated motifs by the pointer.
 */
import * as tf from '@tensorflow/tfjs-core';
import { forcedBranch } from '../attention/align.js';
import { type Branch } from '../attention/branches.js';
import { pointwiseNetwork } from '../attention/pointwise.js';
import { Random } from '../dataset/random.js';
import { type HeadKind } from '../heads/head.js';
import { type Tensors } from '../training/parameters.js';
import { trainToy } from './trainToy.js';

const [L, H, SEASON, BATCH] = [60, 12, 12, 32];

/** Look-back, horizon, covariates, and for each horizon step which look-back steps hold the answer. */
export interface AlignedSeries {
  values: Float64Array;
  /** [L+H][covariates] */
  covariates: number[][];
  answers: (i: number, j: number) => boolean;
}

type Make = (random: Random) => AlignedSeries;

/** A season of random shape plus noise; the best possible error is .262. */
const seasonal: Make = (random) => {
  const shape = Array.from({ length: SEASON }, () => random.normal());
  const noise = 0.3;
  return {
    values: Float64Array.from({ length: L + H }, (_, t) => shape[t % SEASON]! + noise * random.normal()),
    covariates: Array.from({ length: L + H }, () => []),
    answers: (i, j) => (L + i - j) % SEASON === 0,
  };
};

/** Three labelled regimes that recur, each of its own level in each series; the label of the future is known. */
const regimes: Make = (random) => {
  const levels = [0, 1, 2].map(() => 1.5 * random.normal());
  const labels: number[] = [];
  while (labels.length < L + H) {
    const label = random.below(3);
    for (let k = 4 + random.below(5); k > 0; k--) labels.push(label);
  }
  // The past knows every regime that the future asks for.
  labels.splice(0, 9, 0, 0, 0, 1, 1, 1, 2, 2, 2);
  return {
    values: Float64Array.from({ length: L + H }, (_, t) => levels[labels[t]!]! + 0.3 * random.normal()),
    covariates: Array.from({ length: L + H }, (_, t) => [0, 1, 2].map((label) => Number(labels[t] === label))),
    answers: (i, j) => labels[j] === labels[L + i],
  };
};

/** A random motif, and at the end its beginning again; what follows it is the answer. */
const copy: Make = (random) => {
  const values = Float64Array.from({ length: L + H }, () => random.normal());
  const again = 8;
  const start = random.below(L - 2 * again - H);
  for (let k = 0; k < again + H; k++) values[L - again + k] = values[start + k]!;
  return { values, covariates: Array.from({ length: L + H }, () => []), answers: (i, j) => j === start + again + i };
};

/** A level that breaks somewhere, with a mark on the break; the answer is what came after it. */
const breaks: Make = (random) => {
  const at = 15 + random.below(L - 25);
  const [before, after] = [2 * random.normal(), 2 * random.normal()];
  return {
    values: Float64Array.from({ length: L + H }, (_, t) => (t < at ? before : after) + 0.5 * random.normal()),
    covariates: Array.from({ length: L + H }, (_, t) => [Number(t >= at)]),
    answers: (_, j) => j >= at,
  };
};

export const ALIGNMENT_TASKS = { seasonal, regimes, copy, breaks };
export type AlignmentTask = keyof typeof ALIGNMENT_TASKS;

export interface AlignmentScore {
  /** Of free-running forecasts. */
  mae: number;
  /** Of the same net, weights at their start. */
  untrained: number;
  /** Share of each map on the steps that hold the answer, and of a uniform map. */
  mass: Partial<Record<Branch, number>>;
  uniform: number;
  /** Mean weight of each branch. */
  gate: Partial<Record<Branch, number>>;
}

export async function alignmentTask({
  task,
  branches,
  steps,
  seed = 1,
  head,
}: {
  task: AlignmentTask;
  branches: readonly Branch[];
  steps: number;
  seed?: number;
  /** Trained by its own loss; the median by absolute error where none is named. */
  head?: HeadKind;
}): Promise<AlignmentScore> {
  const make = ALIGNMENT_TASKS[task];
  const covariates = make(new Random(0)).covariates[0]!.length;
  const network = pointwiseNetwork({
    name: 'net',
    contextLength: L,
    horizon: H,
    hidden: 32,
    covariates,
    branches,
    periods: [7, SEASON, 24],
    window: 6,
    ...(head ? { head } : {}),
  });
  const draw = (random: Random): { x: tf.Tensor2D; truth: tf.Tensor2D; covariates: tf.Tensor3D; answers: tf.Tensor3D } => {
    const all = Array.from({ length: BATCH }, () => make(random));
    const answers = new Float32Array(BATCH * H * L);
    all.forEach((one, b) => {
      for (let i = 0; i < H; i++) for (let j = 0; j < L; j++) answers[(b * H + i) * L + j] = Number(one.answers(i, j));
    });
    return {
      x: tf.tensor2d(Float32Array.from(all.flatMap(({ values }) => [...values.subarray(0, L)])), [BATCH, L]),
      truth: tf.tensor2d(Float32Array.from(all.flatMap(({ values }) => [...values.subarray(L)])), [BATCH, H]),
      covariates: tf.tensor3d(Float32Array.from(all.flatMap((one) => one.covariates.flat())), [BATCH, L + H, covariates]),
      answers: tf.tensor3d(answers, [BATCH, H, L]),
    };
  };
  const score = (p: Tensors): AlignmentScore =>
    tf.tidy(() => {
      const { x, truth, covariates, answers } = draw(new Random(99));
      const { forecast, maps, gate } = network.run(p, { x, covariates });
      const figure = (z: tf.Tensor): number => z.dataSync()[0]!;
      const weight = tf.mean(gate, [0, 1]).dataSync();
      return {
        mae: figure(tf.mean(tf.abs(tf.sub(forecast, truth)))),
        untrained: Number.NaN,
        mass: Object.fromEntries(branches.map((branch, k) => [branch, figure(tf.mean(tf.sum(tf.mul(maps[k]!, answers), 2)))])),
        uniform: figure(tf.mean(answers)),
        gate: Object.fromEntries(branches.map((branch, k) => [branch, weight[k]!])),
      };
    });
  let untrained = Number.NaN;
  const trained = await trainToy({
    specs: network.specs,
    steps,
    seed,
    learningRate: 1e-2,
    loss: (p, step, random) => {
      if (step === 0) untrained = score(p).mae;
      const { x, truth, covariates } = draw(random);
      const forced = branches.length > 1 ? forcedBranch(step, steps, branches.length, random) : undefined;
      const { forecast, raw } = network.run(p, { x, covariates, truth }, { forced });
      if (head) return network.head.loss(raw, truth, tf.onesLike(truth), new Float64Array(BATCH).fill(1));
      return tf.mean(tf.abs(tf.sub(forecast, truth)));
    },
  });
  return { ...trained.use(score), untrained };
}
