import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import type { Panel, SeriesData } from '../../forecaster.js';
import { plans } from '../plans.js';
import { createForecaster, loadForecaster } from '../registry.js';
import { type defaultAuto } from './config.js';
import type { AutoForecaster } from './forecaster.js';
import { learnWeights, normalised } from './weights.js';

const HORIZON = 6;
const LEVELS = [0.1, 0.5, 0.9];
const ask = { horizon: HORIZON, levels: LEVELS };

/** A season of 12 on a level, with noise. */
const seasonal = (id: string, length: number): SeriesData => {
  const random = new Random(3, id.length, length);
  return {
    id,
    firstStep: 0,
    values: Float64Array.from({ length }, (_, t) => 100 + 40 * Math.sin((2 * Math.PI * t) / 12) + random.normal()),
  };
};
const panelOf = (...series: SeriesData[]): Panel => ({ frequency: 'MS', timeZone: 'UTC', seasonLengths: [12], series });
const factsOf = ({ series, seasonLengths, frequency }: Panel): Parameters<typeof defaultAuto>[0] => ({
  frequency,
  seasonLengths,
  horizon: HORIZON,
  lengths: series.map(({ values }) => values.length),
  count: series.length,
});
const quick = (panel: Panel): AutoForecaster =>
  createForecaster('auto', plans.settings('auto', factsOf(panel), { config: { budget: 'quick' } })) as AutoForecaster;

describe('weights', () => {
  const prior = [2, 1, 1];
  const rows = (losses: number[], count: number): { series: number; losses: number[] }[] =>
    Array.from({ length: count }, (_, series) => ({ series, losses }));

  it('are the prior mix where nothing was measured, and where members err about alike', () => {
    expect(learnWeights(prior, []).panel).toEqual([0.5, 0.25, 0.25]);
    expect(learnWeights(prior, rows([1, 1.05, 0.97], 200)).panel).toEqual([0.5, 0.25, 0.25]);
  });

  it('leave out who errs by far more over a panel, not who was unlucky once', () => {
    const [first, second, third] = learnWeights(prior, rows([1, 1, 3], 200)).panel;
    expect(third).toBe(0);
    expect(first! / second!).toBeCloseTo(2, 9);
    expect(learnWeights(prior, rows([1, 1, 3], 1)).panel[2]).toBeGreaterThan(0.15);
  });

  it('take no notice of members that could not be measured', () => {
    const { panel, relative } = learnWeights(prior, rows([Number.NaN, 1, 1], 50));
    expect(panel).toEqual([0.5, 0.25, 0.25]);
    expect(relative[0]).toBeNaN();
  });

  it('move a series no farther than its few cutoffs carry', () => {
    const measured = [...rows([1, 1, 1], 200), ...Array.from({ length: 3 }, () => ({ series: 500, losses: [1, 1, 4] }))];
    const { own, panel } = learnWeights(prior, measured);
    expect(own.get(500)![2]!).toBeLessThan(0.6 * panel[2]!);
    expect(own.get(500)![2]!).toBeGreaterThan(0.05);
    expect(own.get(7)).toEqual(panel);
  });

  it('add up to 1 among those that take part', () => {
    expect(normalised([0.5, 0.3, 0.2], (m) => m > 0)).toEqual([0, 0.6, 0.4]);
    expect(normalised([0.5, 0.49, 0.01])[2]).toBe(0);
  });
});

describe('the auto forecaster', () => {
  it('drops, on seasonal series, what does not know the season, and says so', async () => {
    const panel = panelOf(...Array.from({ length: 12 }, (_, i) => seasonal(`s${i}`, 96 + i)));
    const config = {
      ...plans.settings('auto', factsOf(panel), { config: { budget: 'quick' } }),
      members: [
        { kind: 'naive', config: {} },
        { kind: 'autoEts', config: {} },
        { kind: 'seasonalNaive', config: { seasonLength: 12 } },
      ],
    };
    const model = createForecaster('auto', config) as AutoForecaster;
    await model.fit(panel, { seed: 1 });
    const { members, series, summary } = model.choice(panel);
    expect(members.map(({ label, share }) => [label, share > 0])).toEqual([
      ['naive', false],
      ['autoEts', true],
      ['seasonalNaive (12)', true],
    ]);
    expect(members[0]!.why).toMatch(/^Left out: errs \d{3} % of what all together do/);
    expect(summary).toContain('a season of 12 steps shows in 12');
    expect(series[0]!.why).toMatch(/^96 observations, a season of 12 steps: autoEts \d+ %, seasonalNaive \(12\) \d+ %; /);
    model.dispose();
  });

  it('forecasts the mean of its members, which can be looked at, and the same after a checkpoint', async () => {
    const panel = panelOf(seasonal('a', 90), seasonal('b', 60));
    const model = quick(panel);
    await model.fit(panel, { seed: 1 });
    const [forecast] = await model.predict(panel, { ...ask, members: true });
    const shown = forecast!.members!;
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    forecast!.quantiles.forEach((value, i) =>
      expect(value).toBeCloseTo(
        shown.reduce((sum, { share, quantiles }) => sum + share * quantiles[i]!, 0),
        9,
      ),
    );
    const [upper] = await model.predict(panel, { ...ask, levels: [0.9] });
    expect(upper!.quantiles).toEqual(forecast!.quantiles.slice(2 * HORIZON));
    const again = loadForecaster(model.save());
    expect(await again.predict(panel, ask)).toEqual(await model.predict(panel, ask));
    for (const one of [model, again]) one.dispose();
  });

  it('leaves series that are too short for a network to the others', async () => {
    const panel = panelOf(...Array.from({ length: 6 }, (_, i) => seasonal(`long${i}`, 90)), seasonal('short', 14));
    // Not measured: a network of four steps would be left out for better reasons.
    const settings = plans.settings('auto', factsOf(panel), { steps: 4, config: { cutoffs: 0 } });
    const model = createForecaster('auto', settings) as AutoForecaster;
    await model.fit(panel, { seed: 1 });
    const forecasts = await model.predict(panel, { ...ask, members: true });
    const labels = forecasts.map(({ members }) => members!.map(({ label }) => label));
    expect(labels[0]).toContain('segment');
    expect(labels.at(-1)).not.toContain('segment');
    expect(labels.at(-1)).toContain('autoEts');
    expect(model.choice(panel).series.at(-1)!.why).toContain('too short for segment');
    model.dispose();
  });

  it('has no network where no series is long enough for one, or none is wanted', () => {
    const kinds = (config: Record<string, unknown>, ...lengths: number[]): string[] =>
      plans
        .of('auto')
        .members(plans.settings('auto', { ...factsOf(panelOf()), lengths, count: lengths.length }, { config }))
        .map(({ kind }) => kind);
    expect(kinds({}, 90, 90)).toContain('segment');
    expect(kinds({ budget: 'quick' }, 90, 90)).not.toContain('segment');
    expect(kinds({}, 9, 9)).not.toContain('segment');
    expect(kinds({ budget: 'best' }, 90, 90).filter((kind) => kind === 'segment')).toHaveLength(6);
  });
});
