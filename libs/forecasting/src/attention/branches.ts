/** The three alignments by their names. Loads no TensorFlow.js, so that settings can be checked without it. */
export const BRANCHES = ['contextual', 'temporal', 'pointer'] as const;
export type Branch = (typeof BRANCHES)[number];
