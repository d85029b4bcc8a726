import { describe, expect, it } from 'vitest';
import { createBaseline } from '../kinds/baselines/methods.js';
import { Random } from '../dataset/random.js';
import { type Panel, type SeriesForecast } from '../forecaster.js';
import { hasSharedData, readM4 } from '../testing/sharedData.js';
import { backtest, rollingCutoffs } from './backtest.js';
import { cutPanel } from './cut.js';
import { certifyForecasts, certifyNoLeakage, cutFitPredict, requireNoLeakage, type LeakageOptions } from './leakage.js';

function seasonalPanel(): Panel {
  const random = new Random(11);
  const make = (id: string, firstStep: number, length: number): Panel['series'][number] => ({
    id,
    firstStep,
    values: Float64Array.from({ length }, (_, t) => 50 + 10 * Math.sin((2 * Math.PI * (firstStep + t)) / 12) + random.normal()),
    pastCovariates: { load: Float64Array.from({ length }, () => random.normal()) },
    futureCovariates: { price: Float64Array.from({ length: length + 30 }, () => random.normal()) },
  });
  return { frequency: 'h', timeZone: 'UTC', seasonLengths: [12], series: [make('a', 0, 120), make('late', 90, 30), make('ended', 0, 70)] };
}

describe('cutPanel', () => {
  it('keeps nothing after the cutoff within reach, and covariates only through the horizon', () => {
    const { series } = cutPanel(seasonalPanel(), 79, 6);
    expect(series.map((one) => one.id)).toEqual(['a', 'ended']);
    expect(series[0]!.values.length).toBe(80);
    expect(series[0]!.values.buffer.byteLength).toBe(80 * 8);
    expect(series[0]!.pastCovariates!['load']!.length).toBe(80);
    expect(series[0]!.futureCovariates!['price']!.length).toBe(86);
    expect(series[1]!.values.length).toBe(80);
    expect(series[1]!.values[69]).not.toBeNaN();
    expect(series[1]!.values[70]).toBeNaN();
  });

  it('says so where the cutoff is before everything', () => {
    expect(() => cutPanel(seasonalPanel(), -1, 6)).toThrow(/No series has a value/);
  });
});

describe('backtest', () => {
  it('rolls cutoffs from the end and leaves the horizon after the last', () => {
    const panel = seasonalPanel();
    expect(rollingCutoffs(panel, { horizon: 6, windows: 3, stepSize: 4, align: 'calendar' }).map((window) => window.shown)).toEqual([
      105, 109, 113,
    ]);
  });

  it('puts seasonal naive beside every model and says which models beat it', async () => {
    const panel = seasonalPanel();
    const result = await backtest(
      panel,
      [
        { name: 'naive', create: () => createBaseline('naive') },
        { name: 'naive2', create: () => createBaseline('naive2') },
      ],
      { horizon: 12, windows: 3 },
    );
    expect(result.models.map((model) => [model.name, model.windows.length])).toEqual([
      ['naive', 3],
      ['naive2', 3],
      ['seasonalNaive', 3],
    ]);
    expect(result.models[0]!.beatsSeasonalNaive).toBe(false);
    expect(result.models[0]!.relativeToSeasonalNaive.wql).toBeGreaterThan(1.5);
    expect(result.models[0]!.perHorizon).toHaveLength(12);
    const counts = result.models[0]!.windows.map((window) => window.scores.overall.observations);
    expect(counts).toEqual([12, 24, 24]);
    expect(result.models[0]!.overall.observations).toBe(60);
  });

  it('refits as often as asked, on the past of its window only', async () => {
    const seen: number[] = [];
    const spy = (): ReturnType<typeof createBaseline> => {
      const inner = createBaseline('naive');
      return {
        ...inner,
        kind: 'naive',
        config: {},
        save: () => inner.save(),
        dispose: () => {},
        predict: (p, o) => inner.predict(p, o),
        fit: async (p) => void seen.push(p.series[0]!.values.length),
      };
    };
    await backtest(seasonalPanel(), [{ name: 'spy', create: spy }], { horizon: 6, windows: 4, stepSize: 6, refitEvery: 2 });
    expect(seen).toEqual([96, 108]);
    seen.length = 0;
    await backtest(seasonalPanel(), [{ name: 'spy', create: spy }], { horizon: 6, windows: 4, stepSize: 6, refitEvery: 0 });
    expect(seen).toEqual([96]);
  });

  it('stops when cancelled and refuses nonsense', async () => {
    const models = [{ name: 'theta', create: () => createBaseline('theta') }];
    await expect(backtest(seasonalPanel(), models, { horizon: 6, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(backtest(seasonalPanel(), models, { horizon: 0 })).rejects.toThrow(/horizon 0/);
    await expect(backtest(seasonalPanel(), [...models, ...models], { horizon: 6 })).rejects.toThrow(/"theta"/);
  });

  it.skipIf(!hasSharedData)('counts back from each end where series share no calendar (needs ../shared/data)', async () => {
    const series = [...readM4('train')].slice(0, 40).map(([id, values]) => ({ id, firstStep: 0, values }));
    const result = await backtest({ frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series }, [], {
      horizon: 48,
      windows: 2,
      align: 'ends',
    });
    expect(result.models[0]!.overall.observations).toBe(2 * 40 * 48);
    expect(result.models[0]!.overall.mase).toBeLessThan(1.5);
  });
});

describe('the leakage certificate', () => {
  const options: LeakageOptions = { cutoffs: [80, 100], horizon: 6, levels: [0.1, 0.5, 0.9], seed: 1 };

  it('is passed by an honest model, and is plain data', async () => {
    const certificate = await certifyNoLeakage('naive2', seasonalPanel(), () => createBaseline('naive2'), options);
    requireNoLeakage(certificate);
    expect(certificate.checks).toHaveLength(10);
    expect(JSON.parse(JSON.stringify(certificate))).toEqual(certificate);
  });

  const leaks: [string, (panel: Panel) => number, string][] = [
    [
      'a scale taken from the whole series',
      (panel) => Math.max(...panel.series[0]!.values.filter((value) => !Number.isNaN(value))),
      'values',
    ],
    ['the length of the whole series', (panel) => panel.series[0]!.values.length, 'removed'],
    ['a past covariate of tomorrow', (panel) => panel.series[0]!.pastCovariates!['load']![110] ?? 0, 'pastCovariates'],
    ['a future covariate beyond the horizon', (panel) => panel.series[0]!.futureCovariates!['price']!.at(-1)!, 'futureCovariates'],
  ];
  it.each(leaks)('is refused to a pipeline that reads %s', async (_, peek, alteration) => {
    const honest = cutFitPredict(() => createBaseline('naive'), options);
    const leaky = async (panel: Panel, cutoff: number): Promise<SeriesForecast[]> => {
      const forecasts = await honest(panel, cutoff);
      forecasts[0]!.quantiles[0]! += peek(panel) * 1e-9;
      return forecasts;
    };
    const certificate = await certifyForecasts('leaky', seasonalPanel(), leaky, options);
    expect(certificate.passed).toBe(false);
    expect(certificate.checks.filter((check) => !check.same).map((check) => check.alteration)).toContain(alteration);
    expect(() => requireNoLeakage(certificate)).toThrow(/leaky at step 80/);
  });

  it('alters everything at once at all cutoffs but the last, and sees what only the stored rows give away', async () => {
    const panel = seasonalPanel();
    const brief = { ...options, brief: true };
    const { checks } = await certifyNoLeakage('naive2', panel, () => createBaseline('naive2'), brief);
    expect(checks.filter(({ cutoff }) => cutoff === 80).map(({ alteration }) => alteration)).toEqual(['everything']);
    expect(checks.filter(({ cutoff }) => cutoff === 100)).toHaveLength(5);
    // Reading itself may leak: a panel whose history was scaled by what came later.
    const scaled = { ...panel, series: panel.series.map((one) => ({ ...one, values: one.values.map((value) => 1.01 * value) })) };
    const stored = [{ cutoff: 80, panel: scaled }];
    const certificate = await certifyNoLeakage('naive2', panel, () => createBaseline('naive2'), { ...brief, stored });
    expect(certificate.checks.filter(({ same }) => !same)).toMatchObject([{ cutoff: 80, alteration: 'stored' }]);
    expect(() => requireNoLeakage(certificate)).toThrow(/naive2 at step 80 reads what came after it \(stored\)/);
  });

  it('is not given where nothing came after the cutoff', async () => {
    const panel = seasonalPanel();
    const bare = { ...panel, series: panel.series.map(({ id, firstStep, values }) => ({ id, firstStep, values })) };
    const certificate = await certifyNoLeakage('naive', bare, () => createBaseline('naive'), { ...options, cutoffs: [119] });
    expect(certificate.passed).toBe(false);
    expect(() => requireNoLeakage(certificate)).toThrow(/no cutoff/i);
  });
});
