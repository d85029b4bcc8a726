/** Examples of tasks out of the series of a panel. */
import { Random } from '../dataset/random.js';
import { type Panel } from '../forecaster.js';
import { type TaskExample } from './examples.js';

/**
 * One example per window: the context, and an answer worked out from the steps that follow it. Windows are given series by series
 * for each origin in turn, so that the last examples, which validate, are the latest.
 *
 * @param answer gets the `horizon` steps after the context; return NaN where it cannot be said. Windows without any observed context
 * are left out.
 * @example windowExamples(panel, { contextLength: 336, horizon: 168, stepSize: 24, answer: (week) => [Math.max(...week)] })
 */
export function windowExamples(
  panel: Panel,
  options: { contextLength: number; horizon: number; stepSize?: number; answer: (future: Float64Array) => ArrayLike<number> },
): TaskExample[] {
  const { contextLength, horizon, stepSize = 1, answer } = options;
  const dated: { at: number; example: TaskExample }[] = [];
  for (const { values, firstStep } of panel.series) {
    for (let origin = contextLength; origin + horizon <= values.length; origin += stepSize) {
      const input = values.slice(origin - contextLength, origin);
      if (input.every(Number.isNaN)) continue;
      dated.push({ at: firstStep + origin, example: { input, target: Float64Array.from(answer(values.slice(origin, origin + horizon))) } });
    }
  }
  return dated.sort((a, b) => a.at - b.at).map(({ example }) => example);
}

/**
 * Examples of imputation: a stretch of `gap` steps inside each window is hidden from the input and asked for; what was missing anyway
 * is never asked for. An aligned task that learned from them fills the gaps of any sequence of at most `contextLength` steps.
 */
export function gapExamples(
  panel: Panel,
  options: { contextLength: number; gap: number; stepSize?: number; seed?: number },
): TaskExample[] {
  const { contextLength, gap, stepSize = 1, seed = 0 } = options;
  const whole = windowExamples(panel, { contextLength, horizon: 0, stepSize, answer: () => [] });
  return whole.map(({ input }, i) => {
    const from = 1 + new Random(seed, 96, i).below(Math.max(1, contextLength - gap - 1));
    const target = input.map((value, t) => (t >= from && t < from + gap ? value : Number.NaN));
    return { input: input.map((value, t) => (t >= from && t < from + gap ? Number.NaN : value)), target };
  });
}
