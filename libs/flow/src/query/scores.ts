/** How good stored forecasts turned out to be, and what they did not expect. */
import type { Anomaly, BacktestSeries, ForecastScores, Page } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { AnomalyQuery, PageQuery, Store } from '@almanac/store';
import { readRun } from '../runs/kinds.js';
import { gridOf } from './grid.js';

type Source = { store: Store };

/** @throws AlmanacError RUN_NOT_FOUND, NOT_A_FORECAST */
export async function forecastScores({ store }: Source, runId: string): Promise<ForecastScores> {
  const horizon = await horizonOf(store, runId);
  const perHorizon = await store.scores.perHorizon(runId);
  return { runId, horizon, observed: perHorizon.length, perHorizon };
}

/** @throws AlmanacError RUN_NOT_FOUND, NOT_A_FORECAST */
export async function forecastSeriesScores(
  { store }: Source,
  runId: string,
  query: PageQuery & { search?: string | undefined },
): Promise<Page<BacktestSeries>> {
  await horizonOf(store, runId);
  return store.scores.perSeries(runId, query);
}

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND */
export async function listAnomalies({ store }: Source, name: string, query: AnomalyQuery): Promise<Page<Anomaly>> {
  const dataset = await store.datasets.get(name);
  for (const uniqueId of [query.uniqueId ?? []].flat()) await store.series.get(dataset.id, uniqueId);
  const grid = gridOf(dataset);
  const page = await store.scores.anomalies(dataset.id, query);
  const items = page.items.map(({ step, foundAt, ...one }) => ({ ...one, ds: grid.wire(step), foundAt: foundAt.toISOString() }));
  return { items, next: page.next };
}

async function horizonOf(store: Store, runId: string): Promise<number> {
  const run = await store.runs.get(runId);
  const { kind } = run;
  const plan = kind === 'forecast' ? readRun(kind, run).config : undefined;
  if (plan && plan.replayOf === undefined) return plan.horizon;
  throw new AlmanacError('NOT_A_FORECAST', `The run ${runId} stores no forecast.`, {
    hint: 'Give the run of a forecast; `GET /v1/backtests/{runId}/series` has the scores of a backtest.',
    subject: { run: runId, kind },
  });
}
