import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import type { Panel, SeriesForecast } from '../forecaster.js';
import { normalQuantile } from '../normal.js';
import { totalsCoverage } from './coverage.js';
import { type Dependence, dependenceOf, scoreOf, UNMEASURED } from './dependence.js';
import { type Marginals, PathSampler, quantilesOf } from './sample.js';

const LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];
const H = 14;

/** Outcomes whose errors hang together as said, beside forecasts that are right at each step. */
function world(dependence: Dependence, { series, windows, seed }: { series: number; windows: number; seed: number }) {
  const { persistence, constant, common } = dependence;
  const random = new Random(seed, 1);
  const path = (): number[] => {
    const stays = Math.sqrt(constant) * random.normal();
    let fades = random.normal();
    return Array.from({ length: H }, (_, t) => {
      if (t > 0) fades = persistence * fades + Math.sqrt(1 - persistence ** 2) * random.normal();
      return stays + Math.sqrt(1 - constant) * fades;
    });
  };
  const values = Array.from({ length: series }, () => new Float64Array(windows * H));
  for (let w = 0; w < windows; w++) {
    const shared = path();
    for (let s = 0; s < series; s++)
      path().forEach((own, t) => (values[s]![w * H + t] = 100 + 10 * (Math.sqrt(common) * shared[t]! + Math.sqrt(1 - common) * own)));
  }
  const panel: Panel = {
    series: values.map((of, s) => ({ id: `s${s}`, firstStep: 0, values: of })),
    frequency: 'D',
    timeZone: 'UTC',
    seasonLengths: [7],
  };
  const quantiles = Float64Array.from(LEVELS.flatMap((level) => Array.from({ length: H }, () => 100 + 10 * normalQuantile(level))));
  const forecasts: SeriesForecast[] = values.flatMap((_, s) =>
    Array.from({ length: windows }, (__, w) => ({ id: `s${s}`, cutoff: w * H - 1, quantiles })),
  );
  return { panel, forecasts };
}

const marginals = (of: SeriesForecast): Marginals => ({ ...of, horizon: H, levels: LEVELS });

describe('the dependence of errors', () => {
  it('is found as it is', () => {
    for (const truth of [
      { persistence: 0.8, constant: 0, common: 0.4 },
      { persistence: 0.3, constant: 0.5, common: 0 },
      { persistence: 0, constant: 0, common: 0 },
    ]) {
      const { panel, forecasts } = world(truth, { series: 30, windows: 40, seed: 5 });
      const found = dependenceOf(panel, forecasts, LEVELS);
      const at = (of: Dependence, lag: number): number => of.constant + (1 - of.constant) * of.persistence ** lag;
      for (const lag of [1, 3, 10]) expect(Math.abs(at(found, lag) - at(truth, lag))).toBeLessThan(0.1);
      expect(Math.abs(found.common - truth.common)).toBeLessThan(0.1);
    }
  });

  it('is what is assumed where nothing was seen, and near it where little was', () => {
    const { panel } = world(UNMEASURED, { series: 1, windows: 1, seed: 1 });
    expect(dependenceOf(panel, [], LEVELS)).toEqual(UNMEASURED);
    const { panel: short, forecasts } = world({ persistence: 0.95, constant: 0, common: 0 }, { series: 1, windows: 1, seed: 2 });
    const little = dependenceOf(short, [{ ...forecasts[0]!, cutoff: H - 3 }], LEVELS);
    expect(Math.abs(little.persistence - UNMEASURED.persistence)).toBeLessThan(0.25);
  });

  it('takes the score whose quantile came, on flat pieces too', () => {
    const z = LEVELS.map(normalQuantile);
    expect(scoreOf(3, [0, 1, 2, 3, 4, 5, 6], z)).toBeCloseTo(0, 9);
    expect(scoreOf(0, [0, 0, 0, 0, 0, 1, 2], z)).toBeCloseTo((z[0]! + z[4]!) / 2, 9);
    expect(scoreOf(1e9, [0, 1, 2, 3, 4, 5, 6], z)).toBe(3);
    expect(scoreOf(7, [5, 5, 5, 5, 5, 5, 5], z)).toBe(3);
  });
});

describe('paths', () => {
  const of = world(UNMEASURED, { series: 3, windows: 1, seed: 1 }).forecasts;

  it('have at each step the distribution that was forecast', () => {
    const sampler = new PathSampler({ persistence: 0.9, constant: 0.3, common: 0.5 }, { count: 4000, seed: 1 }, 0, H);
    const paths = sampler.paths(marginals(of[0]!));
    for (const t of [0, H - 1]) {
      const draws = Float64Array.from({ length: 4000 }, (_, k) => paths[k * H + t]!);
      quantilesOf(draws, LEVELS).forEach((value, q) => expect(Math.abs(value - of[0]!.quantiles[q * H + t]!)).toBeLessThan(1.2));
    }
  });

  it('depend on neither the other series nor their own number, and on the seed', () => {
    const draw = (count: number, seed: number): Float64Array =>
      new PathSampler({ persistence: 0.5, constant: 0.1, common: 0.3 }, { count, seed }, 0, H).paths(marginals(of[1]!));
    expect(draw(5, 1)).toEqual(draw(50, 1).slice(0, 5 * H));
    expect(draw(5, 1)).not.toEqual(draw(5, 2));
  });

  it('stay whole and at least 0 where the quantiles are, and unknown where they are not', () => {
    const counts = Float64Array.from(LEVELS.flatMap((_, q) => Array.from({ length: H }, () => q)));
    const sampler = new PathSampler(UNMEASURED, { count: 200, seed: 1 }, 0, H);
    const paths = sampler.paths({ ...marginals(of[0]!), quantiles: counts });
    expect(paths.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
    const unknown = sampler.paths({ ...marginals(of[0]!), quantiles: counts.map((value, i) => (i % H === 2 ? Number.NaN : value)) });
    expect(Number.isNaN(unknown[2]!)).toBe(true);
    expect(Number.isNaN(unknown[1]!)).toBe(false);
  });
});

describe('intervals of sums', () => {
  /** Share of the sums over all steps and series of later windows that the 80 % interval holds. */
  function coverageOf(truth: Dependence, use?: Dependence): number {
    const { panel, forecasts } = world(truth, { series: 5, windows: 460, seed: 9 });
    const early = forecasts.filter(({ cutoff }) => cutoff < 60 * H - 1);
    const dependence = use ?? dependenceOf(panel, early, LEVELS);
    const sampler = new PathSampler(dependence, { count: 1000, seed: 3 }, 0, H);
    const sums = new Float64Array(1000);
    for (let s = 0; s < 5; s++) {
      const paths = sampler.paths({ ...marginals(forecasts[0]!), id: `s${s}`, cutoff: -1 });
      for (let k = 0; k < 1000; k++) for (let t = 0; t < H; t++) sums[k]! += paths[k * H + t]!;
    }
    const [low, high] = quantilesOf(sums, [0.1, 0.9]) as [number, number];
    let held = 0;
    for (let w = 60; w < 460; w++) {
      const sum = panel.series.reduce((all, { values }) => all + values.slice(w * H, (w + 1) * H).reduce((a, b) => a + b, 0), 0);
      if (sum >= low && sum <= high) held++;
    }
    return held / 400;
  }

  it('hold their share, whatever hangs together', () => {
    for (const truth of [
      { persistence: 0.8, constant: 0.1, common: 0.5 },
      { persistence: 0, constant: 0, common: 0 },
      { persistence: 0.4, constant: 0.6, common: 0.2 },
    ]) {
      const coverage = coverageOf(truth);
      expect(coverage).toBeGreaterThan(0.73);
      expect(coverage).toBeLessThan(0.87);
    }
  });

  it('would not if steps and series missed on their own', () => {
    expect(coverageOf({ persistence: 0.8, constant: 0.1, common: 0.5 }, { persistence: 0, constant: 0, common: 0 })).toBeLessThan(0.4);
  });
});

describe('the coverage of totals in a backtest', () => {
  const truth = { persistence: 0.8, constant: 0.1, common: 0.5 };
  const { panel, forecasts } = world(truth, { series: 5, windows: 200, seed: 4 });
  const windows = Array.from({ length: 200 }, (_, w) => forecasts.filter(({ cutoff }) => cutoff === w * H - 1));

  it('is the share that the intervals promise, over the horizon, over series, and over both', () => {
    const totals = totalsCoverage(panel, windows, LEVELS);
    // The first has no window before it.
    expect(totals).toMatchObject({ windows: 199, series: 5, basis: 'measured' });
    expect([totals.overHorizon, totals.overSeries, totals.overBoth].map(({ sums }) => sums)).toEqual([199 * 5, 199 * H, 199]);
    for (const { coverage } of [totals.overHorizon, totals.overSeries, totals.overBoth])
      for (const percent of [50, 80, 95]) expect(Math.abs(coverage[String(percent)]! - percent / 100)).toBeLessThan(0.06);
  });

  it('assumes what hangs together where no window ended before another began', () => {
    expect(totalsCoverage(panel, windows.slice(0, 1), LEVELS)).toMatchObject({ windows: 1, basis: 'assumed' });
    const overlapping = [0, 1, 2].map((shift) => windows[10]!.map((one) => ({ ...one, cutoff: one.cutoff + shift })));
    expect(totalsCoverage(panel, overlapping, LEVELS)).toMatchObject({ windows: 3, basis: 'assumed' });
  });

  it('has no sum over a horizon with a hole, sums the others at that step, and leaves out what has no width', () => {
    const holed = { ...panel, series: panel.series.map((one, s) => (s === 0 ? { ...one, values: one.values.slice() } : one)) };
    holed.series[0]!.values[15 * H + 2] = Number.NaN;
    const some = windows
      .slice(10, 20)
      .map((own) =>
        own.map((one) => (one.id === 's1' ? { ...one, quantiles: one.quantiles.map((value, i) => (i === 0 ? Number.NaN : value)) } : one)),
      );
    const totals = totalsCoverage(holed, some, LEVELS);
    expect(totals).toMatchObject({ windows: 9, series: 4 });
    expect([totals.overHorizon, totals.overSeries, totals.overBoth].map(({ sums }) => sums)).toEqual([9 * 4 - 1, 9 * H, 9]);
  });

  it('looks at some series and the latest windows where all would be too much', () => {
    const totals = totalsCoverage(panel, windows, LEVELS, { paths: 100, mostValues: 100 * H * 15 });
    expect(totals).toMatchObject({ windows: 5, series: 3, paths: 100 });
  });
});
