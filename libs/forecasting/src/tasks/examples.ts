/**
 * Examples of a task, and the arrays that a network reads of them.
 *
 * Invariants: a missing number enters as 0 with mask 0, a missing target weighs nothing; scales come from the inputs or from
 * the training examples, never from the target of the example that is answered.
 */
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { standard } from '../dataset/covariates.js';
import { windowScale, type WindowScale } from '../scalers/windowScale.js';
import { type TaskInputs } from './network.js';
import { answerSteps, type TaskSpec } from './spec.js';

export interface TaskInput {
  /** [steps, inputs], oldest first, or [inputs] of a vector; NaN where missing. */
  input: Float64Array;
  /** [horizon, known], where the task has known numbers. */
  known?: Float64Array;
}

export interface TaskExample extends TaskInput {
  /** [answer's steps, outputs] in the user's own units; of classes [answer's steps] numbers from 0 up. NaN where unknown. */
  target: Float64Array;
}

/** Learned from the training examples. */
export interface TaskScales {
  inputs: [mean: number, deviation: number][];
  known: [mean: number, deviation: number][];
  outputs: [mean: number, deviation: number][];
}

export interface TaskTargets {
  /** [S,B,outputs] scaled, or [S,B,classes] one-hot. */
  values: tf.Tensor3D;
  /** [S,B,outputs], or [S,B,1]: 1 where known. */
  weights: tf.Tensor3D;
}

export function taskScales(examples: readonly TaskExample[], { inputs, outputs, known, answer }: TaskSpec): TaskScales {
  const columns = (size: number, of: (example: TaskExample) => Float64Array | undefined): [number, number][] =>
    Array.from({ length: size }, (_, i) => standard(examples.map((example) => (of(example) ?? []).filter((__, k) => k % size === i))));
  return {
    inputs: columns(inputs, (example) => example.input),
    known: columns(known, (example) => example.known),
    outputs: answer === 'classes' ? [] : columns(outputs, (example) => example.target),
  };
}

export class ExampleReader {
  constructor(
    private readonly spec: TaskSpec,
    private readonly scales: TaskScales,
  ) {}

  /** Steps of the sequence of an input. @throws TASK_EXAMPLE */
  stepsOf({ input, known }: TaskInput): number {
    const { inputs, contextLength, horizon } = this.spec;
    const steps = input.length / inputs;
    if (!Number.isInteger(steps) || steps < 1 || steps > contextLength)
      throw broken(`an input of ${input.length} numbers`, `Give ${inputs} numbers for each of 1 to ${contextLength} steps.`);
    const wanted = this.spec.known * horizon;
    if ((known?.length ?? 0) !== wanted) throw broken(`${known?.length ?? 0} known numbers`, `Give ${wanted} of them.`);
    return steps;
  }

  /** Centre and scale of an answer's output `o`. */
  scaleOf({ input }: TaskInput, output: number): WindowScale {
    if (this.spec.scaling === 'training') {
      const [center, scale] = this.scales.outputs[output]!;
      return { center, scale };
    }
    const first = input.filter((_, k) => k % this.spec.inputs === 0);
    return windowScale('seasonalDifference', first, 0, first.length, first.length);
  }

  /** To be called inside a `tidy`. */
  read(batch: readonly TaskInput[]): TaskInputs {
    const { inputs, contextLength: T, horizon: H, known: K } = this.spec;
    const B = batch.length;
    const x = new Float32Array(T * B * 2 * inputs);
    const mask = new Float32Array(T * B);
    const steps = new Float32Array(H * B * (1 + K));
    batch.forEach((example, b) => {
      const length = this.stepsOf(example);
      const own = this.spec.scaling === 'example' ? this.scaleOf(example, 0) : undefined;
      for (let t = 0; t < length; t++) {
        const row = (T - length + t) * B + b;
        mask[row] = 1;
        for (let i = 0; i < inputs; i++) {
          const value = example.input[t * inputs + i]!;
          if (Number.isNaN(value)) continue;
          const [mean, deviation] = i === 0 && own ? [own.center, own.scale] : this.scales.inputs[i]!;
          x[row * 2 * inputs + i] = (value - mean) / deviation;
          x[row * 2 * inputs + inputs + i] = 1;
        }
      }
      for (let t = 0; t < H; t++) {
        const at = (t * B + b) * (1 + K);
        steps[at] = (t + 1) / H;
        for (let k = 0; k < K; k++) {
          const [mean, deviation] = this.scales.known[k]!;
          const scaled = (example.known![t * K + k]! - mean) / deviation;
          steps[at + 1 + k] = Number.isNaN(scaled) ? 0 : scaled;
        }
      }
    });
    return { x: tf.tensor3d(x, [T, B, 2 * inputs]), mask: tf.tensor2d(mask, [T, B]), steps: tf.tensor3d(steps, [H, B, 1 + K]) };
  }

  /** To be called inside a `tidy`. @throws TASK_EXAMPLE */
  targets(batch: readonly TaskExample[]): TaskTargets {
    const { outputs: O, contextLength, answer } = this.spec;
    const S = answerSteps(this.spec, contextLength);
    const B = batch.length;
    const W = answer === 'classes' ? 1 : O;
    const values = new Float32Array(S * B * O);
    const weights = new Float32Array(S * B * W);
    batch.forEach((example, b) => {
      const own = answerSteps(this.spec, this.stepsOf(example));
      if (example.target.length !== own * W)
        throw broken(`a target of ${example.target.length} numbers`, `The answer to its input has ${own * W}.`);
      const scales = Array.from({ length: W }, (_, o) => (answer === 'classes' ? undefined : this.scaleOf(example, o)));
      for (let s = 0; s < own; s++) {
        const row = (S - own + s) * B + b;
        for (let o = 0; o < W; o++) {
          const value = example.target[s * W + o]!;
          if (Number.isNaN(value)) continue;
          weights[row * W + o] = 1;
          const scale = scales[o];
          if (scale) values[row * O + o] = (value - scale.center) / scale.scale;
          else if (Number.isInteger(value) && value >= 0 && value < O) values[row * O + value] = 1;
          else throw broken(`the class ${value}`, `Classes are whole numbers from 0 to ${O - 1}.`);
        }
      }
    });
    return { values: tf.tensor3d(values, [S, B, O]), weights: tf.tensor3d(weights, [S, B, W]) };
  }
}

function broken(what: string, hint: string): AlmanacError {
  return new AlmanacError('TASK_EXAMPLE', `An example of the task has ${what}.`, { hint });
}
