/**
 * Stored forecasts taken apart: made again from their lineage (data version, model version, cutoff, learned widths), compared with what is
 * stored, and explained. Invariant: the parts are of the forecast that is stored; where it cannot be made again they are refused.
 */
import type { ContributionsAnswer } from '@almanac/contracts';
import { AlmanacError, Frequency } from '@almanac/series';
import type { ContributionRecord, ForecastRecord, StoredSeries } from '@almanac/store';
import type { Compute, PredictTask } from '../../compute/index.js';
import { contributionsOf } from '../../query/contributions.js';
import { loadCheckpoint } from '../../register/index.js';
import { completed, namesUsed, withoutHoles } from '../../runs/covariates.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readRun } from '../../runs/kinds.js';
import { withoutUnknownValues } from '../../runs/unknownValues.js';
import { panelOf, toSeriesData } from '../../runs/panel.js';
import { readWhole } from '../../runs/wholeSteps.js';
import { namedWidths } from '../../forecast/widths.js';

/** Relative to the size of the forecast: engines differ in the last digits. */
const TOLERANCE = 1e-4;

/** @throws AlmanacError FORECAST_NOT_FOUND, CONTRIBUTIONS_NOT_REPRODUCED, DATASET_VERSION_NOT_FOUND */
export async function explainForecasts(
  context: Pick<RunContext, 'store' | 'objects' | 'signal'>,
  compute: Compute,
  { runId, uniqueIds }: { runId: string; uniqueIds: readonly string[] },
): Promise<Omit<ContributionsAnswer, 'seconds'>> {
  const { store, objects, signal } = context;
  const plan = readRun('forecast', await store.runs.get(runId)).config;
  const dataset = await store.datasets.get(plan.dataset);
  const version = await store.models.versionById(plan.modelVersionId);
  const records = new Map<string, ForecastRecord>();
  for await (const record of store.forecasts.stream({ runId, uniqueId: uniqueIds })) records.set(record.uniqueId, record);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const names = namesUsed(version.config);
  const found: StoredSeries[] = [];
  for await (const { series } of readWhole(store, dataset, {
    version: plan.datasetVersion,
    untilStep: plan.cutoffStep,
    ids: [...uniqueIds],
    covariates: true,
    signal,
  }))
    if (series.values.length > 0) found.push(series);
  const read = found.map((one) => {
    const { series } = withoutHoles(toSeriesData(one), names, plan.horizon, grid, plan.covariateFill);
    return withoutUnknownValues(series, names).series;
  });
  const panel = panelOf(
    dataset,
    read.map((one) => completed(one, names, plan.horizon)),
  );
  const widths = await namedWidths(store, version.id, found, (id) => records.get(id)?.calibration ?? null);
  const { levels } = records.values().next().value!;
  const { forecasts } = await compute.run<PredictTask>(
    {
      ...{ task: 'predict', checkpointKey: version.id, checkpoint: await loadCheckpoint(objects, version) },
      ...{ panel, horizon: plan.horizon, levels, attention: false, contributions: true, calibrations: widths.states },
    },
    { signal, canWait: true },
  );
  const rows: ContributionRecord[] = [];
  const unknown: string[] = [];
  forecasts.forEach(({ id, cutoff, quantiles, parts }, i) => {
    const stored = records.get(id);
    if (!stored) return;
    refuseOther(stored, cutoff, quantiles);
    if (!parts) return unknown.push(id);
    const median = levels.indexOf(0.5) * plan.horizon;
    const rest = parts.at(-1)!;
    // To the last digit of what is stored.
    rest.values.forEach((value, h) => (rest.values[h] = value + stored.quantiles[median + h]! - quantiles[median + h]!));
    return rows.push({ runId, seriesId: found[i]!.seriesId, cutoffStep: cutoff, horizon: plan.horizon, parts });
  });
  await store.forecasts.saveContributions(rows);
  const named = new Map([...records.values()].map((record) => [record.seriesId, record]));
  return {
    model: version.model,
    version: version.no,
    horizon: plan.horizon,
    contributions: rows.map((row) => contributionsOf(named.get(row.seriesId)!, row)),
    notes: unknown.map((uniqueId) => ({
      uniqueId,
      code: 'CONTRIBUTIONS_UNKNOWN',
      detail: 'The median of this forecast is not known, so it has no parts.',
    })),
  };
}

/** Whether a kind reads the engine differently does not matter; whether it is another forecast does. */
function refuseOther(stored: ForecastRecord, cutoff: number, quantiles: Float64Array): void {
  const size = stored.quantiles.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  const apart = stored.quantiles.reduce((most, value, i) => Math.max(most, Math.abs(value - quantiles[i]!) || 0), 0);
  if (cutoff === stored.cutoffStep && apart <= TOLERANCE * size) return;
  throw new AlmanacError(
    'CONTRIBUTIONS_NOT_REPRODUCED',
    `The stored forecast of "${stored.uniqueId}" could not be made again exactly (it differs by up to ${apart.toPrecision(3)}), so it is not taken apart.`,
    {
      hint: 'Forecast again with `contributions: true`; POST /v1/forecasts/{runId}/replay says what differs.',
      subject: { run: stored.runId, series: stored.uniqueId, difference: apart },
      status: 409,
    },
  );
}
