import { describe, expect, it } from 'vitest';
import { adamFactors } from '../adam/adam.js';
import { adamReference } from '../adam/reference.js';
import { SharedOptimiser } from './optimiser.js';

/** Three steps by `ranks` ranks, taken in turn; the gradients of all ranks add up to the same. */
function steps(size: number, ranks: number, clip: number): { optimiser: SharedOptimiser; norms: number[] } {
  const shared = SharedOptimiser.allocate(size, ranks);
  const all = Array.from({ length: ranks }, (_, rank) => new SharedOptimiser(shared, rank));
  const [first] = all as [SharedOptimiser];
  for (let i = 0; i < size; i++) {
    first.values[i] = first.average[i] = Math.sin(i);
    first.decay[i] = i % 2;
  }
  const norms: number[] = [];
  for (let step = 1; step <= 3; step++) {
    all.forEach((one, rank) =>
      one.gradient.forEach(
        (_, i) => (one.gradient[i] = gradientOf(step, i) * (rank === 0 ? 1 : 0.25) * (rank === 0 ? 1 - (ranks - 1) / 4 : 1)),
      ),
    );
    for (const one of all) one.reduce();
    for (const one of all) norms.push(one.update({ step, learningRate: 0.01, weightDecay: 0.1, clip, ema: 0.9 }));
  }
  return { optimiser: first, norms };
}

const gradientOf = (step: number, i: number): number => Math.cos(step * i) / 2;

describe('the shared optimiser', () => {
  it.each([1, 2, 3])('does with %i ranks what the reference does, to 1e-6, for sizes that no vector divides', (ranks) => {
    for (const size of [1, 7, 102])
      for (const clip of [0.1, 1000]) {
        let state = [Float32Array.from({ length: size }, (_, i) => Math.sin(i)), new Float32Array(size), new Float32Array(size)];
        let average = state[0]!.slice();
        const decay = Float32Array.from({ length: size }, (_, i) => i % 2);
        for (let step = 1; step <= 3; step++) {
          const gradient = Float32Array.from({ length: size }, (_, i) => gradientOf(step, i));
          const out = Array.from({ length: 5 }, () => new Float32Array(size));
          const dims = { n: size, ...adamFactors({ step, learningRate: 0.01, weightDecay: 0.1, clip, ema: 0.9 }) };
          adamReference([state[0]!, gradient, state[1]!, state[2]!, average, decay], out, dims);
          state = out.slice(0, 3);
          average = out[3]!;
        }
        const { optimiser } = steps(size, ranks, clip);
        const apart = (ours: Float32Array, truth: Float32Array): number =>
          ours.reduce((most, value, i) => Math.max(most, Math.abs(value - truth[i]!)), 0);
        expect(apart(optimiser.values, state[0]!)).toBeLessThan(1e-6);
        expect(apart(optimiser.m, state[1]!)).toBeLessThan(1e-6);
        expect(apart(optimiser.v, state[2]!)).toBeLessThan(1e-6);
        expect(apart(optimiser.average, average)).toBeLessThan(1e-6);
      }
  });

  it('tells every rank the same norm, and gives the same bits twice', () => {
    const [once, again] = [steps(1001, 3, 1), steps(1001, 3, 1)];
    expect(once.norms[0]).toBe(once.norms[1]);
    expect(once.norms[1]).toBe(once.norms[2]);
    expect(again.optimiser.values).toEqual(once.optimiser.values);
  });
});
