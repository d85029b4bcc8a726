/** Runs as they stand, and what an ingest run rejected. */
import type { Page, Run } from '@almanac/contracts';
import type { RunQuery, Store } from '@almanac/store';
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
export async function rejectsCsv({ store }: Source, runId: string): Promise<AsyncGenerator<string, void>> {
  await store.runs.get(runId);
  return rejects(store, runId);
}

async function* rejects(store: Store, runId: string): AsyncGenerator<string, void> {
  yield 'line,rule,text\n';
  for await (const { line, rule, text } of store.runs.rejectedRows(runId)) yield `${line ?? ''},${rule},"${text.replaceAll('"', '""')}"\n`;
}
