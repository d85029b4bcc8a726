import type { AttentionMapsResource } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { columnWeights, weightByLag } from './weights';

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
});
