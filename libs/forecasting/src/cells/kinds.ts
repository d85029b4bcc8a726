/** The recurrent cells by their names. Loads no TensorFlow.js, so that settings can be checked without it. */
export const CELL_KINDS = ['rnn', 'lstm', 'gru', 'minGru', 'slstm'] as const;
export type CellKind = (typeof CELL_KINDS)[number];

/** Gates of a cell, each as wide as its state. */
export const GATES: Record<CellKind, number> = { rnn: 1, lstm: 4, gru: 3, minGru: 2, slstm: 4 };
