import { describe, expect, it } from 'vitest';
import { Draws } from './draws.js';
import { drawWindows } from './sampler.js';
import { type Family, synthesise } from './synthesise.js';

const SEED = 7;
const series = (family: Family, count: number, length: number, seasons = { season: 12, second: 0 }): Float64Array[] =>
  Array.from({ length: count }, (_, i) => synthesise(new Draws(SEED, 1, i), length, seasons, family));

function correlation(values: Float64Array, lag: number): number {
  const differences = values.slice(1).map((value, i) => value - values[i]!);
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  let [own, with_] = [0, 0];
  differences.forEach((value, t) => {
    own += (value - mean) ** 2;
    if (t >= lag) with_ += (value - mean) * (differences[t - lag]! - mean);
  });
  return own > 0 ? with_ / own : 0;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('synthetic series', () => {
  it.each(['parts', 'smoothing', 'kernels', 'mixture'] as const)('of the family %s are finite, and most of them move', (family) => {
    const all = series(family, 60, 180);
    expect(all.every((values) => values.every(Number.isFinite))).toBe(true);
    const moving = all.filter((values) => new Set(values).size > 5);
    expect(moving.length).toBeGreaterThan(50);
  });

  it('are the same for the same draws, and others for others', () => {
    const [one, again, other] = [SEED, SEED, SEED + 1].map((seed) => synthesise(new Draws(seed, 1, 3), 100, { season: 7, second: 0 }));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('repeat after their season more than after another number of steps', () => {
    const all = series('parts', 150, 240);
    const [own, off] = [12, 7].map((lag) => mean(all.map((values) => correlation(values, lag))));
    expect(own).toBeGreaterThan(0.25);
    expect(own! - off!).toBeGreaterThan(0.25);
  });

  it('hold business growth, counts, rare demand and values cut off, each in some of them', () => {
    const all = Array.from({ length: 600 }, (_, i) => synthesise(new Draws(SEED, 2, i), 200, { season: 7, second: 0 }));
    const share = (holds: (values: Float64Array) => boolean): number => all.filter(holds).length / all.length;
    const half = (values: Float64Array, from: number): number => mean([...values.subarray(from, from + 100)]);
    expect(share((values) => values.every((value) => value > 0) && half(values, 100) > 1.3 * half(values, 0))).toBeGreaterThan(0.05);
    expect(
      share((values) => values.every((value) => value >= 0 && Number.isInteger(value)) && values.some((value) => value > 1)),
    ).toBeGreaterThan(0.04);
    expect(share((values) => values.filter((value) => value === 0).length > 100)).toBeGreaterThan(0.02);
    const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
    expect(
      share((values) => new Set(values).size > 100 && values.filter((value) => value === highest(values)).length > 10),
    ).toBeGreaterThan(0.01);
  });
});

describe('windows to train on', () => {
  it('are those of seed and step, whichever were drawn before', () => {
    const first = drawWindows(SEED, 5);
    drawWindows(SEED, 6);
    expect(drawWindows(SEED, 5)).toEqual(first);
    expect(drawWindows(SEED + 1, 5)).not.toEqual(first);
  });

  it('have from 3 to 1,024 known steps, gaps in some, and always a value', () => {
    const drafts = Array.from({ length: 12 }, (_, step) => drawWindows(SEED, step));
    const histories = drafts.flatMap(({ windows }) => windows.map(({ history }) => history));
    const lengths = histories.map(({ length }) => length);
    expect(Math.min(...lengths)).toBeLessThan(6);
    expect(Math.max(...lengths)).toBeGreaterThan(512);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1024);
    const gaps = histories.filter((history) => history.some(Number.isNaN)).length / histories.length;
    expect(gaps).toBeGreaterThan(0.05);
    expect(gaps).toBeLessThan(0.2);
    expect(histories.every((history) => !history.every(Number.isNaN))).toBe(true);
    for (const { windows, m } of drafts) for (const { future } of windows) expect(future).toHaveLength(16 * m);
  });

  it('are given another season than the true one now and then', () => {
    const given = new Set(
      Array.from({ length: 30 }, (_, step) => drawWindows(SEED, step)).flatMap(({ windows }) => windows.map(({ season }) => season)),
    );
    for (const season of [1, 4, 7, 12, 24]) expect(given).toContain(season);
  });
});
