import type { LiveScore } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { findBreak } from './breaks.js';

const DAY = 24;

/** Daily forecasts of an hourly series: ordinary ones, and what a day makes of them. */
const days = (count: number, change: (day: number) => Partial<LiveScore> = () => ({})): LiveScore[] =>
  Array.from({ length: count }, (_, day) => ({
    runId: '00000000-0000-4000-8000-000000000000',
    version: 1,
    cutoff: day * DAY,
    series: 1,
    wql: 0.05 + 0.002 * Math.sin(day * 2.1),
    naiveWql: 0.08,
    baselines: both(0.08, 0.09),
    mase: 0.8,
    coverage80: 0.8,
    bias: 0,
    ...change(day),
  }));
const both = (naive: number, theta: number): LiveScore['baselines'] => [
  { label: 'seasonalNaive (24)', wql: naive },
  { label: 'theta', wql: theta },
];
const find = (scores: readonly LiveScore[], champion = 1): ReturnType<typeof findBreak> =>
  findBreak(scores, champion, { holdouts: new Map([[1, 0.05]]), judged: DAY, stepOf: Number });

describe('a break', () => {
  /** From a day on nothing holds; baselines have seen it a day later. */
  const shifted = (count: number, from: number): LiveScore[] =>
    days(count, (day) =>
      day === from ? { wql: 0.7, baselines: both(0.7, 0.7) } : day > from ? { wql: 0.6, baselines: both(0.08, 0.07) } : {},
    );

  it('is confirmed by two forecasts after the day it came, whether much or nothing went before, and names the best baseline', () => {
    for (const from of [0, 2, 12]) {
      expect(find(shifted(from + 1, from))).toBeNull();
      expect(find(shifted(from + 2, from))).toBeNull();
      expect(find(shifted(from + 3, from))).toEqual({ version: 1, since: from * DAY, baseline: 'theta', wql: 0.6, baselineWql: 0.07 });
    }
    expect(find(shifted(15, 12), 2)).toBeNull();
  });

  it('is no odd day, which nobody expected and baselines repeat, nor anything that baselines forecast no better', () => {
    for (let count = 1; count <= 16; count++) {
      const odd = days(count, (day) =>
        day === 8 ? { wql: 0.7, baselines: both(0.68, 0.7) } : day === 9 ? { wql: 0.3, baselines: both(0.9, 0.2) } : {},
      );
      expect(find(odd)).toBeNull();
      expect(find(days(count, (day) => (day >= 8 ? { wql: 0.3, baselines: both(0.3, 0.28) } : {})))).toBeNull();
    }
  });

  it('is no echo of an odd day, which a model of lags repeats for two days while baselines have forgotten it', () => {
    const echo = (last: number): LiveScore[] =>
      days(last + 1, (day) => (day >= 15 && day <= last ? { wql: 0.11, baselines: both(0.08, 0.035) } : {}));
    for (const last of [15, 16, 17]) expect(find(echo(last))).toBeNull();
    // What lasts is no echo.
    expect(find(echo(18))).toMatchObject({ baseline: 'theta' });
  });

  it('wants forecasts that share no step, and none in between that went well', () => {
    const hourly = (count: number): LiveScore[] =>
      days(count, (n) => (n >= 8 ? { cutoff: 8 * DAY + (n - 8), wql: 0.6, baselines: n === 8 ? both(0.6, 0.6) : both(0.08, 0.07) } : {}));
    expect(find(hourly(8 + DAY + 1))).toBeNull();
    expect(find(hourly(8 + DAY + 2))).toMatchObject({ baseline: 'theta' });
    expect(find(days(12, (day) => (day === 8 || day === 9 || day === 11 ? { wql: 0.6, baselines: both(0.08, 0.07) } : {})))).toBeNull();
  });
});
