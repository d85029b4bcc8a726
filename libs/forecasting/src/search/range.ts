/** Values between two positive ends, evenly over their logarithm. */
export interface LogRange {
  from: number;
  to: number;
}

/** Choices for settings, named by their path in a configuration. */
export type Choices = Record<string, unknown[] | LogRange>;

export function isRange(choice: unknown[] | LogRange): choice is LogRange {
  return !Array.isArray(choice);
}

/** What is worth varying of any network that is trained: context, width, scaler, head and learning rate. */
export function networkChoices({
  contextLength,
  hidden,
  train,
}: {
  contextLength: number;
  hidden: number;
  train: { learningRate: number };
}): Choices {
  return {
    contextLength: [0.5, 1, 1.5, 2].map((factor) => Math.max(2, Math.round(factor * contextLength))),
    hidden: [hidden >> 1, hidden, 2 * hidden],
    scaler: ['seasonalDifference', 'lastValue', 'robustArcsinh'],
    head: ['quantile', 'studentT'],
    'train.learningRate': { from: train.learningRate / 4, to: train.learningRate * 4 },
  };
}
