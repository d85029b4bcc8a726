import type { AttentionMapsResource } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { columnWeights, scaleOf, seasonMarks, shadeOf, weightByLag } from './weights';

const at = (hour: number): string => new Date(Date.UTC(2001, 0, 1, hour)).toISOString();
const maps: AttentionMapsResource = {
  runId: '00000000-0000-4000-8000-000000000000',
  uniqueId: 'ATL',
  contextLength: 4,
  columnSteps: 1,
  columns: [0, 1, 2, 3].map(at),
  rows: [4, 5].map(at),
  maps: {
    contextual: [
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ],
    temporal: [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ],
  },
  branches: ['contextual', 'temporal'],
  gate: [
    [0.25, 0.75],
    [0.5, 0.5],
  ],
};

describe('attention', () => {
  it('weighs the branches of a step by the gate', () => {
    expect(columnWeights(maps, 0)).toEqual([0.75, 0, 0, 0.25]);
  });
  it('averages over the horizon, and keeps the mass at one', () => {
    const mean = columnWeights(maps, null);
    expect(mean).toEqual([0.375, 0.25, 0, 0.375]);
    expect(mean.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1);
  });
  it('puts a season into one bar, whatever the horizon step', () => {
    expect(weightByLag(maps, maps.maps['temporal'] ?? []).filter(({ weight }) => weight > 0)).toEqual([{ lag: 4, weight: 1 }]);
  });
  it('shades from the smallest weight to the largest, and makes nothing stand out where all are the same', () => {
    const scale = scaleOf([0.1, 0.3, 0.2]);
    expect([0.1, 0.2, 0.3].map((weight) => shadeOf(weight, scale))).toEqual([0, expect.closeTo(0.5), 1]);
    expect(shadeOf(0.25, scaleOf([0.25, 0.25]))).toBe(0.3);
  });
  it('marks multiples of a season, as many as can be read', () => {
    expect(seasonMarks([24, 168], 384)).toEqual([168, 336]);
    expect(seasonMarks([24, 168], 120)).toEqual([24, 48, 72, 96, 120]);
    expect(seasonMarks([12], 6)).toEqual([]);
  });
});
