import { OnlineConformal, createForecaster, type OnlineConformalState, type Panel } from '@almanac/forecasting';
import { DECILES, DEFAULT_QUANTILES } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { calibrated } from './calibrate.js';
import { predict } from './predict.js';

const HORIZON = 4;
const random = (t: number): number => ((t * 7919) % 101) / 101 - 0.5;
const panel: Panel = {
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths: [],
  series: [
    { id: 'learned', firstStep: 0, values: Float64Array.from({ length: 80 }, (_, t) => 50 + 10 * random(t)) },
    { id: 'new', firstStep: 0, values: Float64Array.from({ length: 80 }, (_, t) => 20 + 10 * random(t + 7)) },
  ],
};

/** Of forecasts that were far too narrow, at the levels of a time when others were the default. */
async function learnedAt(levels: readonly number[]): Promise<OnlineConformalState> {
  const conformal = new OnlineConformal({ levels, horizon: HORIZON });
  const { quantiles } = (await createForecaster('naive').predict(panel, { horizon: HORIZON, levels }))[0]!;
  for (let k = 0; k < 60; k++)
    conformal.observe(
      quantiles,
      Float64Array.from({ length: HORIZON }, (_, t) => 45 + (k % 2 === 0 ? 40 : -40) + t),
    );
  return conformal.save();
}

const forecastWith = async (calibrations: Record<string, OnlineConformalState>): ReturnType<typeof predict> =>
  predict(
    {
      task: 'predict',
      checkpointKey: 'naive',
      checkpoint: createForecaster('naive').save(),
      panel,
      horizon: HORIZON,
      levels: DEFAULT_QUANTILES,
      attention: false,
      calibrations,
    },
    new AbortController().signal,
  );
const widthOf = (quantiles: Float64Array): number => {
  const row = (level: number): number => quantiles[DEFAULT_QUANTILES.indexOf(level) * HORIZON]!;
  return row(0.9) - row(0.1);
};

describe('a calibration', () => {
  it('that was learned at other levels than are asked for widens the same intervals, and leaves quantiles in order', async () => {
    const [of, plain] = [await learnedAt(DECILES), (await forecastWith({})).forecasts];
    const { forecasts } = await forecastWith({ learned: of });
    const [one, other] = forecasts;
    expect(one!.quantiles).toHaveLength(DEFAULT_QUANTILES.length * HORIZON);
    // The deciles are those that the calibration gives at its own levels.
    const deciles = (await createForecaster('naive').predict(panel, { horizon: HORIZON, levels: DECILES }))[0]!.quantiles;
    const expected = calibrated(of, deciles, DECILES);
    for (const [k, level] of DECILES.entries())
      for (let t = 0; t < HORIZON; t++)
        expect(one!.quantiles[DEFAULT_QUANTILES.indexOf(level) * HORIZON + t]).toBeCloseTo(expected[k * HORIZON + t]!, 10);
    expect(widthOf(one!.quantiles)).toBeGreaterThan(1.5 * widthOf(plain[0]!.quantiles));
    for (let q = 1; q < DEFAULT_QUANTILES.length; q++)
      for (let t = 0; t < HORIZON; t++)
        expect(one!.quantiles[q * HORIZON + t]!).toBeGreaterThanOrEqual(one!.quantiles[(q - 1) * HORIZON + t]!);
    // What the model itself said is kept at the levels that were asked for, and the other series is as it was.
    expect(one!.own).toEqual(plain[0]!.quantiles);
    expect(other!.quantiles).toEqual(plain[1]!.quantiles);
  });
});
