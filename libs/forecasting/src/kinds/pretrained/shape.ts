/**
 * Sizes of the pretrained network and of what it reads. They belong to the shipped weights: a change here needs new ones.
 * Loads no TensorFlow.js.
 */

/** Steps that are read, and forecast, at once. */
export const SEGMENT = 16;
/** Segments of history that the encoder reads at most: 512 steps. */
export const CONTEXT_SEGMENTS = 32;
export const CONTEXT = SEGMENT * CONTEXT_SEGMENTS;
/** Segments forecast in one pass: 64 steps. */
export const HORIZON_SEGMENTS = 4;
export const HORIZON = SEGMENT * HORIZON_SEGMENTS;
/** Steps of a history that a forecast may depend on: seasons, second seasons and the coarse view reach further back than the encoder. */
export const LOOK_BACK = 2048;
/** The coarse view: means of the last blocks, each of a season or of so many steps. */
export const COARSE_BLOCKS = 32;
export const LEAST_BLOCK = 8;

/** Width of the recurrent layers. */
export const WIDTH = 128;
/** Width of the part that works step by step. */
export const STEP_WIDTH = 64;

/** Learned levels, ascending; others are interpolated. */
export const LEVELS: readonly number[] = [0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975];

/** The same phase of so many past seasons, and of so many past second seasons. */
export const SEASON_LAGS = 5;
export const SECOND_LAGS = 3;
export const LAGS = SEASON_LAGS + SECOND_LAGS;
/** Simple methods that are continued past the origin, once on the values and once on their logarithms; see `methods.ts`. */
export const METHODS = 6;
/** What the temporal attention chooses from at each step. */
export const CANDIDATES = LAGS + 2 * METHODS;

/** Sine and cosine of both seasons. */
export const PHASES = 4;
/** What is known of a window as a whole; `facts.ts` lists them. */
export const FACTS = 20 + 4 * METHODS;

/** Values, mask, difference to a season before, value without its season. */
export const SEGMENT_INPUTS = 4 * SEGMENT + PHASES;
export const COARSE_INPUTS = 2 * COARSE_BLOCKS + FACTS;
export const QUERY_INPUTS = FACTS + PHASES + HORIZON_SEGMENTS;
/** Candidates, which lags there are, phases, how far ahead. */
export const STEP_INPUTS = CANDIDATES + LAGS + PHASES + 1;
