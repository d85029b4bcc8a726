/** After three to twelve values of a known noise, no model of any kind is surer than the noise allows. */
import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import type { Panel, SeriesData, SeriesForecast } from '../forecaster.js';
import { plans } from './plans.js';
import { createForecaster, FORECASTER_KINDS, loadForecaster } from './registry.js';
import { noiseOf, widened } from './shortSeries.js';

const H = 2;
const LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975];
const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const NOISE = 0.1;

interface Known extends SeriesData {
  sigma: number;
}

/** Noise of a tenth of the level, whatever that is; `short` series of each length, after `long` ones. */
function panelOf(long: number, short: number, seed = 1): Panel & { series: Known[] } {
  const random = new Random(seed);
  const series = (id: string, length: number): Known => {
    const level = Math.exp(2 + 4 * random.next());
    const values = Float64Array.from({ length }, () => level * (1 + NOISE * random.normal()));
    return { id, firstStep: 0, values, sigma: NOISE * level };
  };
  return {
    frequency: 'D',
    timeZone: 'UTC',
    seasonLengths: [7],
    series: [
      ...Array.from({ length: long }, (_, i) => series(`long${i}`, 120)),
      ...LENGTHS.flatMap((length) => Array.from({ length: short }, (_, i) => series(`short${length}-${i}`, length))),
    ],
  };
}

/** 95 % widths of the first step as shares of the true ones, by the length of the history; ascending. */
function sharesOf({ series }: { series: readonly Known[] }, forecasts: readonly SeriesForecast[]): Map<number, number[]> {
  const shares = new Map<number, number[]>();
  forecasts.forEach(({ quantiles }, i) => {
    const { values, sigma } = series[i]!;
    const width = (quantiles[4 * H]! - quantiles[0]!) / (2 * 1.96 * sigma * Math.sqrt(1 + 1 / values.length));
    shares.set(
      values.length,
      [...(shares.get(values.length) ?? []), width].sort((a, b) => a - b),
    );
  });
  return shares;
}

function expectSane(shares: Map<number, number[]>, note = ''): void {
  for (const length of LENGTHS) {
    const all = shares.get(length)!;
    expect(all[all.length >> 1]!, `the middle one of ${length} values ${note}`).toBeGreaterThan(0.5);
    expect(all[0]!, `the narrowest of ${length} values ${note}`).toBeGreaterThan(0);
  }
}

describe('the least width', () => {
  it('is a sane share of the true one where the model itself has none', () => {
    const panel = panelOf(12, 15);
    const none = panel.series.map(({ id, values }): SeriesForecast => ({
      id,
      cutoff: values.length - 1,
      quantiles: new Float64Array(LEVELS.length * H).fill(values.at(-1)!),
    }));
    const shares = sharesOf(panel, widened(panel, none, { levels: LEVELS, horizon: H }, noiseOf(panel)));
    expectSane(shares);
    for (const [length, [narrowest]] of shares) if (length <= 12) expect(narrowest, `${length} values`).toBeGreaterThan(0.4);
    // A long one is what its model says it is.
    expect(shares.get(120)!.at(-1)).toBe(0);
  });

  it('is unknown where nothing tells it, which is said', () => {
    const series = [{ id: 'a', firstStep: 0, values: Float64Array.of(5) }];
    const panel = { frequency: 'D', timeZone: 'UTC', seasonLengths: [7], series };
    const quantiles = Float64Array.of(4.9, 4.9, 4.99, 4.99, 5, 5, 5.01, 5.01, 5.1, 5.1);
    const [one] = widened(panel, [{ id: 'a', cutoff: 0, quantiles }], { levels: LEVELS, horizon: H }, noiseOf(panel));
    expect([...one!.quantiles]).toEqual([NaN, NaN, NaN, NaN, 5, 5, NaN, NaN, NaN, NaN]);
    expect(one!.notes).toMatchObject([{ code: 'SPREAD_UNKNOWN' }]);
  });

  it('leaves a season alone that the model knows from other series', () => {
    const week = [10, 40, 60, 50, 20, 5, 1];
    const random = new Random(5);
    const of = (id: string, length: number): SeriesData => ({
      id,
      firstStep: 0,
      values: Float64Array.from({ length }, (_, t) => week[t % 7]! + random.normal()),
    });
    const series = [...Array.from({ length: 5 }, (_, i) => of(`long${i}`, 70)), of('short', 7)];
    const panel = { frequency: 'D', timeZone: 'UTC', seasonLengths: [7], series };
    const known = series.map(({ id, values }) => ({
      id,
      cutoff: values.length - 1,
      quantiles: Float64Array.from(LEVELS.flatMap((level) => [10, 40].map((value) => value + 6 * (level - 0.5)))),
    }));
    const short = widened(panel, known, { levels: LEVELS, horizon: H }, noiseOf(panel)).at(-1)!;
    expect(short.quantiles[4 * H]! - short.quantiles[0]!).toBeLessThan(10);
  });
});

/** Few steps, as no claim of these rests on a network at its best. */
const STEPS: Record<string, number> = { segment: 40, recurrent: 20, ensemble: 20, pretrained: 10 };
const LEFT_OUT = new Set(['coldStart', 'auto']);

describe.each(FORECASTER_KINDS.filter((kind) => !LEFT_OUT.has(kind)))('%s', (kind) => {
  it.each([
    ['among long ones', 12, 5],
    ['by themselves', 0, 5],
  ])('has sane intervals for short series %s, saved and loaded too', async (note, long, short) => {
    const panel = panelOf(long, short, 7);
    const lengths = panel.series.map(({ values }) => values.length);
    const facts = { frequency: 'D', seasonLengths: [7], horizon: H, lengths, count: lengths.length };
    const config = plans.settings(kind, facts, { ...(STEPS[kind] ? { steps: STEPS[kind] } : {}), config: {} });
    const model = createForecaster(kind, config);
    const least = plans.of(kind).minimumLength(config, plans);
    await model.fit({ ...panel, series: panel.series.filter(({ values }) => values.length >= least) }, { seed: 1 });
    const forecasts = await model.predict(panel, { horizon: H, levels: LEVELS });
    expectSane(sharesOf(panel, forecasts), note);
    expect(await loadForecaster(model.save()).predict(panel, { horizon: H, levels: LEVELS })).toEqual(forecasts);
  });
});
