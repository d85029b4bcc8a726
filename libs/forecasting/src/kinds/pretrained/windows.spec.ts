import { describe, expect, it } from 'vitest';
import { Methods } from './methods.js';
import { CANDIDATES, LAGS, METHODS, SEGMENT } from './shape.js';
import { contextSegments, WindowReader } from './windows.js';

const wave = (length: number, season: number): Float64Array =>
  Float64Array.from({ length }, (_, t) => 100 + 10 * Math.sin((2 * Math.PI * t) / season));

describe('the windows of the pretrained network', () => {
  it('read the same in another unit', () => {
    const history = wave(90, 12);
    const read = (values: Float64Array) => new WindowReader().read([{ history: values, season: 12, second: 0 }], 8, 2);
    const [one, other] = [read(history), read(history.map((value) => 1000 * value))];
    for (const name of ['segments', 'coarse', 'queries', 'steps', 'candidates'] as const)
      one[name].forEach((value, i) => expect(other[name][i], `${name} ${i}`).toBeCloseTo(value, 5));
    expect(other.scale[0]).toBeCloseTo(1000 * one.scale[0]!, 6);
  });

  it('read nothing of what followed', () => {
    const history = wave(60, 12);
    const read = (future: Float64Array) => new WindowReader().read([{ history, season: 12, second: 0, future }], 4, 1);
    const [one, other] = [read(new Float64Array(16).fill(1)), read(new Float64Array(16).fill(999))];
    for (const name of ['segments', 'coarse', 'queries', 'steps', 'candidates', 'weight'] as const) expect(other[name]).toEqual(one[name]);
    expect(other.target).not.toEqual(one.target);
  });

  it('read each window as if it were alone', () => {
    const windows = [wave(50, 12), wave(64, 7).map((value) => Math.exp(value / 20)), Float64Array.of(...wave(40, 4), NaN, 3)].map(
      (history, i) => ({
        history,
        season: [12, 7, 4][i]!,
        second: 0,
      }),
    );
    const reader = new WindowReader();
    const together = reader.read(windows, 4, 1);
    windows.forEach((window, b) => {
      const alone = reader.read([window], 4, 1);
      const rows = together.candidates.subarray(b * SEGMENT * CANDIDATES, (b + 1) * SEGMENT * CANDIDATES);
      expect(rows).toEqual(alone.candidates);
      expect(together.scale[b]).toBe(alone.scale[0]);
    });
  });

  it('offer the same phase of past seasons, and mask what is older than the series or missing', () => {
    const history = Float64Array.from({ length: 20 }, (_, t) => t);
    history[12] = NaN;
    const { candidates, candidateBias, location, scale } = new WindowReader().read([{ history, season: 7, second: 0 }], 2, 1);
    const value = (step: number, k: number): number => location[0]! + scale[0]! * Math.sinh(candidates[step * CANDIDATES + k]!);
    // One season before the first step ahead is step 13, two before step 6; three would be before the series.
    expect(value(0, 0)).toBeCloseTo(13, 4);
    expect(value(0, 1)).toBeCloseTo(6, 4);
    expect(candidateBias[2]).toBe(-1e9);
    // The value one season before the seventh step is there, the one before the sixth step of the last season is missing.
    expect(value(6, 0)).toBeCloseTo(19, 4);
    expect(candidateBias[6 * CANDIDATES + 1]).toBe(-1e9);
    // No logarithms with a zero among the values.
    expect(candidateBias[LAGS + METHODS]).toBe(-1e9);
  });

  it('share batches by length', () => {
    expect([3, 32, 33, 64, 65, 300, 512, 2048].map(contextSegments)).toEqual([2, 2, 4, 4, 8, 32, 32, 32]);
  });
});

describe('the methods that the network chooses from', () => {
  const forecast = (values: Float64Array, season: number, h: number): Float64Array => {
    const methods = new Methods();
    methods.run(values, values.length, season, 4);
    const out = new Float64Array(METHODS);
    methods.forecast(h, season, out);
    return out;
  };

  it('continue a straight line: the line itself does exactly, the trend nearly', () => {
    const out = forecast(
      Float64Array.from({ length: 60 }, (_, t) => 2 * t),
      1,
      5,
    );
    expect(out[5]).toBeCloseTo(2 * 64, 8);
    expect(Math.abs(out[4]! - 2 * 64)).toBeLessThan(4);
    expect(out[1]!).toBeLessThan(2 * 60);
  });

  it('put the season on', () => {
    const out = forecast(wave(60, 12), 12, 4);
    for (const value of out) expect(value).toBeCloseTo(100 + 10 * Math.sin((2 * Math.PI * 63) / 12), 0);
  });

  it('see no season in noise', () => {
    let state = 1;
    const noise = Float64Array.from({ length: 48 }, () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5);
    const methods = new Methods();
    methods.run(noise, 48, 12, 4);
    expect(methods.strength).toBeLessThan(0.45);
  });

  it('let missing values pass', () => {
    const values = wave(60, 12);
    for (const t of [5, 17, 40, 41, 42, 59]) values[t] = NaN;
    for (const value of forecast(values, 12, 4)) expect(Math.abs(value - 100 - 10 * Math.sin((2 * Math.PI * 63) / 12))).toBeLessThan(3);
  });
});
