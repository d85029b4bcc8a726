import { expect, it } from 'vitest';
import type { SeriesData } from '../../forecaster.js';
import { defaultConfig } from './config.js';
import { LossWeights } from './loss.js';
import { KnownSeries, WindowReader } from './windows.js';

const HORIZON = 12;

/** Weights of one window of each of two series. */
function weightsOf(metric: 'owa' | 'wql', value: (t: number, series: number) => number): number[] {
  const series = [0, 1].map((s): SeriesData => ({
    id: `s${s}`,
    firstStep: 0,
    values: Float64Array.from({ length: 120 }, (_, t) => value(t, s)),
  }));
  const config = defaultConfig({ frequency: 'MS', seasonLengths: [12], horizon: HORIZON, lengths: [120, 120], count: 2, metric });
  const reader = new WindowReader(config, KnownSeries.of(series, config));
  const windows = series.map((one) => ({ series: one, origin: 100 }));
  const weights = new LossWeights(config, reader.sizes);
  weights.calibrate(windows, reader.read(windows));
  return [...weights.of(windows, reader.read(windows))];
}

it('weighs for point and distribution by default, and as for the WQL where much is 0', () => {
  const busy = (t: number, s: number): number => 10 ** s * (20 + 5 * Math.sin((2 * Math.PI * t) / 12) + ((t * 7) % 5));
  expect(weightsOf('owa', busy)).not.toEqual(weightsOf('wql', busy));
  const rare = (t: number, s: number): number => (t % 3 === 0 ? 10 ** s * (1 + (t % 4)) : 0);
  expect(weightsOf('owa', rare)).toEqual(weightsOf('wql', rare));
});

it('lets a step near 0 weigh at most four times an ordinary one of its series', () => {
  const dips = (t: number): number => (t % 12 === 5 ? 0.001 : 20) + ((t * 7) % 5) / 10;
  const weights = weightsOf('owa', dips).filter((weight) => weight > 0);
  expect(Math.max(...weights) / Math.min(...weights)).toBeLessThan(5);
});

it('leaves a line its say beside a series that repeats itself exactly', () => {
  const lineAndSine = (t: number, s: number): number => (s === 0 ? 1e6 + 2000 * t : 1e-3 * Math.sin((2 * Math.PI * t) / 12));
  const weights = weightsOf('owa', lineAndSine);
  const sum = (of: number): number =>
    weights.filter((_, at) => Math.floor(at / HORIZON) % 2 === of).reduce((all, weight) => all + weight, 0);
  expect(sum(0)).toBeGreaterThan(sum(1) / 15);
});
