import { describe, expect, it } from 'vitest';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { defaultConfig, minimumLength, type SegmentConfig } from './config.js';
import type { FitProgress, Panel, SeriesData } from '../../forecaster.js';
import { loadForecaster } from '../registry.js';
import { SegmentForecaster } from './forecaster.js';

const HORIZON = 24;

function wave(id: string, length: number, level: number, firstStep = 0): SeriesData {
  const values = Float64Array.from(
    { length },
    (_, t) => level * (3 + Math.sin((2 * Math.PI * (t + firstStep)) / 12) + 0.1 * Math.sin(t * 7.3)),
  );
  return { id, firstStep, values };
}

const panelOf = (series: SeriesData[]): Panel => ({ frequency: '1', timeZone: 'UTC', seasonLengths: [12], series });
const training = panelOf([wave('small', 200, 1), wave('large', 200, 1e6), wave('late', 150, 10, 5)]);

function config(changes: Partial<SegmentConfig> = {}, steps = 60): SegmentConfig {
  const base = defaultConfig({ frequency: '1', seasonLengths: [12], horizon: HORIZON, lengths: [200, 200, 150], count: 3 });
  return { ...base, hidden: 16, ...changes, train: { ...base.train, batch: 16, steps } };
}

async function fitted(steps = 60, changes: Partial<SegmentConfig> = {}): Promise<SegmentForecaster> {
  const model = new SegmentForecaster(config(changes, steps));
  await model.fit(training, { seed: 7 });
  return model;
}

const ask = { horizon: HORIZON, levels: DEFAULT_QUANTILES };

describe('SegmentForecaster', () => {
  it('learns a seasonal series far better than its mean, at every scale', async () => {
    const model = await fitted(150);
    const whole = panelOf(
      training.series.map((one) =>
        wave(one.id, one.values.length + HORIZON, one.id === 'small' ? 1 : one.id === 'large' ? 1e6 : 10, one.firstStep),
      ),
    );
    const forecasts = await model.predict(training, ask);
    forecasts.forEach((forecast, i) => {
      const { values } = whole.series[i]!;
      const actual = values.slice(-HORIZON);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const median = DEFAULT_QUANTILES.indexOf(0.5) * HORIZON;
      let error = 0;
      let spread = 0;
      actual.forEach((value, t) => {
        error += Math.abs(value - forecast.quantiles[median + t]!);
        spread += Math.abs(value - mean);
      });
      expect(error / spread).toBeLessThan(0.25);
    });
  });

  it('never lets quantiles cross, also at levels it did not learn', async () => {
    const model = await fitted(20);
    const levels = [0.01, 0.06, 0.1, 0.33, 0.5, 0.62, 0.9, 0.99];
    for (const { quantiles } of await model.predict(training, { horizon: HORIZON, levels }))
      for (let t = 0; t < HORIZON; t++)
        for (let i = 1; i < levels.length; i++)
          expect(quantiles[i * HORIZON + t]!).toBeGreaterThanOrEqual(quantiles[(i - 1) * HORIZON + t]!);
  });

  it('gives the same weights for the same seed and others for another', async () => {
    const [a, b] = [(await fitted(10)).save(), (await fitted(10)).save()];
    expect(a.weights).toEqual(b.weights);
    const other = new SegmentForecaster(config({}, 10));
    await other.fit(training, { seed: 8 });
    expect(other.save().weights).not.toEqual(a.weights);
  });

  it('forecasts the same bits after a round trip through JSON and floats', async () => {
    const model = await fitted(10);
    const { manifest, weights } = model.save();
    const loaded = loadForecaster({
      manifest: JSON.parse(JSON.stringify(manifest)) as typeof manifest,
      weights: new Float32Array(weights),
    });
    expect(await loaded.predict(training, ask)).toEqual(await model.predict(training, ask));
  });

  it('lets no series of a batch influence another', async () => {
    const model = await fitted(10);
    const [together] = await model.predict(training, ask);
    const [alone] = await model.predict(panelOf([training.series[0]!]), ask);
    expect(alone!.quantiles.map(Math.fround)).toEqual(together!.quantiles.map(Math.fround));
  });

  it('forecasts what is short, constant, missing, huge or tiny without inventing data', async () => {
    const model = await fitted(10);
    const gaps = wave('gaps', 120, 1);
    for (let t = 0; t < 120; t += 3) gaps.values[t] = NaN;
    const panel = panelOf([
      { id: 'one', firstStep: 0, values: Float64Array.of(5) },
      { id: 'constant', firstStep: 0, values: new Float64Array(100).fill(42) },
      gaps,
      wave('huge', 100, 1e30),
      wave('tiny', 100, 1e-30),
      { id: 'nothing', firstStep: 0, values: new Float64Array(50).fill(NaN) },
    ]);
    const forecasts = await model.predict(panel, ask);
    for (const { id, quantiles } of forecasts) expect(quantiles.every(Number.isFinite), id).toBe(id !== 'nothing');
    const constant = forecasts[1]!.quantiles;
    expect(Math.max(...constant) - Math.min(...constant)).toBeLessThan(4.2);
    expect(forecasts[5]!.quantiles.every(Number.isNaN)).toBe(true);
    expect(Math.max(...forecasts[4]!.quantiles)).toBeLessThan(1e-28);
  });

  it('forecasts no negative value when it never saw one', async () => {
    const model = await fitted(5);
    const panel = panelOf([{ id: 'rare', firstStep: 0, values: Float64Array.from({ length: 100 }, (_, t) => (t % 17 === 0 ? 9 : 0)) }]);
    expect(Math.min(...(await model.predict(panel, ask))[0]!.quantiles)).toBeGreaterThanOrEqual(0);
  });

  it('returns attention maps whose rows sum to one', async () => {
    const model = await fitted(5);
    const [forecast] = await model.predict(training, { ...ask, attention: true });
    const { maps, contextLength, columnSteps, gate } = forecast!.attention!;
    const columns = contextLength / columnSteps;
    for (const map of [maps['contextual']!, maps['temporal']!])
      for (let t = 0; t < HORIZON; t++)
        expect(map.slice(t * columns, (t + 1) * columns).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    expect(gate).toHaveLength(HORIZON * 2);
    expect(gate[0]! + gate[1]!).toBeCloseTo(1, 5);
  });

  it('reports progress with validation and stops when asked to', async () => {
    const seen: FitProgress[] = [];
    const model = new SegmentForecaster(config({}, 40));
    const controller = new AbortController();
    const onProgress = (progress: FitProgress): void => {
      seen.push(progress);
      if (progress.step >= 20) controller.abort();
    };
    await expect(model.fit(training, { seed: 1, onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'TRAINING_CANCELLED',
    });
    expect(seen.some(({ validation }) => validation !== undefined && validation > 0)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ step: 20, totalSteps: 40 });
    expect(() => model.save()).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FITTED' }));
  });

  it('names what is too short to train on', async () => {
    const model = new SegmentForecaster(config());
    const length = minimumLength(model.config) - 1;
    await expect(model.fit(panelOf([wave('stub', length, 1)]), { seed: 1 })).rejects.toMatchObject({
      code: 'SERIES_TOO_SHORT',
      subject: { series: 'stub', needed: length + 1 },
    });
  });

  it('forecasts horizons and contexts that segments do not divide', async () => {
    const changes = { horizon: 17, seasonLengths: [], temporalSeason: 0, segmentLength: 5, contextLength: 25 };
    const model = await fitted(5, changes);
    const [forecast] = await model.predict(training, { horizon: 17, levels: [0.5] });
    expect(forecast!.quantiles).toHaveLength(17);
    expect(forecast!.cutoff).toBe(199);
  });

  it('says what it cannot do', () => {
    for (const [setting, changes] of [
      ['contextLength', { contextLength: 13 }],
      ['scaler', { scaler: 'loud' }],
      ['head', { head: 'vocabulary' }],
    ] as [string, Partial<SegmentConfig>][])
      expect(() => new SegmentForecaster(config(changes))).toThrow(
        expect.objectContaining({ code: 'INVALID_CONFIG', subject: { setting } }),
      );
  });
});
