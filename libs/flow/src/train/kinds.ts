/** The kinds of model that can be asked for, without loading the library that has them; a test compares the two. */
export interface ModelKind {
  kind: string;
  summary: string;
  /** False: a baseline, which learns nothing. */
  trainable: boolean;
  /** Learns without a network to speak of, in seconds. */
  quick?: true;
}

const baseline = (kind: string, summary: string): ModelKind => ({ kind, summary, trainable: false });

export const MODEL_KINDS: readonly ModelKind[] = [
  {
    kind: 'segment',
    summary: 'Recurrent sequence-to-sequence network over segments, with contextual and temporal attention; one model for all series.',
    trainable: true,
  },
  {
    kind: 'recurrent',
    summary:
      'Recurrent sequence-to-sequence network step by step, with contextual, temporal and pointer attention; slower, for looking into.',
    trainable: true,
  },
  {
    kind: 'ensemble',
    summary: 'Several different networks, and simpler models where they help, combined quantile by quantile.',
    trainable: true,
  },
  {
    kind: 'coldStart',
    summary:
      'Another model, and beside it a network that forecasts series without a history from their static covariates and the calendar.',
    trainable: true,
  },
  {
    kind: 'online',
    summary: 'A small recurrent network for each series, whose shadow goes on learning with every observation (see `learn`).',
    trainable: true,
    quick: true,
  },
  {
    kind: 'linear',
    summary: 'A weighted sum of the last values for each step, by ridge regression; fitted in seconds, and hard to beat on long series.',
    trainable: true,
    quick: true,
  },
  baseline('naive', 'The last value.'),
  baseline('seasonalNaive', 'The value one season ago.'),
  baseline('drift', 'The line through the first and the last value.'),
  baseline('naive2', 'The last value, seasonally adjusted (the reference of the M4 competition).'),
  baseline('theta', 'The Theta method.'),
  baseline('optimisedTheta', 'The Theta method with its parameter fitted to each series.'),
  baseline('autoEts', 'Exponential smoothing, its form chosen for each series.'),
];

/** False for a baseline, and for what nobody knows. */
export const isTrainable = (kind: string): boolean => MODEL_KINDS.some((known) => known.kind === kind && known.trainable);

/** Whether a training is worth an accelerator, and its cost an estimate. */
export const isHeavy = (kind: string): boolean => MODEL_KINDS.some((known) => known.kind === kind && known.trainable && !known.quick);
