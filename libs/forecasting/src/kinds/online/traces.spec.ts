import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { gruCell, lstmCell, tanhCell, type Linearised, type OnlineCell } from './cell.js';
import { createTrace, type TraceRule } from './traces.js';

const [D, T, I] = [4, 12, 2];
const normals = (count: number, seed: number, size = 1): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => size * random.normal());
};

describe.each([
  ['tanh', tanhCell(I, D)],
  ['GRU', gruCell(I, D)],
  ['LSTM', lstmCell(I, D)],
] as [string, OnlineCell][])('learning forward in time, %s cell', (_, cell) => {
  const size = cell.hidden * cell.perUnit;
  const weights = normals(size, 5, 0.5);
  const xs = normals(T * I, 6);
  const delta = normals(D, 7);
  /** The states do not depend on the trace, so that draws share them. */
  const stepsOf = (w: Float64Array): Linearised[] => {
    let state: Float64Array = new Float64Array(cell.states);
    return Array.from({ length: T }, (_, t) => {
      const step = cell.linearise(w, state, xs.subarray(t * I, (t + 1) * I));
      state = step.next;
      return step;
    });
  };
  const steps = stepsOf(weights);
  const gradientBy = (rule: TraceRule, random = new Random(1)): Float64Array => {
    const trace = createTrace(rule, cell, random, 1);
    for (const step of steps) trace.advance(step);
    const gradient = new Float64Array(size);
    trace.addGradient(delta, gradient);
    return gradient;
  };
  const exact = gradientBy('rtrl');

  it('RTRL equals finite differences', () => {
    const loss = (w: Float64Array): number =>
      stepsOf(w)
        .at(-1)!
        .next.subarray(0, D)
        .reduce((sum, value, j) => sum + delta[j]! * value, 0);
    exact.forEach((value, i) => {
      const moved = (by: number): Float64Array => weights.map((weight, k) => (k === i ? weight + by : weight));
      expect(value).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 7);
    });
  });

  it.each(['uoro', 'noBackTrack'] as const)('%s has the exact gradient as its mean (20,000 draws, |z| < 4.5)', (rule) => {
    const random = new Random(11);
    const draws = 20_000;
    const sum = new Float64Array(size);
    const squares = new Float64Array(size);
    for (let k = 0; k < draws; k++) {
      const gradient = gradientBy(rule, random);
      for (let i = 0; i < size; i++) {
        sum[i]! += gradient[i]!;
        squares[i]! += gradient[i]! ** 2;
      }
    }
    let [dot, a, b, worst, noise] = [0, 0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      const mean = sum[i]! / draws;
      const variance = squares[i]! / draws - mean * mean;
      worst = Math.max(worst, Math.abs(mean - exact[i]!) / Math.sqrt(variance / draws + 1e-20));
      dot += mean * exact[i]!;
      a += mean * mean;
      b += exact[i]! ** 2;
      noise += variance;
    }
    expect(worst).toBeLessThan(4.5);
    expect(dot / Math.sqrt(a * b)).toBeGreaterThan(0.999);
    expect(Math.sqrt(noise / b)).toBeLessThan(8);
  });
});
