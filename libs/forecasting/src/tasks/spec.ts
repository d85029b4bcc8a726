/**
 * What a conditional network is asked: one `TaskSpec` for each of the four families.
 *
 *   sequenceToVector  a sequence in, a few numbers or a class out (next week's peak, the kind of an anomaly)
 *   aligned           a sequence in, an answer for each of its steps out (imputation, nowcasts, labels)
 *   vectorToSequence  a vector in, a sequence out (cold start: a series known by its covariates alone)
 *   unaligned         a sequence in, a sequence of another length out; `createForecaster` is this family with all that forecasts need
 */
import { AlmanacError } from '@almanac/series';
import { CELL_KINDS, type CellKind } from '../cells/kinds.js';

export const TASK_FAMILIES = ['sequenceToVector', 'aligned', 'vectorToSequence', 'unaligned'] as const;
export type TaskFamily = (typeof TASK_FAMILIES)[number];

export interface TaskTraining {
  steps: number;
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Largest gradient norm. */
  clip: number;
  /** Share of the steps that warm up. */
  warmup: number;
  /** Decay of the averaged weights, which are the ones kept. */
  ema: number;
  /** The last so many of the examples, as a share, are never trained on: they choose the weights. */
  validationShare: number;
  validations: number;
}

export type TaskSpec = {
  family: TaskFamily;
  /** Channels of the input sequence, or numbers of the input vector. */
  inputs: number;
  /** Numbers of the answer, at each step where it is a sequence; with `classes` the number of classes. */
  outputs: number;
  /** Numbers come as quantiles at `levels`, classes as probabilities. */
  answer: 'quantiles' | 'classes';
  levels: number[];
  /** Most steps of an input sequence; shorter ones are padded and masked. 1 for vectors. */
  contextLength: number;
  /** Steps of an answer that is a sequence of its own. 1 for the other families. */
  horizon: number;
  /** Numbers known about each step of such an answer beforehand (calendar, plans). */
  known: number;
  /**
   * `example`: the first channel and the answer are scaled by the mean and deviation of what is observed of that channel, so that one
   * network serves every size. `training`: everything is standardised over the training examples, so that sizes mean something, and so that
   * an
   * aligned answer that reads the past alone (a nowcast) learns nothing of what comes after it by way of the scale.
   */
  scaling: 'example' | 'training';
  cell: CellKind;
  hidden: number;
  /** Read the input sequence from both ends. */
  bidirectional: boolean;
  train: TaskTraining;
};

/** What must be said; the rest has defaults. */
export type TaskSettings = Pick<TaskSpec, 'family' | 'inputs' | 'outputs'> &
  Partial<Omit<TaskSpec, 'train'>> & { train?: Partial<TaskTraining> };

/**
 * @example taskSpec({ family: 'sequenceToVector', inputs: 1, outputs: 1, contextLength: 336 })
 * @throws INVALID_CONFIG
 */
export function taskSpec(settings: TaskSettings): TaskSpec {
  const answer = settings.answer ?? 'quantiles';
  const causal = settings.family === 'aligned' && settings.bidirectional === false;
  const spec: TaskSpec = {
    answer,
    levels: [0.1, 0.5, 0.9],
    contextLength: 1,
    horizon: 1,
    known: 0,
    scaling: settings.family === 'vectorToSequence' || answer === 'classes' || causal ? 'training' : 'example',
    cell: 'gru',
    hidden: 32,
    // An answer to a step may lean on what came after it; one to the whole needs the end of the sequence most.
    bidirectional: settings.family === 'aligned',
    ...settings,
    train: {
      steps: 400,
      batch: 64,
      learningRate: 5e-3,
      weightDecay: 1e-4,
      clip: 1,
      warmup: 0.1,
      ema: 0.98,
      validationShare: 0.1,
      validations: 6,
      ...settings.train,
    },
  };
  check(spec);
  return spec;
}

/** Steps of an answer, given those of its input. */
export function answerSteps({ family, horizon }: TaskSpec, inputSteps: number): number {
  if (family === 'sequenceToVector') return 1;
  return family === 'aligned' ? inputSteps : horizon;
}

function check(spec: TaskSpec): void {
  const fail = (name: keyof TaskSpec, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', `The setting ${name} of a ${spec.family} task cannot be ${JSON.stringify(spec[name])}.`, {
      hint,
      subject: { setting: name },
    });
  };
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  if (!TASK_FAMILIES.includes(spec.family)) fail('family', `Families are ${TASK_FAMILIES.join(', ')}.`);
  if (!CELL_KINDS.includes(spec.cell)) fail('cell', `Cells are ${CELL_KINDS.join(', ')}.`);
  for (const name of ['inputs', 'outputs', 'contextLength', 'horizon', 'hidden'] as const)
    if (!whole(spec[name], 1)) fail(name, 'Give a whole number, at least 1.');
  if (!whole(spec.known, 0)) fail('known', 'Give a whole number, or 0 for none.');
  const ownSequence = spec.family === 'vectorToSequence' || spec.family === 'unaligned';
  if (!ownSequence && spec.horizon !== 1) fail('horizon', 'Only answers that are sequences of their own have one.');
  if (!ownSequence && spec.known > 0) fail('known', 'Only answers that are sequences of their own have known numbers.');
  if (spec.family === 'vectorToSequence' && spec.contextLength !== 1) fail('contextLength', 'A vector is no sequence: leave it at 1.');
  if (spec.family === 'vectorToSequence' && spec.scaling !== 'training') fail('scaling', 'Vectors are scaled over the training examples.');
  if (spec.answer === 'classes' && spec.outputs < 2) fail('outputs', 'Give the number of classes, at least 2.');
  const ascending = spec.levels.every((level, i) => level > (spec.levels[i - 1] ?? 0) && level < 1);
  if (spec.levels.length === 0 || !ascending) fail('levels', 'Give ascending levels between 0 and 1.');
  const { steps, batch, validationShare } = spec.train;
  if (!whole(steps, 1) || !whole(batch, 1)) fail('train', 'Give at least one step and one example per batch.');
  if (!(validationShare >= 0 && validationShare < 1)) fail('train', 'Give a validationShare of at least 0 and below 1.');
}
