/** Changes of stored forecasts by people. */
import type { Override, OverrideList, OverrideRequest } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { ForecastRecord, OverrideRecord, Store } from '@almanac/store';
import { gridOf, stepAt } from '../query/grid.js';

type Source = { store: Store };

/** @throws AlmanacError RUN_NOT_FOUND, FORECAST_NOT_FOUND, TIME_INVALID, OVERRIDE_OUTSIDE_HORIZON */
export async function createOverride({ store }: Source, runId: string, request: OverrideRequest): Promise<Override> {
  const { uniqueId, from, to = from, set, add, percent, reason } = request;
  const record = await recordOf(store, runId, uniqueId);
  const grid = gridOf(record);
  const [fromStep, toStep] = [stepAt(grid, from), stepAt(grid, to)];
  const [first, last] = [record.cutoffStep + 1, record.cutoffStep + record.horizon];
  if (fromStep < first || toStep > last || toStep < fromStep)
    throw new AlmanacError(
      'OVERRIDE_OUTSIDE_HORIZON',
      `The forecast of "${uniqueId}" reaches from ${grid.format(first)} to ${grid.format(last)}, which does not hold ${grid.format(fromStep)} to ${grid.format(toStep)}.`,
      { hint: 'Choose from and to within the forecast, from before to.', subject: { run: runId, series: uniqueId } },
    );
  const [change, amount] =
    set !== undefined ? (['set', set] as const) : add !== undefined ? (['add', add] as const) : (['percent', percent!] as const);
  const made = await store.overrides.add({
    ...{ runId, seriesId: record.seriesId, cutoffStep: record.cutoffStep },
    ...{ fromStep, toStep, change, amount, reason },
  });
  return toOverride(record, made);
}

/** @throws AlmanacError RUN_NOT_FOUND, FORECAST_NOT_FOUND */
export async function listOverrides({ store }: Source, runId: string, uniqueId: string | undefined): Promise<OverrideList> {
  await store.runs.get(runId);
  const all = (await store.overrides.of([runId])).filter((one) => uniqueId === undefined || one.uniqueId === uniqueId);
  if (all.length === 0) {
    if (uniqueId !== undefined) await recordOf(store, runId, uniqueId);
    return { items: [] };
  }
  const record = await recordOf(store, runId, all[0]!.uniqueId);
  return { items: all.map((one) => toOverride(record, one)) };
}

/** @throws AlmanacError RUN_NOT_FOUND, OVERRIDE_NOT_FOUND */
export async function deleteOverride({ store }: Source, runId: string, id: string): Promise<void> {
  await store.runs.get(runId);
  await store.overrides.remove(runId, id);
}

async function recordOf(store: Store, runId: string, uniqueId: string): Promise<ForecastRecord> {
  await store.runs.get(runId);
  const [record] = (await store.forecasts.list({ runId, uniqueId, limit: 1 })).items;
  if (record) return record;
  throw new AlmanacError('FORECAST_NOT_FOUND', `The run ${runId} has no forecast of "${uniqueId}".`, {
    hint: 'Name a forecast run that has succeeded, and a series that it forecast.',
    subject: { run: runId, series: uniqueId },
    status: 404,
  });
}

/** @param record of the same grid */
function toOverride(record: ForecastRecord, { fromStep, toStep, madeAt, ...one }: OverrideRecord): Override {
  const grid = gridOf(record);
  const { id, runId, uniqueId, change, amount, reason, madeBy } = one;
  const span = { from: grid.wire(fromStep), to: grid.wire(toStep) };
  return { id, runId, uniqueId, ...span, change, amount, reason, madeAt: madeAt.toISOString(), madeBy };
}
