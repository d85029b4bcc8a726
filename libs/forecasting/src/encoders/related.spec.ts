import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { type Panel, type SeriesData, type SeriesForecast } from '../forecaster.js';
import { defaultRecurrentConfig, type RecurrentConfig } from '../kinds/recurrent/config.js';
import { RecurrentForecaster } from '../kinds/recurrent/forecaster.js';
import { coherent } from './coherent.js';
import { incoherence } from './hierarchy.js';

const [H, LENGTH] = [2, 160];
const parents = { north: 'total', south: 'total' };

/** South does what north did one step before, so its next step is known to whoever reads north. */
function panelOf(until: number): Panel {
  const random = new Random(12);
  const north = Float64Array.from({ length: LENGTH + 40 }, () => 20 + 10 * random.normal());
  const south = north.map((_, t) => (t === 0 ? 20 : north[t - 1]!));
  const make = (id: string, values: Float64Array): SeriesData => ({
    id,
    firstStep: 0,
    values: values.slice(0, until),
    pastCovariates: { follows: new Float64Array(until).fill(Number(id === 'south')) },
  });
  const total = north.map((value, t) => value + south[t]!);
  return { frequency: '1', timeZone: 'UTC', seasonLengths: [], series: [make('total', total), make('north', north), make('south', south)] };
}

const config = (changes: Partial<RecurrentConfig>): RecurrentConfig => {
  const base = defaultRecurrentConfig({ seasonLengths: [], horizon: H, lengths: [LENGTH] });
  const shape: Partial<RecurrentConfig> = {
    contextLength: 6,
    window: 2,
    branches: ['contextual'],
    levels: [0.1, 0.5, 0.9],
    hidden: 24,
    covariates: { static: [], past: ['follows'], future: [] },
  };
  return {
    ...base,
    ...shape,
    scaler: 'meanAbs',
    ...changes,
    train: { ...base.train, steps: 300, batch: 48, noise: 0, learningRate: 1e-2 },
  };
};

describe('a family of series', () => {
  it('is forecast better by reading relatives, and its forecasts add up', async () => {
    const nextOfSouth = async (changes: Partial<RecurrentConfig>): Promise<number> => {
      const model = new RecurrentForecaster(config(changes));
      await model.fit(panelOf(LENGTH), { seed: 1 });
      let error = 0;
      for (let end = LENGTH; end < LENGTH + 36; end += 2) {
        const forecasts = await model.predict(panelOf(end), { horizon: H, levels: [0.5] });
        error += Math.abs(forecasts[2]!.quantiles[0]! - panelOf(end + 1).series[2]!.values[end]!) / 18;
        if (changes.parents) {
          const hierarchy = { parents: [-1, 0, 0] };
          expect(incoherence(hierarchy, Float64Array.from(forecasts.flatMap(({ quantiles }) => [...quantiles])))).toBeLessThan(1e-5);
        }
      }
      return error;
    };
    const alone = await nextOfSouth({});
    const related = await nextOfSouth({ parents });
    expect(related).toBeLessThan(0.4 * alone);
  });

  it('without its relatives is still forecast, and nothing has to add up', async () => {
    const whole = config({ parents });
    const model = new RecurrentForecaster({ ...whole, train: { ...whole.train, steps: 3 } });
    await model.fit(panelOf(60), { seed: 1 });
    const { series, ...grid } = panelOf(60);
    const [only] = await model.predict({ ...grid, series: series.slice(0, 1) }, { horizon: H, levels: [0.5] });
    expect(only!.quantiles.every(Number.isFinite)).toBe(true);
  });

  it('refuses a series that is part of itself', () => {
    expect(() => new RecurrentForecaster(config({ parents: { a: 'b', b: 'a' } }))).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', subject: { setting: 'parents' } }),
    );
  });
});

describe('coherent forecasts', () => {
  const forecast = (id: string, median: number, width: number): SeriesForecast => ({
    id,
    cutoff: 0,
    quantiles: Float64Array.of(median - width, median, median + width),
  });
  const levels = [0.1, 0.5, 0.9];

  it('move those most that know least, all quantiles alike', () => {
    const [total, north, south] = coherent(
      [forecast('total', 12, 1), forecast('north', 5, 1), forecast('south', 5, 3)],
      parents,
      levels,
      1,
    );
    expect(north!.quantiles[1]! + south!.quantiles[1]!).toBeCloseTo(total!.quantiles[1]!, 9);
    expect(south!.quantiles[1]! - 5).toBeGreaterThan(5 * (north!.quantiles[1]! - 5));
    for (const [given, got] of [[forecast('south', 5, 3), south!]] as const)
      expect(got.quantiles[2]! - got.quantiles[0]!).toBeCloseTo(given.quantiles[2]! - given.quantiles[0]!, 9);
  });

  it('stay whole and at least 0, and still add up', () => {
    const targets = new Map(['total', 'north', 'south'].map((id) => [id, { nonNegative: true, whole: true }]));
    const given = [forecast('total', 3, 3), forecast('north', 6, 6), forecast('south', 0.4, 0.4)];
    const [total, north, south] = coherent(given, parents, levels, 1, targets);
    for (const { quantiles } of [total!, north!, south!])
      expect(quantiles.every((value) => Number.isInteger(value) && value >= 0)).toBe(true);
    expect(north!.quantiles[1]! + south!.quantiles[1]!).toBe(total!.quantiles[1]!);
  });

  it('take their paths with them', () => {
    const drawn = { ...forecast('total', 12, 1), paths: Float64Array.of(11.5, 13) };
    const [total] = coherent([drawn, forecast('north', 5, 1), forecast('south', 5, 1)], parents, levels, 1);
    const moved = total!.quantiles[1]! - 12;
    expect(moved).toBeLessThan(-0.3);
    total!.paths!.forEach((value, k) => expect(value).toBeCloseTo(drawn.paths[k]! + moved, 9));
  });

  it('leave alone what cannot be summed', () => {
    const strangers = [forecast('total', 12, 1), forecast('north', 5, 1), forecast('east', 7, 1)];
    const [ofStrangers, ...others] = coherent(strangers, parents, levels, 1);
    expect(ofStrangers).toEqual({
      ...strangers[0],
      notes: [{ code: 'HIERARCHY_INCOMPLETE', detail: expect.stringContaining('1 of them has no forecast here ("south")') }],
    });
    expect(others).toEqual(strangers.slice(1));
    const unknown = [forecast('total', 12, 1), forecast('north', 5, 1), forecast('south', Number.NaN, 1)];
    expect(coherent(unknown, parents, levels, 1)).toMatchObject([
      { ...unknown[0], notes: [{ code: 'HIERARCHY_INCOMPLETE' }] },
      ...unknown.slice(1),
    ]);
    expect(coherent([forecast('north', 5, 1)], parents, levels, 1)[0]).toMatchObject({
      ...forecast('north', 5, 1),
      notes: [{ detail: expect.stringContaining('"total" is not forecast here') }],
    });
  });
});
