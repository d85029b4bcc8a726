import { describe, expect, it } from 'vitest';
import { DEFAULT_QUANTILES } from '@almanac/series';
import type { Panel, SeriesForecast } from '../../forecaster.js';
import { CHECK_HORIZON, checkModel } from '../../testing/checkModel.js';
import { createForecaster } from '../registry.js';
import { type FineTuning, fineTuning, LONGEST_HORIZON } from './config.js';
import { PretrainedForecaster } from './forecaster.js';
import { fromHalves, toHalves } from './half.js';

const tuning = (steps: number): FineTuning => ({
  ...fineTuning({ count: 4, horizon: CHECK_HORIZON, lengths: [120] }),
  steps,
  batch: 8,
  validations: 2,
});

describe('the pretrained kind', () => {
  for (const check of checkModel({
    name: 'pretrained',
    create: () => new PretrainedForecaster({ horizon: CHECK_HORIZON, train: tuning(4) }),
    resumeAfter: 2,
    tolerance: { scale: 1e-3, constant: 1e-5 },
  }))
    it(check.name, check.run);
});

const panelOf = (values: Float64Array | number[], ...seasonLengths: number[]): Panel => ({
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths,
  series: [{ id: 'one', firstStep: 0, values: Float64Array.from(values) }],
});
const day = (t: number): number => 500 + 100 * Math.sin((2 * Math.PI * t) / 24) + 50 * Math.cos((2 * Math.PI * t) / 168);
const steps = (count: number, of: (t: number) => number, from = 0): number[] => Array.from({ length: count }, (_, t) => of(from + t));

async function forecast(panel: Panel, horizon: number, more: object = {}): Promise<SeriesForecast> {
  const model = createForecaster('pretrained');
  const [only] = await model.predict(panel, { horizon, levels: DEFAULT_QUANTILES, ...more });
  model.dispose();
  return only!;
}
const rowOf = ({ quantiles }: SeriesForecast, level: number, horizon: number): Float64Array => {
  const at = DEFAULT_QUANTILES.indexOf(level) * horizon;
  return quantiles.subarray(at, at + horizon);
};
const meanError = (forecasts: Float64Array, actual: readonly number[]): number =>
  forecasts.reduce((sum, value, h) => sum + Math.abs(value - actual[h]!), 0) / actual.length;

describe('a forecast without training', () => {
  it('continues a day within a week', async () => {
    const only = await forecast(panelOf(steps(700, day), 24, 168), 48);
    expect(meanError(rowOf(only, 0.5, 48), steps(48, day, 700))).toBeLessThan(15);
  });

  it('follows the trend of a short yearly series, and knows how little it knows', async () => {
    const only = await forecast(panelOf(steps(12, (t) => 100 + 8 * t + (t % 3))), 4);
    const median = rowOf(only, 0.5, 4);
    expect(median[3]).toBeGreaterThan(195);
    expect(median[3]).toBeLessThan(240);
    const width = (h: number): number => rowOf(only, 0.9, 4)[h]! - rowOf(only, 0.1, 4)[h]!;
    expect(width(3)).toBeGreaterThan(width(0));
  });

  it('gives a median and no bounds after a single value, and says so', async () => {
    const only = await forecast(panelOf([7], 24), 3);
    expect([...rowOf(only, 0.5, 3)].map((value) => Math.round(value))).toEqual([7, 7, 7]);
    expect(rowOf(only, 0.9, 3).every(Number.isNaN)).toBe(true);
    expect(only.notes).toMatchObject([{ code: 'SPREAD_UNKNOWN' }]);
  });

  it('is not surer after two values than these lie apart', async () => {
    const only = await forecast(panelOf([100, 120], 24), 2);
    expect(rowOf(only, 0.9, 2)[0]! - rowOf(only, 0.1, 2)[0]!).toBeGreaterThan(20);
  });

  it.each([2, 3, 20, 65, 513, 3000])('reads %i values', async (length) => {
    const only = await forecast(panelOf(steps(length, day), 24, 168), 24);
    expect(only.quantiles.every(Number.isFinite)).toBe(true);
    if (length > 60) expect(meanError(rowOf(only, 0.5, 24), steps(24, day, length))).toBeLessThan(40);
  });

  it('does not depend on missing values before the first', async () => {
    const values = steps(100, day);
    const late = [...new Array<number>(50).fill(NaN), ...values];
    expect((await forecast(panelOf(late, 24), 24)).quantiles).toEqual((await forecast(panelOf(values, 24), 24)).quantiles);
  });

  it('goes on beyond its own 64 steps with wider intervals, and says how far', async () => {
    const noisy = steps(400, (t) => day(t) + 30 * Math.sin(t * 7.3 + (t % 11)));
    const only = await forecast(panelOf(noisy, 24, 168), 120);
    expect(only.quantiles.every(Number.isFinite)).toBe(true);
    const width = (from: number): number =>
      Array.from({ length: 20 }, (_, i) => rowOf(only, 0.9, 120)[from + i]! - rowOf(only, 0.1, 120)[from + i]!).reduce(
        (sum, one) => sum + one,
      );
    expect(width(100)).toBeGreaterThan(width(0));
    await expect(forecast(panelOf(noisy, 24), LONGEST_HORIZON + 1)).rejects.toMatchObject({ code: 'HORIZON_TOO_LONG' });
  });

  it('shows where it looked: rows of every map sum to 1', async () => {
    const { attention } = await forecast(panelOf(steps(300, day), 24, 168), 30, { attention: true });
    const { maps, gate, branches, contextLength, columnSteps } = attention!;
    const columns = contextLength / columnSteps;
    for (const [name, map] of Object.entries(maps))
      for (let h = 0; h < 30; h++)
        expect(
          map.subarray(h * columns, (h + 1) * columns).reduce((sum, one) => sum + one, 0),
          `${name} ${h}`,
        ).toBeCloseTo(1, 4);
    for (let h = 0; h < 30; h++)
      expect(gate.subarray(h * branches.length, (h + 1) * branches.length).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 4);
  });

  it('keeps what was never negative from becoming so', async () => {
    const only = await forecast(
      panelOf(
        steps(120, (t) => Math.max(0, 40 - t) + (t % 7 === 3 ? 2 : 0)),
        7,
      ),
      14,
    );
    expect(Math.min(...only.quantiles)).toBeGreaterThanOrEqual(0);
  });
});

describe('fine-tuning', () => {
  // A pulse that moves on by one step each season: no method knows it, and no season repeats.
  const pulse = (t: number): number => 10 + (t % 13 === 0 ? 40 : 0) + (t % 9 === 4 ? 25 : 0);
  const series = Array.from({ length: 6 }, (_, i) => ({
    id: `s${i}`,
    firstStep: 0,
    values: Float64Array.from(steps(260, (t) => pulse(t + 5 * i))),
  }));
  const panel: Panel = { frequency: '1', timeZone: 'UTC', seasonLengths: [9], series };

  it('learns what the panel has of its own', async () => {
    const horizon = 16;
    const model = new PretrainedForecaster({
      horizon,
      train: { ...fineTuning({ count: 6, horizon, lengths: [260] }), steps: 40, batch: 24, validations: 4, learningRate: 2e-3 },
    });
    const error = async (): Promise<number> => {
      const forecasts = await model.predict(panel, { horizon, levels: [0.5] });
      return forecasts.reduce(
        (sum, { quantiles }, i) =>
          sum +
          meanError(
            quantiles,
            steps(horizon, (t) => pulse(t + 5 * i), 260),
          ),
        0,
      );
    };
    const before = await error();
    const scores: number[] = [];
    await model.fit(panel, { seed: 3, onProgress: ({ validation }) => validation !== undefined && scores.push(validation) });
    expect(scores.length).toBeGreaterThan(0);
    expect(await error()).toBeLessThan(before);
    expect((model.save().manifest.config['learned'] as { shipped: string }).shipped).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of no steps leaves the network as it was shipped', async () => {
    const model = new PretrainedForecaster({ horizon: 16, train: tuning(0) });
    const asked = { horizon: 16, levels: [0.1, 0.5, 0.9] };
    const before = await model.predict(panel, asked);
    await model.fit(panel, { seed: 1 });
    expect(await model.predict(panel, asked)).toEqual(before);
  });

  it('refuses a panel that is too short by the series that is longest', async () => {
    const short = panelOf([1, 2, 3, 4]);
    const model = new PretrainedForecaster({ horizon: 16, train: tuning(2) });
    await expect(model.fit(short, { seed: 1 })).rejects.toMatchObject({
      code: 'SERIES_TOO_SHORT',
      message: expect.stringContaining('one') as string,
    });
  });
});

describe('half floats', () => {
  it('keep 11 bits, small numbers, signs, and what is no number', () => {
    const values = Float32Array.of(
      0,
      -0,
      1,
      -2.5,
      65504,
      1e6,
      -1e6,
      NaN,
      2 ** -24,
      2 ** -15 * 1.5,
      0.1,
      1 / 3,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
    );
    const kept = fromHalves(toHalves(values));
    expect([...kept.subarray(0, 10)]).toEqual([0, -0, 1, -2.5, 65504, Infinity, -Infinity, NaN, 2 ** -24, 2 ** -15 * 1.5]);
    expect(Math.abs(kept[10]! / 0.1 - 1)).toBeLessThan(2 ** -11);
    // Ties go to the even neighbour.
    expect(kept[12]).toBe(1);
    expect(kept[13]).toBe(1 + 2 ** -9);
  });
});
