/** Trains a small network on a made-up task: what the acceptance tests of single techniques share. */
import { initEngine } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../dataset/random.js';
import { Parameters, type ParameterSpec, type Tensors } from '../training/parameters.js';
import { adamw, gradientNorm, oneCycle, startOptimiser } from '../training/adamw.js';

export interface Toy {
  specs: readonly ParameterSpec[];
  /** Mean loss of a fresh batch; runs inside a `tidy`. */
  loss: (p: Tensors, step: number, random: Random) => tf.Scalar;
  steps: number;
  learningRate?: number;
  /** Largest gradient norm; Infinity switches clipping off. */
  clip?: number;
  seed?: number;
}

export interface Trained {
  parameters: Parameters;
  losses: number[];
  /** Before clipping, per step. */
  norms: number[];
  /** Runs `work` with the averaged weights as tensors. */
  use: <T>(work: (p: Tensors) => T) => T;
}

export async function trainToy({ specs, loss, steps, learningRate = 5e-3, clip = 1, seed = 1 }: Toy): Promise<Trained> {
  await initEngine();
  const parameters = new Parameters(specs);
  parameters.initialise(seed);
  const optimiser = startOptimiser(parameters.values);
  const decays = new Uint8Array(parameters.values.length);
  const slope = new Float32Array(parameters.values.length);
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push(
      tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
          loss(parameters.named(tensors), step, new Random(seed, 5, step)),
        )(parameters.tensors());
        parameters.gather(grads, slope);
        return value.dataSync()[0]!;
      }),
    );
    norms.push(gradientNorm(slope));
    adamw(parameters.values, slope, decays, optimiser, step + 1, {
      learningRate: learningRate * oneCycle(step, steps, 0.1),
      weightDecay: 0,
      clip,
      ema: 0.98,
    });
    if (step % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    parameters,
    losses,
    norms,
    use: (work) => tf.tidy(() => work(parameters.named(parameters.tensors(optimiser.average))) as never),
  };
}
