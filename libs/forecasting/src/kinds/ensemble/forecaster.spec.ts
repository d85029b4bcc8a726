import { describe, expect, it } from 'vitest';
import type { SegmentConfig } from '../segment/config.js';
import { defaultEnsemble, type EnsembleConfig } from './config.js';
import { Random } from '../../dataset/random.js';
import type { EnsembleForecaster } from './forecaster.js';
import type { Checkpoint, FitProgress, Panel } from '../../forecaster.js';
import { createForecaster, loadForecaster } from '../registry.js';

const HORIZON = 8;
const panel: Panel = {
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths: [8],
  series: [1, 2].map((k) => ({
    id: `s${k}`,
    firstStep: 0,
    values: Float64Array.from({ length: 90 }, (_, t) => k * (2 + Math.sin((Math.PI * t) / 4))),
  })),
};
const ask = { horizon: HORIZON, levels: [0.1, 0.5, 0.9] };

const facts = { frequency: '1', seasonLengths: [8], horizon: HORIZON, lengths: [90, 90], count: 2 };

function ensemble(combine: 'median' | 'mean' = 'median'): EnsembleForecaster {
  const members = defaultEnsemble(facts, 3).members.flatMap((member) =>
    member.kind === 'segment'
      ? [
          {
            kind: 'segment',
            config: { ...member.config, hidden: 8, train: { ...(member.config as SegmentConfig).train, steps: 6, batch: 8 } },
          },
        ]
      : [],
  );
  return createForecaster('ensemble', { members: [...members, { kind: 'seasonalNaive', config: {} }], combine }) as EnsembleForecaster;
}

describe('EnsembleForecaster', () => {
  it('lies between its members, in order of level', async () => {
    const model = ensemble();
    await model.fit(panel, { seed: 1 });
    const [forecast] = await model.predict(panel, ask);
    for (let t = 0; t < HORIZON; t++) {
      expect(forecast!.quantiles[t]!).toBeLessThanOrEqual(forecast!.quantiles[HORIZON + t]!);
      expect(forecast!.quantiles[HORIZON + t]!).toBeLessThanOrEqual(forecast!.quantiles[2 * HORIZON + t]!);
    }
  });

  it('gives short series a Theta model of their own with half of the weight, and long ones none', () => {
    const short = defaultEnsemble(facts, 3);
    expect(short.combine).toBe('mean');
    expect(short.members.at(-1)).toEqual({ kind: 'optimisedTheta', config: {}, weight: 3 });
    const long = { ...facts, lengths: Array<number>(40).fill(900), count: 40 };
    expect(defaultEnsemble(long, 3).members.map(({ kind }) => kind)).toEqual(['segment', 'segment', 'segment']);
  });

  it('gives a few long series a linear member, and learns all weights on what the members held out', async () => {
    const { members, combine, stacking } = defaultEnsemble({ ...facts, lengths: [900, 900] }, 2);
    expect(members.map(({ kind }) => kind)).toEqual(['segment', 'segment', 'linear']);
    expect([combine, stacking?.tail]).toEqual(['stacked', 90]);
    // A season that turns round now and then: the naive season errs, a linear model of the last values does not.
    const noisy: Panel = {
      ...panel,
      series: panel.series.map((one, s) => {
        const random = new Random(3, s);
        return { ...one, values: Float64Array.from({ length: 600 }, (_, t) => Math.sin((2 * Math.PI * t) / 11) + 0.2 * random.normal()) };
      }),
    };
    const linear = { kind: 'linear', config: { horizon: HORIZON, contextLength: 32, validationTail: 60 } };
    const settings = { horizon: HORIZON, tail: 60, levels: [0.1, 0.5, 0.9] };
    for (const metric of ['mse', 'wql'] as const) {
      const listed = [{ kind: 'seasonalNaive', config: {} }, linear, { kind: 'drift', config: {} }];
      const model = createForecaster('ensemble', { members: listed, combine: 'stacked', stacking: { ...settings, metric } });
      await model.fit(noisy, { seed: 1 });
      const weights = (model.config as EnsembleConfig).members.map(({ weight }) => weight!);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      expect(weights[1]!).toBeGreaterThan(0.7);
      expect(Math.min(...weights)).toBeGreaterThan(0.05);
      const again = loadForecaster(model.save());
      expect(await again.predict(noisy, ask)).toEqual(await model.predict(noisy, ask));
    }
    expect(() => createForecaster('ensemble', { members: [linear], combine: 'stacked' })).toThrow('held out');
  });

  it('takes the mean by weight', async () => {
    const kinds = ['naive', 'seasonalNaive'];
    const members = kinds.map((kind, i) => ({ kind, config: {}, weight: 1 + 2 * i }));
    const model = createForecaster('ensemble', { members, combine: 'mean' });
    await model.fit(panel, { seed: 1 });
    const [naive, seasonal] = await Promise.all(
      kinds.map(async (kind) => {
        const member = createForecaster(kind);
        await member.fit(panel, { seed: 1 });
        return (await member.predict(panel, ask))[0]!.quantiles;
      }),
    );
    const { quantiles } = (await model.predict(panel, ask))[0]!;
    quantiles.forEach((value, i) => expect(value).toBeCloseTo((naive![i]! + 3 * seasonal![i]!) / 4, 5));
    expect(() => createForecaster('ensemble', { members: [{ kind: 'naive', config: {}, weight: 0 }], combine: 'mean' })).toThrow('weight');
  });

  it('draws paths where all its members do, out of what they draw from the same seed', async () => {
    const whole = ensemble();
    const networks = createForecaster('ensemble', {
      ...whole.config,
      members: whole.config.members.filter(({ kind }) => kind === 'segment'),
    });
    for (const model of [whole, networks]) await model.fit(panel, { seed: 1 });
    const options = { ...ask, paths: { count: 40, seed: 2 } };
    expect((await whole.predict(panel, options))[0]!.paths).toBeUndefined();
    const [forecast] = await networks.predict(panel, options);
    expect(forecast!.paths).toHaveLength(40 * HORIZON);
    const below = forecast!.paths!.filter((value, i) => value < forecast!.quantiles[HORIZON + (i % HORIZON)]!).length;
    expect(Math.abs(below / (40 * HORIZON) - 0.5)).toBeLessThan(0.2);
    expect((await networks.predict(panel, options))[0]).toEqual(forecast);
  });

  it('survives a round trip, and reports progress over all members', async () => {
    const seen: FitProgress[] = [];
    const model = ensemble('mean');
    await model.fit(panel, { seed: 1, onProgress: (progress) => seen.push(progress) });
    const { manifest, weights } = model.save();
    const loaded = loadForecaster({ manifest: JSON.parse(JSON.stringify(manifest)) as typeof manifest, weights });
    expect(await loaded.predict(panel, ask)).toEqual(await model.predict(panel, ask));
    expect(seen.map(({ step }) => step)).toEqual([...seen.map(({ step }) => step)].sort((a, b) => a - b));
  });

  it('resumes in the member where it was killed, with the same result', async () => {
    const [whole, resumed] = [ensemble(), ensemble()];
    await whole.fit(panel, { seed: 1 });
    let state: Checkpoint | undefined;
    const controller = new AbortController();
    const fit = ensemble().fit(panel, {
      seed: 1,
      signal: controller.signal,
      checkpoint: { everySteps: 2, save: (saved) => void (state = structuredClone(saved)) },
      onProgress: ({ step }) => step >= 11 && controller.abort(),
    });
    await expect(fit).rejects.toMatchObject({ code: 'TRAINING_CANCELLED' });
    await resumed.fit(panel, { seed: 1, resume: state! });
    expect(resumed.save().weights).toEqual(whole.save().weights);
  });
});
