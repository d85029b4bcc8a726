/**
 * A network for one task of the four families, fitted on examples: what `createForecaster` is for forecasts, for every other question
 * about series.
 *
 * @example
 *   const task = new TaskModel(taskSpec({ family: 'sequenceToVector', inputs: 1, outputs: 1, contextLength: 336 }));
 *   await task.fit(windowExamples(panel, { contextLength: 336, horizon: 168, answer: (week) => [Math.max(...week)] }), { seed: 1 });
 *   const [peak] = await task.answer([{ input: lastFortnight }]); // [levels, steps, outputs]
 */
import { initEngine, pinball } from '@almanac/kernels';
import { AlmanacError } from '@almanac/series';
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../dataset/random.js';
import { type Checkpoint, type FitOptions } from '../forecaster.js';
import { runTraining } from '../training/loop.js';
import { Parameters } from '../training/parameters.js';
import { TrainingState } from '../training/state.js';
import { adamw, oneCycle, startOptimiser } from '../training/adamw.js';
import { ExampleReader, taskScales, type TaskExample, type TaskInput, type TaskScales } from './examples.js';
import { taskNetwork, type TaskNetwork } from './network.js';
import { answerSteps, type TaskSpec } from './spec.js';
import { letOthers } from '../turns.js';

const BATCH = 256;
const SAMPLE_PURPOSE = 95;

interface Fitted {
  scales: TaskScales;
  parameters: Parameters;
}

export class TaskModel {
  private readonly network: TaskNetwork;
  private fitted: Fitted | undefined;

  constructor(readonly spec: TaskSpec) {
    this.network = taskNetwork(spec);
  }

  /** @throws CHECKPOINT_FORMAT, CHECKPOINT_BROKEN */
  static load(checkpoint: Checkpoint): TaskModel {
    const { manifest } = checkpoint;
    if (manifest.kind !== 'task' || manifest.version !== 1)
      throw new AlmanacError(
        'CHECKPOINT_FORMAT',
        `This checkpoint is of a "${manifest.kind}" of version ${manifest.version}, not of a task.`,
        {
          hint: 'Load forecasters with loadForecaster.',
        },
      );
    const { scales, ...spec } = manifest.config as TaskSpec & { scales: TaskScales };
    const model = new TaskModel(spec);
    const parameters = new Parameters(model.network.specs);
    parameters.load(checkpoint);
    model.fitted = { scales, parameters };
    return model;
  }

  /**
   * Trains for `spec.train.steps` steps and keeps the averaged weights that did best on the last examples (the last ones of all
   * where there are none). The same examples and seed give the same bits.
   *
   * @throws TASK_EXAMPLE an example that does not fit the task, or none
   * @throws TRAINING_CANCELLED
   */
  async fit(examples: readonly TaskExample[], options: Pick<FitOptions, 'seed' | 'signal' | 'onProgress'>): Promise<void> {
    const { train } = this.spec;
    const { seed } = options;
    const held = Math.floor(examples.length * train.validationShare);
    const [known, validation] = [examples.slice(0, examples.length - held), examples.slice(examples.length - held)];
    if (known.length === 0) throw new AlmanacError('TASK_EXAMPLE', 'A task needs examples to learn from.', { hint: 'Give at least one.' });
    await initEngine();
    const scales = taskScales(known, this.spec);
    const reader = new ExampleReader(this.spec, scales);
    const parameters = new Parameters(this.network.specs);
    parameters.initialise(seed);
    const optimiser = { values: parameters.values, ...startOptimiser(parameters.values) };
    const state = new TrainingState(optimiser, { kind: 'task-run', seed, threads: 1, config: this.spec });
    state.start();
    const slope = new Float32Array(parameters.values.length);
    const decays = parameters.decayMask();
    await runTraining(
      {
        ...train,
        step: (step) => {
          const random = new Random(seed, SAMPLE_PURPOSE, step);
          const batch = Array.from({ length: train.batch }, () => known[random.below(known.length)]!);
          const loss = tf.tidy(() => {
            const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => this.lossOf(parameters, tensors, reader, batch))(
              parameters.tensors(),
            );
            parameters.gather(grads, slope);
            return value.dataSync()[0]!;
          });
          const learningRate = train.learningRate * oneCycle(step, train.steps, train.warmup);
          adamw(optimiser.values, slope, decays, optimiser, step + 1, { ...train, learningRate });
          return loss;
        },
        validate: held > 0 ? (average) => this.score(parameters, average, reader, validation) : undefined,
      },
      state,
      options,
    );
    parameters.values.set(state.best);
    this.fitted = { scales, parameters };
  }

  /**
   * @returns one array per input, in its order: quantiles [levels, answer's steps, outputs] in the user's units, non-decreasing in
   * level, or probabilities [answer's steps, classes]
   * @throws TASK_EXAMPLE, MODEL_NOT_FITTED
   */
  async answer(inputs: readonly TaskInput[]): Promise<Float64Array[]> {
    const { parameters, scales } = this.need();
    await initEngine();
    const reader = new ExampleReader(this.spec, scales);
    const answers: Float64Array[] = [];
    for (let from = 0; from < inputs.length; from += BATCH) {
      const part = inputs.slice(from, from + BATCH);
      tf.tidy(() => {
        const raw = this.network.run(parameters.named(parameters.tensors()), reader.read(part));
        const data = (this.spec.answer === 'classes' ? tf.softmax(raw) : raw).dataSync<'float32'>();
        part.forEach((one, b) => answers.push(this.answerOf(one, b, part.length, data, reader)));
      });
      await letOthers();
    }
    return answers;
  }

  save(): Checkpoint {
    const { parameters, scales } = this.need();
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: 'task',
        config: { ...this.spec, scales },
        tensors: parameters.manifest(),
      },
      weights: parameters.values.slice(),
    };
  }

  private answerOf(input: TaskInput, b: number, B: number, data: Float32Array, reader: ExampleReader): Float64Array {
    const { spec } = this;
    const S = answerSteps(spec, spec.contextLength);
    const own = answerSteps(spec, reader.stepsOf(input));
    if (spec.answer === 'classes') {
      const C = spec.outputs;
      return Float64Array.from({ length: own * C }, (_, i) => data[((S - own + Math.floor(i / C)) * B + b) * C + (i % C)]!);
    }
    const [O, Q] = [spec.outputs, spec.levels.length];
    const values = new Float64Array(Q * own * O);
    for (let o = 0; o < O; o++) {
      const { center, scale } = reader.scaleOf(input, o);
      for (let s = 0; s < own; s++)
        for (let q = 0; q < Q; q++) values[(q * own + s) * O + o] = center + scale * data[(((S - own + s) * B + b) * O + o) * Q + q]!;
    }
    return values;
  }

  private lossOf(parameters: Parameters, tensors: readonly tf.Tensor[], reader: ExampleReader, batch: readonly TaskExample[]): tf.Scalar {
    const raw = this.network.run(parameters.named(tensors), reader.read(batch));
    const { values, weights } = reader.targets(batch);
    if (this.spec.answer === 'quantiles') return pinball(raw, values, weights, this.spec.levels);
    const surprise = tf.neg(tf.sum(tf.mul(values, tf.logSoftmax(tf.squeeze(raw, [2]))), 2, true));
    return tf.mean(tf.mul(weights, surprise));
  }

  private score(parameters: Parameters, weights: Float32Array, reader: ExampleReader, examples: readonly TaskExample[]): number {
    let sum = 0;
    for (let from = 0; from < examples.length; from += BATCH) {
      const part = examples.slice(from, from + BATCH);
      sum += part.length * tf.tidy(() => this.lossOf(parameters, parameters.tensors(weights), reader, part).dataSync()[0]!);
    }
    return sum / examples.length;
  }

  private need(): Fitted {
    if (this.fitted) return this.fitted;
    throw new AlmanacError('MODEL_NOT_FITTED', 'This task has not been fitted.', { hint: 'Call fit, or load a checkpoint.' });
  }
}
