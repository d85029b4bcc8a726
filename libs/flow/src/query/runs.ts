/** Runs as they stand, and what an ingest run rejected. */
import type { BacktestSeries, Page, Run, RunCurve } from '@almanac/contracts';
import { csvOf } from '@almanac/contracts/csv';
import type { PageQuery, RunQuery, Store } from '@almanac/store';
import { toRun } from '../runs/wire.js';

type Source = { store: Store };

/** @throws AlmanacError RUN_NOT_FOUND */
export async function getRun({ store }: Source, runId: string): Promise<Run> {
  return toRun(await store.runs.get(runId));
}

export async function listRuns({ store }: Source, query: RunQuery): Promise<Page<Run>> {
  const page = await store.runs.list(query);
  return { items: page.items.map(toRun), next: page.next };
}

/** @throws AlmanacError RUN_NOT_FOUND */
export async function listBacktestSeries(
  { store }: Source,
  runId: string,
  query: PageQuery & { label: string; search?: string | undefined },
): Promise<Page<BacktestSeries>> {
  await store.runs.get(runId);
  return store.runs.seriesScores(runId, query);
}

const CURVE_POINTS = 4000;

/** Every point that validated, and of the others as many as a chart can show. @throws AlmanacError RUN_NOT_FOUND */
export async function getRunCurve({ store }: Source, runId: string): Promise<RunCurve> {
  await store.runs.get(runId);
  const points = await store.runs.curve(runId);
  const every = Math.ceil(points.length / CURVE_POINTS);
  const shown = points.filter((point, index) => index % every === 0 || index === points.length - 1 || point.validation !== null);
  return {
    step: shown.map((point) => point.step),
    loss: shown.map((point) => point.loss),
    validation: shown.map((point) => point.validation),
    stepsPerSecond: shown.map((point) => point.stepsPerSecond),
  };
}

/** @throws AlmanacError RUN_NOT_FOUND */
export async function rejectsCsv({ store }: Source, runId: string): Promise<AsyncGenerator<string, void>> {
  await store.runs.get(runId);
  return rejects(store, runId);
}

async function* rejects(store: Store, runId: string): AsyncGenerator<string, void> {
  yield csvOf([['line', 'rule', 'text']]);
  for await (const { line, rule, text } of store.runs.rejectedRows(runId)) yield csvOf([[line, rule, text]]);
}
