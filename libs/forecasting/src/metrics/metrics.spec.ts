import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { type Panel } from '../forecaster.js';
import { dieboldMariano } from './dieboldMariano.js';
import { mae, mase, owa, rmse, seasonalScale, smape } from './point.js';
import { centralIntervals, coverage, crps, msis, pinball, quantileRow, wql } from './quantile.js';
import { scoreForecasts } from './score.js';
import { studentTUpperTail } from './studentT.js';

describe('point metrics', () => {
  const actual = [10, 20, Number.NaN, 40];
  const forecast = [12, 20, 1e9, 36];

  it('match figures computed by hand and leave missing actuals out', () => {
    expect(mae(actual, forecast)).toBeCloseTo(2, 12);
    expect(rmse(actual, forecast)).toBeCloseTo(Math.sqrt(20 / 3), 12);
    expect(smape(actual, forecast)).toBeCloseTo((400 / 22 + 0 + 800 / 76) / 3, 12);
    expect(seasonalScale([1, 4, 2, 8], 2)).toBeCloseTo(2.5, 12);
    expect(mase(actual, forecast, 2.5)).toBeCloseTo(0.8, 12);
    expect(owa({ smape: 9.328, mase: 0.893 }, { smape: 18.383, mase: 2.395 })).toBeCloseTo(0.44, 3);
  });

  it('show a forecast that is missing where a value was observed', () => {
    expect(mae([1, 2], [1, Number.NaN])).toBeNaN();
  });

  it('are undefined, not infinite, where the history gives no scale', () => {
    expect(mase([1], [2], seasonalScale([5, 5, 5], 1))).toBeNaN();
    expect(seasonalScale([5], 1)).toBeNaN();
  });

  it('measure a history shorter than a season at lag 1', () => {
    expect(seasonalScale([1, 2, 4], 24)).toBeCloseTo(1.5, 12);
  });

  it('count a zero forecast of a zero as no error', () => {
    expect(smape([0, 0], [0, 1])).toBe(100);
  });
});

describe('quantile metrics', () => {
  it('weigh under- and over-forecasts by level', () => {
    expect(pinball(0.9, 10, 8)).toBeCloseTo(1.8, 12);
    expect(pinball(0.9, 8, 10)).toBeCloseTo(0.2, 12);
  });

  it('WQL of a point forecast is its absolute error over the size of the series', () => {
    expect(wql([10, -20, Number.NaN], [12, -26, 7], [0.5])).toBeCloseTo(8 / 30, 12);
  });

  it('interpolate between levels and stop at the outermost', () => {
    const quantiles = [0, 10, 4, 20];
    expect([...quantileRow(quantiles, [0.25, 0.75], 0.375)]).toEqual([1, 12.5]);
    expect([...quantileRow(quantiles, [0.25, 0.75], 0.1)]).toEqual([0, 10]);
    expect([...quantileRow(quantiles, [0.25, 0.75], 0.9)]).toEqual([4, 20]);
  });

  it('CRPS of many uniform quantiles is the integral: uniform on [0, 1], y = 0.25', () => {
    const levels = Array.from({ length: 999 }, (_, k) => (k + 1) / 1000);
    // ∫ (F(x) − 1{x ≥ y})² dx = y³/3 + (1 − y)³/3
    expect(crps([0.25], levels, levels)).toBeCloseTo((0.25 ** 3 + 0.75 ** 3) / 3, 5);
  });

  it('MSIS charges 2/α of a miss', () => {
    expect(msis([5, 12], [0, 0], [10, 10], 2)).toBeCloseTo((10 + 10 + 40 * 2) / 2 / 2, 12);
  });

  it('coverage counts its bounds as inside and finds the central intervals among levels', () => {
    expect(coverage([0, 10, 11, Number.NaN], [0, 0, 0, 0], [10, 10, 10, 10])).toBeCloseTo(2 / 3, 12);
    expect(centralIntervals([0.1, 0.2, 0.5, 0.9])).toEqual([{ nominal: 0.8, lower: 0, upper: 3 }]);
  });
});

describe('Diebold-Mariano', () => {
  it('has the tail of Student t (scipy.stats.t.sf)', () => {
    expect(studentTUpperTail(0.5, 5)).toBeCloseTo(0.31914944, 7);
    expect(studentTUpperTail(1, 9)).toBeCloseTo(0.1717182, 7);
    expect(studentTUpperTail(2, 29)).toBeCloseTo(0.02747182, 7);
    expect(studentTUpperTail(3.5, 4)).toBeCloseTo(0.01244808, 7);
  });

  it('is the one-sample t test at horizon 1', () => {
    // Differences 1, 2, 3, 4: mean 2.5, sd 1.2909944; the correction turns n into n − 1 in the variance: t = 3.8729833.
    const result = dieboldMariano([2, 4, 6, 8], [1, 2, 3, 4], 1);
    expect(result.statistic).toBeCloseTo(3.8729833, 6);
    expect(result.pValue).toBeCloseTo(0.0304663, 6);
    expect(result.pValueABetter).toBeCloseTo(1 - 0.0304663 / 2, 6);
  });

  it('is antisymmetric and refuses too few windows', () => {
    const a = [1, 3, 2, 5, 4, 6, 2, 1];
    const b = [2, 3, 4, 4, 6, 7, 3, 3];
    expect(dieboldMariano(a, b, 2).statistic).toBeCloseTo(-dieboldMariano(b, a, 2).statistic, 12);
    expect(dieboldMariano(a, b, 2).pValueABetter).toBeLessThan(0.1);
    expect(() => dieboldMariano([1, 2], [2, 1])).toThrow(/too few/);
  });
});

describe('scoreForecasts', () => {
  const panel: Panel = {
    frequency: 'h',
    timeZone: 'UTC',
    seasonLengths: [1],
    series: [
      { id: 'a', firstStep: 10, values: Float64Array.of(1, 2, 4, 8, 16) },
      { id: 'b', firstStep: 0, values: Float64Array.of(5, 5, 5, 7, Number.NaN) },
    ],
  };
  const forecasts = [
    { id: 'a', cutoff: 12, quantiles: Float64Array.of(6, 10) },
    { id: 'b', cutoff: 2, quantiles: Float64Array.of(5, 5) },
  ];

  it('reads actuals after each cutoff, per series, per step and together', () => {
    const scores = scoreForecasts(panel, forecasts, { levels: [0.5] });
    expect(scores.perSeries.map((series) => series.mae)).toEqual([4, 2]);
    expect(scores.perSeries[0]!.mase).toBeCloseTo(4 / 1.5, 12);
    expect(scores.perSeries[1]!.mase).toBeNaN();
    expect(scores.overall.mase).toBeCloseTo(4 / 1.5, 12);
    expect(scores.perHorizon.map((step) => step.observations)).toEqual([2, 1]);
    expect(scores.perHorizon[1]!.mae).toBe(6);
    expect(scores.overall.mae).toBeCloseTo(10 / 3, 12);
    expect(scores.overall.wql).toBeCloseTo(10 / 31, 12);
  });

  it('reads the scale from the history alone', () => {
    const altered = { ...panel, series: panel.series.map((series) => ({ ...series, values: series.values.slice() })) };
    altered.series[0]!.values[4] = 1e9;
    const scale = (scored: Panel): number => {
      const [first] = scoreForecasts(scored, forecasts, { levels: [0.5] }).perSeries;
      return first!.mae / first!.mase;
    };
    expect(scale(altered)).toBeCloseTo(scale(panel), 9);
  });

  it('names a series without actuals', () => {
    expect(() => scoreForecasts(panel, [{ id: 'z', cutoff: 1, quantiles: Float64Array.of(1) }], { levels: [0.5] })).toThrow(/"z"/);
  });

  it('does not depend on the order of series, and scales as it should', () => {
    const values = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(values, values, fc.constantFrom(1e-6, 1e6), (x, y, factor) => {
        const make = (scale: number): Panel => ({
          ...panel,
          series: [x, y].map((series, i) => ({ id: String(i), firstStep: 0, values: Float64Array.from(series, (value) => value * scale) })),
        });
        const made = (scale: number): typeof forecasts =>
          ['0', '1'].map((id) => ({ id, cutoff: 5, quantiles: Float64Array.of(40 * scale, 60 * scale) }));
        const one = scoreForecasts(make(1), made(1), { levels: [0.5] }).overall;
        const turned = scoreForecasts(make(1), made(1).toReversed(), { levels: [0.5] }).overall;
        const big = scoreForecasts(make(factor), made(factor), { levels: [0.5] }).overall;
        expect(turned.wql).toBeCloseTo(one.wql, 9);
        expect(big.smape).toBeCloseTo(one.smape, 6);
        expect(big.wql).toBeCloseTo(one.wql, 6);
        expect(big.mae / factor).toBeCloseTo(one.mae, 6);
      }),
      { numRuns: 30 * inject('fuzz') },
    );
  });
});
