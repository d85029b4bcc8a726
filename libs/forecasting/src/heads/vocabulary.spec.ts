import { initEngine } from '@almanac/kernels';
import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { alignmentTask } from '../testing/attentionTasks.js';
import { stepHead } from './stepHead.js';
import { positionOf, smoothed, valueAt, VOCABULARY, vocabularyQuantile } from './vocabulary.js';

await initEngine();

describe('the vocabulary', () => {
  it('gives every value within reach back, finer in the middle than in the tails', () => {
    for (const value of [-29, -3, -0.5, 0, 0.01, 1, 7, 29]) expect(valueAt(positionOf(value))).toBeCloseTo(value, 9);
    const width = (value: number): number => valueAt(Math.floor(positionOf(value)) + 1) - valueAt(Math.floor(positionOf(value)));
    expect(width(0)).toBeLessThan(0.02);
    expect(width(20)).toBeGreaterThan(10 * width(0));
    expect(Math.floor(positionOf(1e30))).toBe(VOCABULARY - 1);
    expect(Math.floor(positionOf(-1e30))).toBe(0);
  });

  it('smooths a value over its neighbours, as much of it as there is, around where it lies', () => {
    for (const value of [-1e9, -2, 0, 0.3, 1e9]) {
      const bins = new Float32Array(VOCABULARY);
      smoothed(value, bins, 0);
      expect(bins.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect(Math.abs(positionOf(vocabularyQuantile(bins, 0.5)) - positionOf(value))).toBeLessThan(1);
    }
  });

  it('quantiles cannot cross, whatever the probabilities', () => {
    const random = new Random(1);
    const head = stepHead('vocabulary', { name: 'h', hidden: 4, levels: [0.5] });
    const levels = [0.001, 0.025, 0.1, 0.5, 0.9, 0.975, 0.999];
    for (let i = 0; i < 2000; i++) {
      const row = Float32Array.from({ length: VOCABULARY }, () => (random.next() < 0.9 ? 0 : Math.exp(5 * random.normal())));
      row[random.below(VOCABULARY)] = 1;
      const quantiles = levels.map((level) => head.quantile(row, { level, z: 0 }, 1));
      for (let q = 1; q < levels.length; q++) expect(quantiles[q]!).toBeGreaterThanOrEqual(quantiles[q - 1]!);
    }
  });
});

describe('copying', () => {
  it('a motif heard before is written down word for word, and the pointer says from where', async () => {
    const { mae, mass, untrained } = await alignmentTask({ task: 'copy', branches: ['pointer'], steps: 120, head: 'vocabulary' });
    expect(mae).toBeLessThan(0.3);
    expect(mae).toBeLessThan(0.5 * untrained);
    expect(mass.pointer!).toBeGreaterThan(0.6);
  });
});
