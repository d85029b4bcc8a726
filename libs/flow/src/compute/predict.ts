/** Forecasts one shard of series; the model of the shard before is kept, so that a run sends its checkpoint once. */
import { type Forecaster, loadForecaster } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import type { PredictOutcome, PredictTask } from './tasks.js';

let loaded: { key: string; forecaster: Forecaster } | undefined;

export async function predict(task: PredictTask, signal: AbortSignal): Promise<PredictOutcome> {
  const { panel, horizon, levels, attention } = task;
  const forecasts = await modelOf(task).predict(panel, { horizon, levels, attention, signal });
  return { forecasts };
}

function modelOf({ checkpoint, checkpointKey }: PredictTask): Forecaster {
  if (loaded?.key === checkpointKey) return loaded.forecaster;
  if (!checkpoint) throw new AlmanacError('CHECKPOINT_MISSING', 'The process that computes was not sent the model.', { status: 500 });
  loaded?.forecaster.dispose();
  loaded = { key: checkpointKey, forecaster: loadForecaster(checkpoint) };
  return loaded.forecaster;
}
