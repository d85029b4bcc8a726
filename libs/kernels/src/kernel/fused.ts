/**
 * Several tensors in, several tensors out, one node on the gradient tape. `tf.customGrad` allows a single output, and a
 * registered gradient would have the saved activations treated as outputs (and their gradients filled with zeros), so
 * this goes to the engine's own entry point for custom gradients.
 */
import * as tf from '@tensorflow/tfjs-core';

export type Named = Record<string, tf.Tensor | null | undefined>;

export interface Fused {
  /** Every tensor that may want a gradient. */
  inputs: Named;
  /** `saved` is what `backward` needs; it lives until the gradient has been taken. */
  forward: () => { outputs: tf.Tensor[]; saved: Named };
  /** All gradients by the names of `inputs`, computed at once. */
  backward: (gradients: tf.Tensor[], saved: Named) => Named;
}

interface EngineEntry {
  runKernelFunc(params: {
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor[];
    backwardsFunc: (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;
    inputs: Named;
  }): tf.Tensor[];
}

export function fused({ inputs, forward, backward }: Fused): tf.Tensor[] {
  const present = Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor));
  let savedNames: string[] = [];
  return (tf.engine() as unknown as EngineEntry).runKernelFunc({
    inputs: present,
    forwardFunc: (_backend, save) => {
      const { outputs, saved } = forward();
      savedNames = Object.keys(saved).filter((name) => saved[name]);
      save(savedNames.map((name) => saved[name]!));
      return outputs;
    },
    backwardsFunc: (dy, tensors) => {
      const saved = Object.fromEntries(savedNames.map((name, i) => [name, tensors[i]]));
      const gradients = backward(Array.isArray(dy) ? dy : [dy], saved);
      return Object.fromEntries(Object.keys(present).map((name) => [name, () => gradients[name]!]));
    },
  });
}
