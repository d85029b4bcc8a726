/**
 * Forecasts without a model: by a kind that needs no training, or by a mix of such kinds that is weighed for each series on its own last
 * steps. Nothing is kept.
 */
import { createForecaster, plans, targetKindsOf } from '@almanac/forecasting';
import { settings } from './settings.js';
import type { ChooseOutcome, ChooseTask } from './tasks.js';

/** Of all that is measured and drawn; the same request gets the same answer. */
const SEED = 1;

export async function choose(
  { panel, kind, config, horizon, levels, members = false }: ChooseTask,
  signal: AbortSignal,
): Promise<ChooseOutcome> {
  const whole = settings(panel, { kind, horizon, holdout: 0, config });
  const forecaster = createForecaster(kind, whole);
  try {
    // A mix has weights to learn; a kind that needs no training has nothing.
    if (plans.of(kind).members(whole).length > 0) await forecaster.fit(panel, { seed: SEED, signal });
    const forecasts = await forecaster.predict(panel, { horizon, levels, members, signal, targets: targetKindsOf(panel.series) });
    const choice = forecaster.choice?.(panel);
    return { forecasts, choice: choice ?? null };
  } finally {
    forecaster.dispose();
  }
}
