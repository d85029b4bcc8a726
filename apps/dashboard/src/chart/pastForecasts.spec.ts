import type { Forecast } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { forecastAt, pastForecasts } from './pastForecasts';

const hour = (h: number): string => new Date(Date.UTC(2001, 0, 1, h)).toISOString();
const at = (h: number): number => Date.parse(hour(h)) / 1000;
const forecast = (runId: string, cutoff: number, median: number[]): Forecast => ({
  runId,
  model: 'm',
  version: 1,
  uniqueId: 'ATL',
  cutoff: hour(cutoff),
  ds: median.map((_, step) => hour(cutoff + 1 + step)),
  levels: [0.1, 0.5, 0.9],
  quantiles: [median.map((one) => one - 1), median, median.map((one) => one + 1)],
  final: null,
  notes: [],
  calibration: null,
});

describe('forecasts of the past', () => {
  const past = pastForecasts(
    [forecast('c', 9, [7, 7]), forecast('b2', 4, [5, 5, 5]), forecast('b1', 4, [4]), forecast('a', 2, [1, 2, 3])],
    'c',
  );

  it('are drawn from the oldest cutoff on, the newest of each cutoff, without the one that is shown already', () => {
    expect(past.map(({ runId }) => runId)).toEqual(['a', 'b2']);
    expect(past[0]).toMatchObject({ cutoff: at(2), x: [at(3), at(4), at(5)], median: [1, 2, 3], lo: [0, 1, 2], hi: [2, 3, 4] });
  });

  it('tell what was last forecast for a moment', () => {
    expect(forecastAt(past, at(5))).toMatchObject({ forecast: { runId: 'b2' }, step: 0 });
    expect(forecastAt(past, at(3))).toMatchObject({ forecast: { runId: 'a' }, step: 0 });
    expect(forecastAt(past, at(9))).toBeUndefined();
  });
});
