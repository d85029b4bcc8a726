import { DEFAULT_QUANTILES } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { type Panel } from '../../forecaster.js';
import { owa } from '../../metrics/point.js';
import { scoreForecasts, type Metrics } from '../../metrics/score.js';
import { hasSharedData, readM4, readShared } from '../../testing/sharedData.js';
import { selectEts } from './ets/select.js';
import { normalQuantile } from '../../normal.js';
import { createBaseline, loadBaseline } from './methods.js';
import type { BaselineKind } from './plan.js';
import { findSeason } from './seasonality.js';
import { fitSmoothing } from './smoothing.js';

const panelOf = (values: readonly number[], seasonLength = 1): Panel => ({
  frequency: 'h',
  timeZone: 'UTC',
  seasonLengths: seasonLength > 1 ? [seasonLength] : [],
  series: [{ id: 'x', firstStep: 0, values: Float64Array.from(values) }],
});

async function forecast(
  kind: BaselineKind,
  values: readonly number[],
  horizon: number,
  levels: readonly number[] = [0.5],
  seasonLength = 1,
): Promise<number[]> {
  const [only] = await createBaseline(kind).predict(panelOf(values, seasonLength), { horizon, levels });
  return [...only!.quantiles];
}

describe('naive family', () => {
  it('naive repeats the last observation and widens with the root of time', async () => {
    const [low, low2, mid] = await forecast('naive', [1, 2, 4, 3], 2, [0.1, 0.5]);
    const sigma = Math.sqrt((1 + 4 + 1) / 3);
    expect(mid).toBe(3);
    expect(low).toBeCloseTo(3 - 1.2815515655 * sigma, 8);
    expect(low2).toBeCloseTo(3 - 1.2815515655 * sigma * Math.SQRT2, 8);
  });

  it('seasonal naive repeats the phase and looks through gaps', async () => {
    expect(await forecast('seasonalNaive', [1, 2, 3, 4, Number.NaN, 6], 4, [0.5], 3)).toEqual([4, 2, 6, 4]);
  });

  it('drift follows the line through the first and last observation', async () => {
    expect(await forecast('drift', [Number.NaN, 1, 5, Number.NaN, 7, Number.NaN], 2)).toEqual([11, 13]);
  });

  it('a series never observed is not known', async () => {
    expect(await forecast('naive', [Number.NaN, Number.NaN], 2)).toEqual([Number.NaN, Number.NaN]);
  });

  it('refuses a setting it does not have', () => {
    expect(() => createBaseline('naive', { seasonLength: 0 })).toThrow(/0 steps/);
    expect(() => createBaseline('naive', { period: 4 } as object)).toThrow(/"period"/);
    expect(() =>
      loadBaseline({
        manifest: { format: 'almanac-checkpoint', version: 1, kind: 'prophet', config: {}, tensors: [] },
        weights: new Float32Array(),
      }),
    ).toThrow(/"prophet" is no baseline/);
  });
});

describe('building blocks', () => {
  it('normal quantiles agree with scipy.stats.norm.ppf', () => {
    const expected: [number, number][] = [
      [1e-6, -4.75342431],
      [0.001, -3.09023231],
      [0.025, -1.95996398],
      [0.3, -0.52440051],
      [0.9, 1.28155157],
    ];
    for (const [p, z] of expected) expect(normalQuantile(p)).toBeCloseTo(z, 7);
  });

  it('finds the season of a seasonal series and none in noise', () => {
    const random = new Random(1);
    const seasonal = Float64Array.from({ length: 96 }, (_, t) => 100 * (1 + 0.3 * Math.sin((2 * Math.PI * t) / 12)) + random.normal());
    const noise = Float64Array.from({ length: 96 }, () => 100 + random.normal());
    const season = findSeason(seasonal, 12)!;
    expect(season.index.reduce((sum, value) => sum + value, 0)).toBeCloseTo(12, 9);
    expect(season.index[3]).toBeCloseTo(1.3, 1);
    expect(findSeason(noise, 12)).toBeNull();
  });

  it('smoothing recovers the rate that made a series', () => {
    const random = new Random(3);
    let level = 50;
    const values = Float64Array.from({ length: 3000 }, () => {
      const error = random.normal();
      const value = level + error;
      level += 0.3 * error;
      return value;
    });
    expect(fitSmoothing(values).alpha).toBeCloseTo(0.3, 1);
  });
});

describe('AutoETS', () => {
  it('chooses the form that made the series', () => {
    const random = new Random(5);
    const trendSeason = Float64Array.from(
      { length: 120 },
      (_, t) => 200 + 3 * t + 40 * Math.sin((2 * Math.PI * t) / 12) + 2 * random.normal(),
    );
    const level = Float64Array.from({ length: 120 }, () => -20 + random.normal());
    expect(selectEts(trendSeason, 12)!.form).toMatchObject({ season: 'A' });
    expect(selectEts(trendSeason, 12)!.form.trend).not.toBe('N');
    expect(selectEts(level, 12)!.form).toEqual({ error: 'A', trend: 'N', season: 'N' });
  });

  it('continues a line and a multiplicative season', async () => {
    const season = [0.7, 1.1, 1.4, 0.8];
    const values = Array.from({ length: 60 }, (_, t) => (100 + 2 * t) * season[t % 4]!);
    const future = [0, 1, 2, 3].map((h) => (220 + 2 * h) * season[h]!);
    const got = await forecast('autoEts', values, 4, [0.5], 4);
    got.forEach((value, h) => expect(value / future[h]!).toBeCloseTo(1, 2));
  });

  it.each([3, 4, 5, 6, 7, 8])('continues a line of %i values, too few for a trend to be chosen, and no mere wandering', async (count) => {
    const line = Array.from({ length: count }, (_, t) => 50 + 20 * t);
    const rough = line.map((value, t) => value + (t % 2 === 0 ? 0.3 : -0.3));
    const wandering = line.map((_, t) => 50 + 20 * [0, 1, 0, 2, 0, 1, 2, 0][t]!);
    for (const values of [line, rough]) {
      const [low, at, high] = await forecast('autoEts', values, 1, [0.1, 0.5, 0.9]);
      expect(Math.abs(at! - (50 + 20 * count))).toBeLessThan(2);
      expect(high! - low!).toBeGreaterThan(0);
    }
    const [next, later] = await forecast('autoEts', wandering, 2);
    expect(Math.abs(later! - next!)).toBeLessThan(2);
    const falling = await forecast('autoEts', line.toReversed(), 12);
    expect(falling[0]).toBeCloseTo(30, 0);
    expect(Math.min(...falling)).toBe(0);
  });

  it.each([5, 8, 12, 30])('autoEts and Theta continue even growth of %i values', async (count) => {
    const grown = Array.from({ length: count }, (_, t) => 100 * 1.25 ** t);
    for (const kind of ['autoEts', 'theta', 'optimisedTheta'] as const) {
      const [low, at, high] = await forecast(kind, grown, 1, [0.1, 0.5, 0.9]);
      expect(at! / (100 * 1.25 ** count)).toBeCloseTo(1, 6);
      expect(low!).toBeLessThan(at!);
      expect(high!).toBeGreaterThan(at!);
    }
  });

  it('intervals of a random walk widen as they should', async () => {
    const random = new Random(7);
    let x = 0;
    const values = Array.from({ length: 400 }, () => (x += random.normal()));
    const quantiles = await forecast('autoEts', values, 16, [0.1, 0.9]);
    const width = (step: number): number => quantiles[16 + step]! - quantiles[step]!;
    expect(width(0)).toBeCloseTo(2 * 1.2816, 0);
    expect(width(15) / width(0)).toBeGreaterThan(3);
    expect(width(15) / width(0)).toBeLessThan(5);
  });
});

describe.skipIf(!hasSharedData)('published results (needs ../shared/data)', () => {
  const m4 = (): { history: Panel; full: Panel } => {
    const train = readM4('train');
    const test = readM4('test');
    const make = (valuesOf: (id: string, values: Float64Array) => Float64Array): Panel => ({
      frequency: 'h',
      timeZone: 'UTC',
      seasonLengths: [24, 168],
      series: [...train].map(([id, values]) => ({ id, firstStep: 0, values: valuesOf(id, values) })),
    });
    return { history: make((_, values) => values), full: make((id, values) => Float64Array.from([...values, ...test.get(id)!])) };
  };

  it('M4 Hourly: naive, seasonal naive, Naive2 and Theta as the competition printed them', async () => {
    const { history, full } = m4();
    const scores: Partial<Record<BaselineKind, Metrics>> = {};
    for (const kind of ['naive', 'seasonalNaive', 'naive2', 'theta'] as const) {
      const forecasts = await createBaseline(kind).predict(history, { horizon: 48, levels: DEFAULT_QUANTILES });
      scores[kind] = scoreForecasts(full, forecasts, { levels: DEFAULT_QUANTILES }).overall;
    }
    const rounded = (kind: BaselineKind): number[] => [scores[kind]!.smape, scores[kind]!.mase].map((value) => Number(value.toFixed(3)));
    expect(rounded('naive')).toEqual([43.003, 11.608]);
    expect(rounded('seasonalNaive')).toEqual([13.912, 1.193]);
    expect(rounded('naive2')).toEqual([18.383, 2.395]);
    expect(rounded('theta')).toEqual([18.138, 2.455]);
    expect(owa(scores.theta!, scores.naive2!)).toBeCloseTo(1.00586, 3);
    // Prediction intervals: M4's benchmark MSIS and ACD for naive; GIFT-Eval's mean weighted quantile loss.
    expect(scores.naive!.msis).toBeCloseTo(71.245, 3);
    expect(scores.naive!.acd).toBeCloseTo(0.011, 2);
    expect(scores.naive!.wql).toBeCloseTo(0.136488, 4);
    expect(scores.seasonalNaive!.wql).toBeCloseTo(0.03757, 4);
  });

  it('classic series: AutoETS reaches the AICc of statsforecast, Theta its forecasts', async () => {
    const rows = readShared('classic_small_long');
    const read = (id: string): Float64Array => Float64Array.from(rows.filter((row) => row[0] === id).map((row) => Number(row[2])));
    const aicc: [string, number, number][] = [
      ['AirPassengers', 12, 1458.1018],
      ['ausbeer_quarterly', 4, 2355.1046],
      ['nile_yearly', 1, 1458.5521],
      ['usaccdeaths_monthly', 12, 1149.3003],
      ['lynx_yearly', 1, 2044.9692],
    ];
    for (const [id, m, reference] of aicc) expect(selectEts(read(id), m)!.aicc, id).toBeLessThan(reference + 0.1);
    const theta = await forecast('theta', [...read('AirPassengers')], 6, [0.5], 12);
    [440.97, 429.25, 490.69, 476.66, 480.63, 546.46].forEach((value, h) => expect(theta[h]! / value).toBeCloseTo(1, 2));
    const optimised = await forecast('optimisedTheta', [...read('AirPassengers')], 6, [0.5], 12);
    [442.94, 432.23, 495.31, 482.31, 487.49, 555.58].forEach((value, h) => expect(optimised[h]! / value).toBeCloseTo(1, 2));
  });

  it('tourism quarterly: ETS and Theta within 2 % of the published MASE (Athanasopoulos et al. 2011)', async () => {
    const rows = readShared('tourism_long').filter((row) => row[1] === 'quarterly');
    const make = (split: (row: string[]) => boolean): Panel => {
      const values = new Map<string, number[]>();
      for (const row of rows.filter(split)) values.set(row[0]!, [...(values.get(row[0]!) ?? []), Number(row[4])]);
      return {
        frequency: 'QS',
        timeZone: 'UTC',
        seasonLengths: [4],
        series: [...values].map(([id, list]) => ({ id, firstStep: 0, values: Float64Array.from(list) })),
      };
    };
    const history = make((row) => row[3] === 'train');
    const full = make(() => true);
    for (const [kind, published] of [
      ['seasonalNaive', 1.7],
      ['autoEts', 1.59],
      ['theta', 1.66],
    ] as const) {
      const forecasts = await createBaseline(kind).predict(history, { horizon: 8, levels: [0.5] });
      expect(scoreForecasts(full, forecasts, { levels: [0.5] }).overall.mase / published, kind).toBeLessThan(1.02);
    }
  });
});
