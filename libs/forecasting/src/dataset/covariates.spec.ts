import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../kinds/segment/config.js';
import type { Panel, SeriesData } from '../forecaster.js';
import { Random } from './random.js';
import { SegmentForecaster } from '../kinds/segment/forecaster.js';
import { covariatesOf } from './covariates.js';

const HORIZON = 6;

/** Noise that a future covariate foretells: y_t = 3·x_t + level, x known through the horizon. */
function driven(id: string, length: number, seed: number): { series: SeriesData; actual: Float64Array } {
  const random = new Random(seed);
  const level = random.normal() * 4;
  const signal = Float64Array.from({ length: length + HORIZON }, () => random.normal());
  const values = signal.map((x) => 3 * x + level);
  const noise = (): Float64Array => Float64Array.from({ length }, () => random.normal());
  const series = {
    id,
    firstStep: 0,
    values: values.slice(0, length),
    futureCovariates: { signal },
    pastCovariates: { noise: noise() },
    staticCovariates: { level },
  };
  return { series, actual: values.slice(length) };
}

const data = Array.from({ length: 8 }, (_, k) => driven(`s${k}`, 150, k + 1));
const panel: Panel = { frequency: '1', timeZone: 'UTC', seasonLengths: [], series: data.map(({ series }) => series) };
const ask = { horizon: HORIZON, levels: [0.5] };

async function fitted(steps: number): Promise<SegmentForecaster> {
  const config = defaultConfig({
    frequency: '1',
    seasonLengths: [],
    horizon: HORIZON,
    lengths: [150],
    count: 8,
    covariates: covariatesOf(panel.series),
  });
  const model = new SegmentForecaster({
    ...config,
    contextLength: 12,
    hidden: 24,
    train: { ...config.train, steps, batch: 32, dropout: 0, learningRate: 4e-3 },
  });
  await model.fit(panel, { seed: 1 });
  return model;
}

describe('covariates', () => {
  it('are those that every series has', () => {
    expect(covariatesOf(panel.series)).toEqual({ static: ['level'], past: ['noise'], future: ['signal'] });
    const without = { ...data[0]!.series, futureCovariates: {} };
    expect(covariatesOf([...panel.series, without]).future).toEqual([]);
  });

  it('foretell what history cannot', async () => {
    const model = await fitted(300);
    const forecasts = await model.predict(panel, ask);
    const error = forecasts.reduce(
      (sum, { quantiles }, s) => sum + quantiles.reduce((all, value, t) => all + Math.abs(value - data[s]!.actual[t]!), 0),
      0,
    );
    // History says nothing about the target, whose mean deviation is 2.4.
    expect(error / (8 * HORIZON)).toBeLessThan(1.2);
  });

  it('of the past are not read after the cutoff, and future ones must reach through the horizon', async () => {
    const model = await fitted(2);
    const { series } = data[0]!;
    const longer = { ...series, pastCovariates: { noise: Float64Array.from([...series.pastCovariates!['noise']!, 9, 9, 9]) } };
    const [before] = await model.predict({ ...panel, series: [series] }, ask);
    const [after] = await model.predict({ ...panel, series: [longer] }, ask);
    expect(after!.quantiles).toEqual(before!.quantiles);
    const short = { ...series, futureCovariates: { signal: series.futureCovariates!['signal']!.slice(0, -2) } };
    await expect(model.predict({ ...panel, series: [short] }, ask)).rejects.toMatchObject({
      code: 'COVARIATE_TOO_SHORT',
      subject: { series: 's0', covariate: 'signal' },
    });
    const none = { ...series, staticCovariates: {} };
    await expect(model.predict({ ...panel, series: [none] }, ask)).rejects.toMatchObject({ code: 'COVARIATE_MISSING' });
  });
});
