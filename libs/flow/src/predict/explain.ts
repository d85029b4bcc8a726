/** Asks what stored forecasts are made of. */
import type { ContributionsRequest, Run } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { refuseApart } from '../forecast/apart.js';
import type { FlowContext } from '../runs/context.js';
import { readRun } from '../runs/kinds.js';
import { startPrediction } from './request.js';

/** @throws AlmanacError RUN_NOT_FOUND, NOT_SUCH_A_RUN, FORECAST_NOT_FOUND, CONTRIBUTIONS_NOT_POSSIBLE */
export async function requestExplanation(context: FlowContext, { runId, uniqueIds: given }: ContributionsRequest): Promise<Run> {
  const { store } = context;
  const { modelVersionId, horizon, dataset } = readRun('forecast', await store.runs.get(runId)).config;
  const version = await store.models.versionById(modelVersionId);
  refuseApart(version, horizon);
  const uniqueIds = [...new Set(given)];
  for (const uniqueId of uniqueIds)
    if ((await store.forecasts.list({ runId, uniqueId, limit: 1 })).items.length === 0)
      throw new AlmanacError('FORECAST_NOT_FOUND', `The run ${runId} has no forecast of "${uniqueId}".`, {
        hint: 'Name a forecast run that has succeeded, and series that it forecast.',
        subject: { run: runId, series: uniqueId },
        status: 404,
      });
  return startPrediction(
    context,
    { kind: 'explain', runId, uniqueIds },
    { model: version.model, series: uniqueIds.length, horizon, dataset },
  );
}
