/** What training a point-wise network takes, counted from its settings. */
import { GATES } from '../../cells/kinds.js';
import { PROCESS_BYTES, type WorkFacts } from '../plan.js';
import { forksOf, type RecurrentConfig } from './config.js';

/** Layers that read the whole look-back. */
const LAYERS: Record<RecurrentConfig['encoder'], number> = { plain: 1, stacked: 2, bidirectional: 2, dilated: 3, hierarchical: 2, grid: 2 };
const FLOAT = 4;
/** Weights, optimiser state and gradient. */
const COPIES = 7;
/** Freed tensors stay in the engine's heap, which grows in steps and never shrinks. */
const SLACK = 1.5;
const TENSORFLOW = 300 * 2 ** 20;

interface Sizes {
  /** Look-back, horizon rows that are answered, hidden width, numbers per step, branches, quantiles. */
  L: number;
  rows: number;
  D: number;
  F: number;
  branches: number;
  Q: number;
  gates: number;
  layers: number;
}

function sizesOf(config: RecurrentConfig): Sizes {
  const { contextLength: L, horizon, hidden: D, covariates, seasonLengths, branches, levels } = config;
  const forks = config.decoder === 'forking' ? forksOf(config).length : 1;
  return {
    L,
    rows: forks * horizon,
    D,
    F: 2 + 2 * seasonLengths.length + covariates.static.length + covariates.past.length + 2 * covariates.future.length,
    branches: branches.length,
    Q: levels.length,
    gates: GATES[config.cell],
    layers: LAYERS[config.encoder] + config.delays.length,
  };
}

/** Floating-point operations of one training step, counted from the matrix products: forward, and twice that backward. */
export function recurrentOperations(config: RecurrentConfig): number {
  const { L, rows, D, F, branches, Q, gates, layers } = sizesOf(config);
  const encoder = layers * L * 2 * gates * D * (F + D);
  const decoder = rows * 2 * 3 * D * (F + D);
  const attention = rows * L * (2 * D + branches * 4 * D);
  const head = rows * 2 * D * (4 * D + Q);
  return 3 * config.train.batch * (encoder + decoder + attention + head);
}

/** Resident bytes at the peak of a training. */
export function recurrentMemory(config: RecurrentConfig, { observations, engine = 'wasm' }: WorkFacts): number {
  const { L, rows, D, F, branches, Q, gates, layers } = sizesOf(config);
  const encoder = L * (4 * F + layers * (2 * gates + 6) * D);
  const decoder = rows * (2 * F + 24 * D + 8 * Q);
  const attention = rows * L * (6 * branches + 4);
  const activations = FLOAT * SLACK * config.train.batch * (encoder + decoder + attention);
  const weights = FLOAT * COPIES * (layers * gates * D * (F + D) + 12 * D * D + D * Q);
  return PROCESS_BYTES + (engine === 'tensorflow' ? TENSORFLOW : 0) + activations + weights + 16 * observations;
}
