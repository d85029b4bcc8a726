/**
 * Forecasts with the baseline that was best on the last steps, or with the only one that is given.
 * Invariant: every candidate is measured on the same steps, which it has not seen.
 */
import { createForecaster, cutPanel, type Panel, scoreForecasts, type SeriesForecast, targetKindsOf } from '@almanac/forecasting';
import { DECILES } from '@almanac/series';
import { defined } from './metrics.js';
import type { ChooseOutcome, ChooseTask } from './tasks.js';

export async function choose({ panel, kinds, horizon, levels }: ChooseTask, signal: AbortSignal): Promise<ChooseOutcome> {
  const forecast = async (kind: string, of: Panel, at: readonly number[]): Promise<SeriesForecast[]> => {
    const forecaster = createForecaster(kind, {});
    try {
      return await forecaster.predict(of, { horizon, levels: at, signal, targets: targetKindsOf(of.series) });
    } finally {
      forecaster.dispose();
    }
  };
  const [only] = kinds;
  if (kinds.length === 1) return { kind: only!, forecasts: await forecast(only!, panel, levels), validation: null };
  // What is left must still show a season, or at least a few steps.
  const least = horizon + Math.max(2 * (panel.seasonLengths[0] ?? 1), 4);
  const long = { ...panel, series: panel.series.filter(({ values }) => values.length >= least) };
  const models: { model: string; wql: number | null; mase: number | null }[] = [];
  if (long.series.length > 0) {
    const known = cutPanel(long, ({ firstStep, values }) => firstStep + values.length - 1 - horizon, horizon);
    for (const kind of kinds) {
      const { wql, mase } = scoreForecasts(long, await forecast(kind, known, DECILES), { levels: DECILES }).overall;
      models.push({ model: kind, wql: defined(wql), mase: defined(mase) });
    }
  }
  const best = models.reduce<(typeof models)[number] | undefined>(
    (least, one) => (one.wql !== null && (least === undefined || one.wql < least.wql!) ? one : least),
    undefined,
  );
  const kind = best?.model ?? only!;
  return {
    kind,
    forecasts: await forecast(kind, panel, levels),
    validation: { series: long.series.length, steps: horizon, models },
  };
}
