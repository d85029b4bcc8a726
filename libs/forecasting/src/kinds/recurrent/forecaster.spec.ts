import { DECILES } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { backtest } from '../../backtest/backtest.js';
import { Random } from '../../dataset/random.js';
import { type Checkpoint, type FitProgress, type Panel } from '../../forecaster.js';
import { loadForecaster } from '../registry.js';
import { defaultRecurrentConfig, type RecurrentConfig } from './config.js';
import { RecurrentForecaster } from './forecaster.js';

const HORIZON = 12;

/** Seasons of random shape on a wandering level. */
function panelOf(count: number, length: number): Panel {
  const random = new Random(6);
  const series = Array.from({ length: count }, (_, k) => {
    const shape = Array.from({ length: 12 }, () => 2 * random.normal());
    let rest = 0;
    const values = Float64Array.from({ length }, (_, t) => {
      rest = 0.8 * rest + random.normal();
      return 30 + shape[t % 12]! + rest;
    });
    return { id: `s${k}`, firstStep: 0, values };
  });
  return { frequency: '1', timeZone: 'UTC', seasonLengths: [12], series };
}

const config = (changes: Partial<RecurrentConfig> = {}, steps = 120): RecurrentConfig => {
  const base = defaultRecurrentConfig({ seasonLengths: [12], horizon: HORIZON, lengths: [100] });
  return { ...base, levels: [...DECILES], hidden: 16, ...changes, train: { ...base.train, steps } };
};

describe('RecurrentForecaster', () => {
  it('beats seasonal naive on steps that it never saw', async () => {
    const { models } = await backtest(panelOf(40, 140), [{ name: 'recurrent', create: () => new RecurrentForecaster(config({}, 200)) }], {
      horizon: HORIZON,
      windows: 4,
      refitEvery: 0,
      levels: DECILES,
    });
    expect(models[0]!.relativeToSeasonalNaive.wql).toBeLessThan(0.9);
    expect(models[0]!.beatsSeasonalNaive).toBe(true);
  });

  it('shows where it looked, for as many steps as were asked for', async () => {
    const panel = panelOf(4, 80);
    const model = new RecurrentForecaster(config({}, 3));
    await model.fit(panel, { seed: 1 });
    const [forecast] = await model.predict(panel, { horizon: 5, levels: [0.5], attention: true });
    const { maps, gate, contextLength, branches } = forecast!.attention!;
    expect(Object.keys(maps)).toEqual(['contextual', 'temporal', 'pointer']);
    for (const map of Object.values(maps)) {
      expect(map).toHaveLength(5 * contextLength);
      for (let t = 0; t < 5; t++)
        expect(map.slice(t * contextLength, (t + 1) * contextLength).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    }
    expect(gate).toHaveLength(5 * branches.length);
  });

  it('never points at what was not observed', async () => {
    const panel = panelOf(4, 80);
    const model = new RecurrentForecaster(config({}, 3));
    await model.fit(panel, { seed: 1 });
    const holes = panel.series[0]!.values.slice();
    const { contextLength } = model.config;
    for (let t = 0; t < holes.length; t += 2) holes[t] = Number.NaN;
    const [forecast] = await model.predict(
      { ...panel, series: [{ ...panel.series[0]!, values: holes }] },
      { horizon: HORIZON, levels: [0.5], attention: true },
    );
    for (const map of Object.values(forecast!.attention!.maps)) {
      map.forEach((weight, at) => {
        if (Number.isNaN(holes[holes.length - contextLength + (at % contextLength)]!)) expect(weight).toBe(0);
      });
    }
  });

  it('fine-tunes from the weights of another run, and reports progress', async () => {
    const panel = panelOf(6, 90);
    const first = new RecurrentForecaster(config({}, 40));
    await first.fit(panel, { seed: 1 });
    const losses: FitProgress[] = [];
    const cold: FitProgress[] = [];
    await new RecurrentForecaster(config({}, 5)).fit(panel, {
      seed: 2,
      start: first.save(),
      onProgress: (progress) => losses.push(progress),
    });
    await new RecurrentForecaster(config({}, 5)).fit(panel, { seed: 2, onProgress: (progress) => cold.push(progress) });
    expect(losses.at(-1)).toMatchObject({ step: 5, totalSteps: 5 });
    expect(losses.at(-1)!.validation!).toBeLessThan(cold.at(-1)!.validation!);
    expect(loadForecaster(first.save()).kind).toBe('recurrent');
  });

  it('resumes a run with its own settings, seed and threads only', async () => {
    const panel = panelOf(6, 90);
    let state: Checkpoint | undefined;
    const whole = new RecurrentForecaster(config({}, 12));
    await whole.fit(panel, { seed: 1, checkpoint: { everySteps: 5, save: (saved) => void (state = structuredClone(saved)) } });
    const resumed = new RecurrentForecaster(config({}, 12));
    await resumed.fit(panel, { seed: 1, resume: state! });
    expect(resumed.save().weights).toEqual(whole.save().weights);
    // The weights have the same number in each of these.
    for (const [differing, model, options] of [
      ['seed', config({}, 12), { seed: 2 }],
      ['threads', config({}, 12), { seed: 1, threads: 2 }],
      ['config', config({ zoneout: { h: 0.2, c: 0 } }, 12), { seed: 1 }],
    ] as const)
      await expect(new RecurrentForecaster(model).fit(panel, { ...options, resume: state! })).rejects.toMatchObject({
        code: 'CHECKPOINT_MISMATCH',
        subject: { differing },
      });
  });

  it('says how far back its gradient reaches: farther with shortcuts', async () => {
    const reachOf = async (delays: number[]): Promise<number> => {
      const seen: FitProgress[] = [];
      const model = new RecurrentForecaster(config({ delays, contextLength: 36, branches: ['contextual'] }, 30));
      await model.fit(panelOf(12, 120), { seed: 1, onProgress: (progress) => seen.push(progress) });
      const validated = seen.filter(({ validation }) => validation !== undefined);
      expect(validated.every(({ gradientReach }) => gradientReach! > 0 && gradientReach! < 10)).toBe(true);
      return validated.at(-1)!.gradientReach!;
    };
    expect(await reachOf([35])).toBeGreaterThan(3 * (await reachOf([])));
  });

  it('says what it cannot do', async () => {
    expect(() => new RecurrentForecaster(config({ branches: [] }))).toThrow(/branches/);
    expect(() => new RecurrentForecaster(config({ window: 999 }))).toThrow(/window/);
    const refused: [string, Partial<RecurrentConfig>][] = [
      ['delays', { delays: [3, 3] }],
      ['delays', { delays: [500] }],
      ['decoder', { decoder: 'sideways' as 'recursive' }],
      ['head', { head: 'foot' as 'quantile' }],
      ['scaler', { scaler: 'seriesDeviation' }],
      ['scaler', { head: 'negativeBinomial' }],
      ['branches', { head: 'vocabulary', branches: ['temporal'] }],
      ['paths', { paths: 0 }],
    ];
    for (const [setting, changes] of refused)
      expect(() => new RecurrentForecaster(config(changes))).toThrow(
        expect.objectContaining({ code: 'INVALID_CONFIG', subject: { setting } }),
      );
    await expect(new RecurrentForecaster(config()).fit(panelOf(2, 9), { seed: 1 })).rejects.toMatchObject({ code: 'SERIES_TOO_SHORT' });
    const model = new RecurrentForecaster(config({}, 1));
    await expect(model.predict(panelOf(1, 50), { horizon: 3, levels: [0.5] })).rejects.toMatchObject({ code: 'MODEL_NOT_FITTED' });
  });
});
