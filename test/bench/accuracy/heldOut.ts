/** Data sets whose last horizon is the test, one forecast per series. */
import { createForecaster, scoreForecasts, type Metric, type Metrics, type Panel } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import type { BenchRow } from '../bench.js';
import type { HeldOut } from './data.js';
import { fitDefault, withoutLast, type FitSettings } from './fit.js';

export interface HeldOutResult {
  metrics: Metrics;
  seasonalNaive: Metrics;
  seconds: number;
}

export async function runHeldOut({ panel, horizon }: HeldOut, metric: Metric, settings: FitSettings): Promise<HeldOutResult> {
  const history = withoutLast(panel, horizon);
  const { model, seconds } = await fitDefault(history, horizon, metric, settings);
  const ask = { horizon, levels: DEFAULT_QUANTILES };
  const score = (forecasts: Awaited<ReturnType<typeof model.predict>>, of: Panel): Metrics => scoreForecasts(of, forecasts, ask).overall;
  const metrics = score(await model.predict(history, ask), panel);
  model.dispose();
  const naive = createForecaster('seasonalNaive');
  await naive.fit(history, { seed: 1 });
  return { metrics, seasonalNaive: score(await naive.predict(history, ask), panel), seconds };
}

export function row(name: string, unit: string, ours: number, peerName: string, peer: number): BenchRow {
  return { case: name, ours, peer, peerName, unit, ratio: ours / peer };
}
