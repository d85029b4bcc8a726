/** Forecasts series of a dataset by a kind that needs no training. */
import type { FirstLook } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import type { ChooseTask, Compute } from '../../compute/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import type { PlannedRun } from '../../runs/kinds.js';
import { readPanel } from '../../runs/panel.js';
import type { FirstLookPlan } from '../plan.js';
import { rowsOf } from './rows.js';

/** @throws AlmanacError SERIES_EMPTY */
export async function lookFirst(
  { store, signal }: RunContext<PlannedRun<'predict'>>,
  compute: Compute,
  { dataset: name, datasetVersion, uniqueIds, model, seriesCount, horizon, levels }: FirstLookPlan,
): Promise<Omit<FirstLook, 'seconds'>> {
  const dataset = await store.datasets.get(name);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const { panel } = await readPanel(store, dataset, { version: datasetVersion, ids: uniqueIds, signal });
  if (panel.series.length === 0)
    throw new AlmanacError('SERIES_EMPTY', `None of the series has a whole step in version ${datasetVersion} of ${name}.`, {
      hint: 'Name other series, or another version.',
      subject: { series: uniqueIds[0], dataset: name },
    });
  const config = plans.of(model).untrainedConfig ?? {};
  const { forecasts } = await compute.run<ChooseTask>({ task: 'choose', panel, kind: model, config, horizon, levels }, { signal });
  return {
    model,
    dataset: name,
    datasetVersion,
    horizon,
    levels,
    firstLook: forecasts.map(({ id, cutoff, quantiles, notes }) => ({
      uniqueId: id,
      cutoff: grid.wire(cutoff),
      ds: Array.from({ length: horizon }, (_, h) => grid.wire(cutoff + 1 + h)),
      quantiles: rowsOf(quantiles, horizon),
      notes: [...(notes ?? [])],
    })),
    seriesCount,
  };
}
