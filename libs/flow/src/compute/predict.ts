/** Forecasts one shard of series; the model of the shard before is kept, so that a run sends its checkpoint once. */
import { type Forecaster, loadForecaster, type TargetKind } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import type { PredictOutcome, PredictTask } from './tasks.js';

let loaded: { key: string; forecaster: Forecaster; target: TargetKind | undefined } | undefined;

export async function predict(task: PredictTask, signal: AbortSignal): Promise<PredictOutcome> {
  const { panel, horizon, levels, attention } = task;
  const { forecaster, target } = modelOf(task);
  const forecasts = await forecaster.predict(panel, { horizon, levels, attention, signal, ...(target ? { target } : {}) });
  return { forecasts };
}

function modelOf({ checkpoint, checkpointKey }: PredictTask): { forecaster: Forecaster; target: TargetKind | undefined } {
  if (loaded?.key === checkpointKey) return loaded;
  if (!checkpoint) throw new AlmanacError('CHECKPOINT_MISSING', 'The process that computes was not sent the model.', { status: 500 });
  loaded?.forecaster.dispose();
  loaded = { key: checkpointKey, forecaster: loadForecaster(checkpoint), target: checkpoint.manifest.target };
  return loaded;
}
