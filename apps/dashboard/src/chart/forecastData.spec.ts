import type { Forecast, Observations } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { BANDS, chartData, hindsight, isolated, withDetail } from './forecastData';

const hour = (h: number): string => new Date(Date.UTC(2001, 5, 1, h)).toISOString();
const history: Observations = { uniqueId: 'ATL', channel: 'y', downsampled: false, ds: [0, 1, 2, 3].map(hour), y: [10, null, 12, 13] };
const levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];
const forecast: Forecast = {
  runId: '00000000-0000-4000-8000-000000000000',
  model: 'm',
  version: 1,
  uniqueId: 'ATL',
  cutoff: hour(2),
  ds: [3, 4].map(hour),
  levels,
  quantiles: levels.map((level) => [10 + 10 * level, 20 + 10 * level]),
  final: null,
  notes: [],
  calibration: null,
};

describe('chartData', () => {
  it('puts history and forecast on one axis, the overlap once', () => {
    const [x] = chartData(history, forecast);
    expect(x).toEqual([0, 1, 2, 3, 4].map((h) => Date.parse(hour(h)) / 1000));
  });

  it('keeps a gap as null, and does not invent one where only the forecast has a point', () => {
    expect(chartData(history, forecast)[1]).toEqual([10, null, 12, 13, undefined]);
  });

  it('opens the fan at the last observation used', () => {
    const columns = chartData(history, forecast).slice(2);
    expect(columns).toHaveLength(1 + 2 * BANDS.length);
    for (const column of columns) expect(column[2]).toBe(12);
    expect(columns[0]?.slice(3)).toEqual([15, 25]);
    const [hi, lo] = columns.slice(1, 3);
    expect(hi?.[4]).toBeCloseTo(29.75);
    expect(lo?.[4]).toBeCloseTo(20.25);
  });

  it('draws history alone, and a forecast alone', () => {
    expect(chartData(history, undefined)[0]).toHaveLength(4);
    expect(chartData(undefined, forecast)[0]).toHaveLength(2);
  });
});

describe('isolated', () => {
  it("finds values between gaps and at the ends, not those that a line joins across another line's point", () => {
    expect(isolated([1, null, 2, undefined, 3, null, undefined, 4, undefined, null, 5, 6, null, 7], 0, 13)).toEqual([0, 7, 13]);
    expect(isolated([undefined, 1, undefined], 0, 2)).toEqual([1]);
    expect(isolated([1, null, 2, null, 3], 1, 3)).toEqual([2]);
  });
});

describe('hindsight', () => {
  it('scores only the steps that have come', () => {
    const result = hindsight(history, forecast);
    expect(result).toEqual({ steps: 1, meanAbsoluteError: 2, inside80: 1 });
  });

  it('says nothing before anything came', () => {
    expect(hindsight({ ...history, ds: history.ds.slice(0, 3), y: history.y.slice(0, 3) }, forecast)).toBeNull();
  });
});

describe('a down-sampled history', () => {
  const ds = (...hours: number[]): string[] => hours.map((hour) => new Date(Date.UTC(2024, 0, 1, hour)).toISOString());
  const points = (hours: number[], downsampled: boolean) => ({
    uniqueId: 'a',
    channel: 'y',
    downsampled,
    ds: ds(...hours),
    y: hours.map((hour) => 10 * hour),
  });

  it('shows in full what is looked at, and the rest as it was', () => {
    const whole = points([0, 4, 8, 12, 16], true);
    expect(withDetail(whole, points([7, 8, 9, 10], false))).toEqual({ ...points([0, 4, 7, 8, 9, 10, 12, 16], true) });
    expect(withDetail(whole, points([16, 17], false)).ds).toEqual(ds(0, 4, 8, 12, 16, 17));
    expect(withDetail(whole, points([-2, -1], false)).ds).toEqual(ds(-2, -1, 0, 4, 8, 12, 16));
    expect(withDetail(whole, undefined)).toBe(whole);
    expect(withDetail(whole, points([], false))).toBe(whole);
  });
});
