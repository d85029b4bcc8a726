/** Forecasts one shard of series; the model of the shard before is kept, so that a run sends its checkpoint once. */
import {
  borrowedAt,
  contributionsOf,
  type Forecaster,
  keepTo,
  type LearnedTargets,
  loadForecaster,
  targetsFor,
} from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import { allLevels, calibrated, rowsAt } from './calibrate.js';
import type { PredictOutcome, PredictTask } from './tasks.js';

interface Loaded {
  key: string;
  forecaster: Forecaster;
  learned: LearnedTargets;
}

let loaded: Loaded | undefined;

export async function predict(task: PredictTask, signal: AbortSignal): Promise<PredictOutcome> {
  const { forecaster, learned } = modelOf(task);
  const outcome = await forecast(task, forecaster, learned, signal);
  if (!task.contributions) return outcome;
  const { panel, horizon, levels } = task;
  const medians = outcome.forecasts.map(({ quantiles }) => rowsAt(quantiles, levels, [0.5]));
  const parts = await contributionsOf(forecaster, panel, medians, { horizon, levels, signal });
  return { forecasts: outcome.forecasts.map((one, i) => ({ ...one, parts: parts[i]! })) };
}

async function forecast(task: PredictTask, forecaster: Forecaster, learned: LearnedTargets, signal: AbortSignal): Promise<PredictOutcome> {
  const { panel, horizon, levels, attention, members = false, calibrations } = task;
  const targets = targetsFor(learned, panel.series);
  const asked = { horizon, levels, attention, members, signal };
  if (!calibrations) return { forecasts: await forecaster.predict(panel, { ...asked, ...(targets ? { targets } : {}) }) };
  // What was learned at other levels is applied at those.
  const known = allLevels(levels, ...Object.values(calibrations).map(({ settings }) => settings.levels));
  // Rounded only after the calibration: widths are learned in fractions.
  const forecasts = await forecaster.predict(panel, { ...asked, levels: known });
  return {
    forecasts: forecasts.map((forecast) => {
      const state = calibrations[forecast.id];
      const target = targets?.get(forecast.id);
      const own = rowsAt(forecast.quantiles, known, levels);
      const outwards = borrowedAt(forecast.notes, levels);
      if (!state) return { ...forecast, quantiles: keepTo(target, own, outwards) };
      const quantiles = calibrated(state, rowsAt(forecast.quantiles, known, state.settings.levels), levels);
      return { ...forecast, own, quantiles: keepTo(target, quantiles, outwards) };
    }),
  };
}

function modelOf({ checkpoint, checkpointKey }: PredictTask): Loaded {
  if (loaded?.key === checkpointKey) return loaded;
  if (!checkpoint) throw new AlmanacError('CHECKPOINT_MISSING', 'The process that computes was not sent the model.', { status: 500 });
  loaded?.forecaster.dispose();
  loaded = { key: checkpointKey, forecaster: loadForecaster(checkpoint), learned: checkpoint.manifest };
  return loaded;
}
