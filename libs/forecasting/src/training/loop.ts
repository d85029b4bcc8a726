/**
 * The training loop of every network: steps, averaged weights scored on the validation windows, the best of them kept; it ends
 * after a fixed number of steps, or earlier when validation has long stopped improving. Everything random is a function of
 * (seed, step), so a run that is stopped and resumed ends with the same weights as one that never was.
 */
import { AlmanacError } from '@almanac/series';
import type { FitOptions, FitProgress } from '../forecaster.js';
import { letOthers } from '../turns.js';
import type { TrainingState } from './state.js';

const REPORT_EVERY = 5;

export interface Training {
  steps: number;
  /** Times that validation is scored over the run. */
  validations: number;
  /** Training stops after so many scores in a row without a better one; never where absent. */
  patience?: number | undefined;
  /** Draws, differentiates and updates the weights; steps count from 0. @returns the loss */
  step(step: number): number | Promise<number>;
  /** Scores averaged weights on what training never sees; absent where there is nothing, and the last average is kept. */
  validate?: ((average: Float32Array) => number) | undefined;
  /** What else is said of a step that was validated. */
  describe?(step: number): Partial<FitProgress>;
}

/**
 * Trains until it is done; the weights to keep are then in `state.best`.
 *
 * @throws TRAINING_CANCELLED
 */
export async function runTraining(
  training: Training,
  state: TrainingState,
  { onProgress, signal, checkpoint }: Pick<FitOptions, 'onProgress' | 'signal' | 'checkpoint'>,
): Promise<void> {
  const { steps, validations, patience = Infinity } = training;
  const every = Math.max(1, Math.floor(steps / validations));
  const firstStep = state.step;
  let started = performance.now();
  let saved = firstStep;
  for (let step = firstStep; step < steps && state.stale < patience; step++) {
    // While threads are lent no step is late.
    const before = performance.now();
    await letOthers();
    started += performance.now() - before;
    if (signal?.aborted) {
      if (checkpoint && state.step > saved) await checkpoint.save(state.save());
      throw cancelled(state.step);
    }
    const loss = await training.step(step);
    state.step = step + 1;
    const last = step + 1 === steps;
    const due = (step + 1) % every === 0 || last;
    const validation = due ? training.validate?.(state.average) : undefined;
    if (validation !== undefined) state.scored(validation);
    else if (last && !training.validate) state.best.set(state.average);
    if (onProgress && (validation !== undefined || (step + 1) % REPORT_EVERY === 0 || last)) {
      const stepsPerSecond = (1000 * (step + 1 - firstStep)) / (performance.now() - started);
      onProgress({
        step: step + 1,
        totalSteps: steps,
        loss,
        ...(validation === undefined ? {} : { validation, ...training.describe?.(step) }),
        stepsPerSecond,
        etaSeconds: (steps - step - 1) / stepsPerSecond,
      });
    }
    if (checkpoint && (step + 1) % checkpoint.everySteps === 0 && !last) {
      await checkpoint.save(state.save());
      saved = state.step;
    }
  }
  if (signal?.aborted && state.step < steps) throw cancelled(state.step);
}

function cancelled(step: number): AlmanacError {
  return new AlmanacError('TRAINING_CANCELLED', `Training was cancelled after ${step} steps.`, {
    hint: 'Start the run again, or resume it from its last checkpoint.',
  });
}
