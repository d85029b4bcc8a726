import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createTestDatabase, query } from '../../../../test/support/database.js';
import { openStore } from '../store.js';

it('no everyday question reads a whole table that grows', async () => {
  const database = await createTestDatabase();
  // With sequential scans made unattractive, one that is left means that no index answers the question.
  await query(database.url, `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET enable_seqscan = off`);
  const store = await openStore({ databaseUrl: database.url });
  const write = (name: string, value: number): Promise<{ datasetId: string }> =>
    store.series.writeVersion({
      dataset: { name, frequency: 'D', timeZone: 'Europe/Berlin' },
      mode: 'append',
      pieces: ['a', 'b'].map((id) => ({ id, firstStep: 0, values: new Float64Array(2000).fill(value) })),
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
  try {
    const { datasetId } = await write('flights', 1);
    await write('flights', 2);
    const { id } = await store.series.get(datasetId, 'a');
    const run = await store.runs.create({ kind: 'forecast', dataset: 'flights', config: {} });
    const model = await store.models.ensure('m', datasetId);
    const version = { runId: run.id, kind: 'k', horizon: 1, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'x' };
    const { id: versionId } = await store.models.addVersion(model.id, version);
    const forecast = { seriesId: id, cutoffStep: 1, cutoffTime: new Date(0), horizon: 1, levels: [0.5], quantiles: Float64Array.of(1) };
    await store.forecasts.insert(run.id, versionId, [forecast]);
    await store.runs.pinVersion(run.id, datasetId, 1);
    await store.runs.addRejectedRows(run.id, [{ line: 1, rule: 'R', text: 't' }]);
    for await (const series of store.series.readPanel(datasetId, { version: 1 })) expect(series.values).toHaveLength(2000);
    await store.series.readRange(id, { maxPoints: 100 });
    await store.series.list(datasetId, { limit: 1 });
    await store.datasets.versions(datasetId, {});
    await store.runs.list({});
    await store.runs.inputs(run.id);
    await store.runs.requeueStale(1000);
    await store.forecasts.list({ dataset: 'flights' });
    await store.forecasts.list({ runId: run.id });
    await store.datasets.compact(datasetId, { keepLast: 1 });
    for await (const row of store.runs.rejectedRows(run.id)) expect(row.rule).toBe('R');
    await query(database.url, `SELECT count(*) FROM observation WHERE dataset = 'flights' AND series = 'a'`);
    await store.erasures.dataset('flights');
  } finally {
    await store.close();
  }
  // Sessions hand in what they counted when they end.
  await sleep(500);
  const growing = [
    'series',
    'series_chunk',
    'grid_step',
    'run',
    'run_dataset_version',
    'rejected_row',
    'forecast',
    'attention_map',
    'dataset_version',
  ];
  const scanned = await query(
    database.url,
    'SELECT relname AS name, seq_scan::int AS scans, idx_scan::int AS lookups FROM pg_stat_user_tables WHERE relname = ANY ($1)',
    [growing],
  );
  expect(scanned.filter(({ scans }) => scans !== 0)).toEqual([]);
  expect(scanned.find(({ name }) => name === 'series_chunk')!['lookups']).toBeGreaterThan(0);
  await database.drop();
});
