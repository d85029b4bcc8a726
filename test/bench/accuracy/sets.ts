/** The data sets of `accuracy all`, each with its goal and published rows. Small ones first. */
import { bikeSharing, ett, exchangeRate, type HeldOut, m3, m4Hourly, tourism, type Windows } from './data.js';

export interface BenchSet {
  heldOut?: (dataDir: string) => HeldOut;
  windows?: (dataDir: string) => { data: Windows; horizon: number; history: number };
  /** What the table compares with: published figures, and the goal of the project. */
  peers: { metric: 'owa' | 'mase' | 'wql' | 'mse'; name: string; value: number }[];
}

/** Steps of history that every forecast of a long series is given; the settings decide how many of them are read. */
const HISTORY = 1440;
const ettSet = (file: 'ETTh1' | 'ETTm1', horizon: number, goal: number, duet: number): BenchSet => ({
  windows: (dataDir) => ({ data: ett(dataDir, file), horizon, history: HISTORY }),
  peers: [
    { metric: 'mse', name: 'goal', value: goal },
    { metric: 'mse', name: 'DUET', value: duet },
  ],
});

/** AutoETS and AutoTheta are statsforecast's; M3's formulae are those of ../shared/data/README.md. */
export const SETS: Record<string, BenchSet> = {
  'tourism-yearly': { heldOut: (dir) => tourism(dir, 'yearly'), peers: [{ metric: 'wql', name: 'goal', value: 0.097 }] },
  'm3-yearly': {
    heldOut: (dir) => m3(dir, 'yearly'),
    peers: [
      { metric: 'owa', name: 'goal', value: 0.825 },
      { metric: 'mase', name: 'AutoTheta', value: 2.61 },
      { metric: 'mase', name: 'AutoETS', value: 2.695 },
      { metric: 'wql', name: 'AutoTheta', value: 0.1277 },
    ],
  },
  'm3-other': {
    heldOut: (dir) => m3(dir, 'other'),
    peers: [
      { metric: 'owa', name: 'goal', value: 0.61 },
      { metric: 'mase', name: 'AutoETS', value: 1.801 },
      { metric: 'wql', name: 'AutoETS', value: 0.032 },
    ],
  },
  'm3-quarterly': {
    heldOut: (dir) => m3(dir, 'quarterly'),
    peers: [
      { metric: 'owa', name: 'goal', value: 0.845 },
      { metric: 'mase', name: 'AutoTheta', value: 1.103 },
      { metric: 'mase', name: 'AutoETS', value: 1.143 },
      { metric: 'wql', name: 'AutoTheta', value: 0.0696 },
    ],
  },
  'tourism-quarterly': {
    heldOut: (dir) => tourism(dir, 'quarterly'),
    peers: [
      { metric: 'wql', name: 'goal', value: 0.059 },
      { metric: 'wql', name: 'AutoTheta', value: 0.061241 },
    ],
  },
  'tourism-monthly': {
    heldOut: (dir) => tourism(dir, 'monthly'),
    peers: [
      { metric: 'wql', name: 'goal', value: 0.076 },
      { metric: 'wql', name: 'AutoARIMA', value: 0.090934 },
    ],
  },
  exchange: {
    heldOut: exchangeRate,
    peers: [
      { metric: 'wql', name: 'goal', value: 0.01 },
      { metric: 'wql', name: 'AutoTheta', value: 0.009714 },
    ],
  },
  'm3-monthly': {
    heldOut: (dir) => m3(dir, 'monthly'),
    peers: [
      { metric: 'owa', name: 'goal', value: 0.795 },
      { metric: 'owa', name: 'DOT', value: 0.85 },
      { metric: 'wql', name: 'DOT', value: 0.094 },
    ],
  },
  'm4-hourly': {
    heldOut: m4Hourly,
    peers: [
      { metric: 'owa', name: 'goal', value: 0.385 },
      { metric: 'owa', name: 'ES-RNN, the winner', value: 0.44 },
      { metric: 'wql', name: 'goal', value: 0.0262 },
    ],
  },
  bike: {
    windows: (dir) => ({ data: bikeSharing(dir), horizon: 48, history: HISTORY }),
    peers: [{ metric: 'wql', name: 'goal', value: 0.175 }],
  },
  'etth1-96': ettSet('ETTh1', 96, 0.347, 0.352),
  'etth1-192': ettSet('ETTh1', 192, 0.388, 0.398),
  'etth1-336': ettSet('ETTh1', 336, 0.414, 0.414),
  'etth1-720': ettSet('ETTh1', 720, 0.426, 0.429),
  'ettm1-96': ettSet('ETTm1', 96, 0.275, 0.279),
  'ettm1-192': ettSet('ETTm1', 192, 0.318, 0.32),
  'ettm1-336': ettSet('ETTm1', 336, 0.348, 0.348),
  'ettm1-720': ettSet('ETTm1', 720, 0.402, 0.405),
};
