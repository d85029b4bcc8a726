/** Ids with commas, slashes, dots and two normal forms: each is read, forecast, exported and deleted alone, by API and CLI. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('24-awkward-ids');
const { series } = trial.json<{ series: Record<string, { length: number; first: number }> }>('expected.json');
const ids = Object.keys(series);
/** Neighbours of the eleven. */
const more = [
  '.',
  '...',
  '../..',
  'a%2Fb',
  '%',
  '?x=1&y=2',
  ' ',
  '\\',
  "o'clock",
  'tab\there',
  '=cmd()',
  '-5',
  '東京',
  '🙂',
  'null',
  '__proto__',
  'constructor',
];

describe('24 awkward-ids', () => {
  beforeAll(async () => {
    const { findings } = await trial.upload('ids.csv', { dataset: 'c24' });
    expect(findings).toMatchObject({ series: 11, observations: 308, rowsRejected: 0 });
    await trial.train({ dataset: 'c24', kind: 'naive', horizon: 3 });
  });

  it.each(ids)('reads %j alone', async (uniqueId) => {
    const { y } = await trial.observations('c24', uniqueId);
    expect(y).toHaveLength(series[uniqueId]!.length);
    expect(y[0]).toBe(series[uniqueId]!.first);
  });

  it.each(ids)('forecasts %j alone', async (uniqueId) => {
    expect(await trial.forecast({ model: 'c24-naive', uniqueIds: [uniqueId] })).toMatchObject({ series: 1 });
    const { items } = await trial.client.call('listSeriesForecasts', { params: { dataset: 'c24', uniqueId }, query: {} as never });
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map((one) => one.uniqueId))).toEqual(new Set([uniqueId]));
  });

  it('takes several of them on the command line, each as it is written', async () => {
    const named = ['Smith, Ltd', '..', 'a/b', '#1', '=1+1', 'say "hi"', '50% off?'];
    const flags = named.flatMap((id) => ['--series', id]);
    const said = await trial.cli(['forecast', 'c24-naive', ...flags, '--json']);
    expect(said).toMatchObject({ code: 0 });
    expect(JSON.parse(said.out)).toMatchObject({ series: named.length });
    const got = await trial.cli(['get', '--dataset', 'c24', ...flags, '--format', 'json']);
    const found = (JSON.parse(got.out) as { uniqueId: string }[]).map(({ uniqueId }) => uniqueId);
    expect(found.sort()).toEqual([...named].sort());
    const unknown = await trial.cli(['forecast', 'c24-naive', '--series', 'Smith, Inc']);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('"Smith, Inc"');
  });

  it('has an export that reads back', async () => {
    await trial.forecast({ model: 'c24-naive' });
    const csv = await (await trial.client.stream('latestForecastsCsv', { query: { dataset: 'c24' } })).text();
    const { findings } = await trial.upload({ name: 'back.csv', content: csv }, { dataset: 'c24back', valueColumn: 'c24-naive' });
    expect(findings).toMatchObject({ series: 11, observations: 33, rowsRejected: 0 });
    for (const uniqueId of ids) expect((await trial.observations('c24back', uniqueId)).y).toHaveLength(3);
  });

  it('deletes each alone, and never what is above it', async () => {
    await trial.stored('ids.csv', { dataset: 'c24copy' });
    const left = new Set(ids);
    for (const uniqueId of ['..', 'a/b', 'Smith, Ltd', '#1', '50% off?']) {
      expect(await trial.cli(['delete-dataset', 'c24copy', '--series', uniqueId])).toMatchObject({ code: 0 });
      left.delete(uniqueId);
      const { items } = await trial.client.call('listSeries', { params: { dataset: 'c24copy' }, query: {} as never });
      expect(new Set(items.map((one) => one.uniqueId))).toEqual(left);
    }
    expect((await trial.cli(['delete-dataset', 'c24copy', '--series', ''])).code).toBe(2);
    // What a client that knows nothing of ids makes of the address.
    const { url, apiKey } = trial.almanac;
    const plain = await fetch(`${url}/v1/datasets/c24copy/series/..`, { method: 'DELETE', headers: { authorization: `Bearer ${apiKey}` } });
    expect(plain.status).toBe(404);
    expect(await trial.client.call('getDataset', { params: { dataset: 'c24copy' } })).toMatchObject({ seriesCount: left.size });
  });

  it('does the same for neighbours', async () => {
    const rows = more.flatMap((uniqueId, i) => [1, 2, 3].map((d) => ({ unique_id: uniqueId, ds: `2024-01-0${d}`, y: 10 * i + d })));
    const content = rows.map((row) => JSON.stringify(row)).join('\n');
    const read = await trial.upload({ name: 'more.ndjson', content }, { dataset: 'c24more', maxRejectedShare: 0.5 });
    expect(read.refusal).toBeNull();
    // An id of a space alone is none.
    const kept = more.map((uniqueId, i) => ({ uniqueId, i })).filter(({ uniqueId }) => uniqueId.trim() !== '');
    for (const { uniqueId, i } of kept)
      expect((await trial.observations('c24more', uniqueId)).y, uniqueId).toEqual([1, 2, 3].map((d) => 10 * i + d));
    for (const { uniqueId } of kept) await trial.client.call('deleteSeries', { params: { dataset: 'c24more', uniqueId } });
    const { items } = await trial.client.call('listSeries', { params: { dataset: 'c24more' }, query: {} as never });
    expect(items).toEqual([]);
  });
});
