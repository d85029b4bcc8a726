/**
 * What stands beside every model: naive, seasonal naive by every season, and Theta. The one that a user would take instead is the one that
 * did best on the training part; what was held out decides nothing but how good each is.
 */
import type { Score } from '@almanac/contracts';
import {
  createForecaster,
  cutPanel,
  type Forecaster,
  letOthers,
  type Panel,
  SEASONAL_NAIVE,
  scoreForecasts,
  type SeriesForecast,
  targetKindsOf,
} from '@almanac/forecasting';
import { type Reference, referencesFor } from './baselines.js';
import { metricsOf } from './metrics.js';

/** What may interrupt it. */
interface Tools {
  signal: AbortSignal;
}

export interface References {
  scores: Score[];
  /** Label of the one that did best on the training part. */
  chosen: string;
  /** Forecasts of the seasonal naive method by the shortest season, of the steps that were held out. */
  seasonal: { forecasts: SeriesForecast[]; levels: readonly number[] };
}

/** @param training what the model learned from: the panel without what was held out */
export async function measureReferences(
  panel: Panel,
  training: Panel,
  span: { horizon: number; holdout: number },
  tools: Tools,
): Promise<References> {
  const scores: Score[] = [];
  let best: { label: string; wql: number } | undefined;
  let seasonal: References['seasonal'] | undefined;
  // One horizon, just before what was held out.
  const before = { ...span, holdout: span.horizon };
  const known = { ...training, series: training.series.filter(({ values }) => values.length > span.horizon) };
  for (const reference of referencesFor(panel)) {
    const { kind, label, config, levels } = reference;
    const forecaster = createForecaster(kind, config);
    const { score, forecasts } = await measure(forecaster, panel, span, reference, tools);
    scores.push(score);
    if (kind === SEASONAL_NAIVE) seasonal ??= { forecasts, levels };
    if (known.series.length > 0) {
      const { wql } = (await measure(forecaster, known, before, reference, tools)).score.metrics;
      if (typeof wql === 'number' && wql < (best?.wql ?? Infinity)) best = { label, wql };
    }
    forecaster.dispose();
  }
  return { scores, chosen: best?.label ?? scores.find(({ kind }) => kind === SEASONAL_NAIVE)!.label, seasonal: seasonal! };
}

/** Forecasts the held-out steps, horizon after horizon, each from all that was known before it. */
export async function measure(
  forecaster: Forecaster,
  panel: Panel,
  { horizon, holdout }: { horizon: number; holdout: number },
  { kind, label, levels }: Pick<Reference, 'kind' | 'label' | 'levels'>,
  { signal }: Tools,
): Promise<{ score: Score; forecasts: SeriesForecast[] }> {
  const forecasts: SeriesForecast[] = [];
  for (let back = holdout; back >= horizon; back -= horizon) {
    await letOthers();
    const known = knownAt(panel, back, horizon);
    forecasts.push(...(await forecaster.predict(known, { horizon, levels, signal, targets: targetKindsOf(known.series) })));
  }
  const score = { kind, label, metrics: metricsOf(scoreForecasts(panel, forecasts, { levels }).overall) };
  return { score, forecasts };
}

/** Each series without its last `back` steps, in memory of its own. */
export const knownAt = (panel: Panel, back: number, horizon: number): Panel =>
  cutPanel(panel, ({ firstStep, values }) => firstStep + values.length - 1 - back, horizon);

/** WQL over that of the reference that was chosen; null where either is not defined. */
export function ratioTo(chosen: string, score: Score, scores: readonly Score[]): number | null {
  const [own, theirs] = [score.metrics['wql'], scores.find(({ label }) => label === chosen)?.metrics['wql']];
  return typeof own === 'number' && typeof theirs === 'number' && theirs > 0 ? own / theirs : null;
}
