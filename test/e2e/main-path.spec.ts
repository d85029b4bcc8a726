/**
 * The whole road once: a file of real flights goes through upload, store, training, registry, forecast and query, over
 * HTTP, with the API and the worker as processes of their own on a real Postgres.
 */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError, forecastResult, ingestResult, type RunProgress, trainResult } from '@almanac/contracts';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { query } from '../support/database.js';

const parquet = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-3m.parquet');
const AIRPORTS = ['ATL', 'BOS', 'DEN', 'JFK', 'LAX', 'ORD'];

let almanac: RunningAlmanac;
let folder: string;
let slice: string;
let rowsInSlice: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-slice-'));
  slice = join(folder, 'flights.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const where = `origin IN (${AIRPORTS.map((code) => `'${code}'`).join(', ')}) AND date >= '2001-04-01' AND date < '2001-07-01'`;
  await connection.run(`COPY (SELECT date, origin FROM '${parquet}' WHERE ${where}) TO '${slice}' (FORMAT parquet)`);
  rowsInSlice = Number((await connection.runAndReadAll(`SELECT count(*) FROM '${slice}'`)).getRows()[0]?.[0]);
  connection.closeSync();
  almanac = await startAlmanac();
});

afterAll(async () => {
  await almanac?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('from a file of flights to a forecast', () => {
  it('uploads, trains, registers, forecasts and answers in JSON, CSV and SQL', async () => {
    const { client } = almanac;

    const upload = await client.upload(await openAsBlob(slice), 'flights.parquet', {
      dataset: 'flights',
      idColumn: 'origin',
      timeColumn: 'date',
      aggregation: 'count',
      frequency: 'h',
      fillPolicy: 'zero',
    });
    const ingest = await client.waitForRun(upload.runId);
    expect(ingest.error).toBeNull();
    const { findings } = ingestResult.parse(ingest.result);
    expect(findings).toMatchObject({ rowsRead: rowsInSlice, rowsRejected: 0, series: AIRPORTS.length, frequency: 'h' });

    // Every flight is in the store: the counts of all hours add up to the rows of the file.
    const [total] = await query<{ flights: number }>(almanac.databaseUrl, 'SELECT sum(value)::float8 AS flights FROM observation');
    expect(total?.flights).toBe(rowsInSlice);

    const queued = await client.call('train', { body: { dataset: 'flights', model: 'departures', horizon: 48, steps: 60 } });
    const seen: RunProgress[] = [];
    const training = await client.waitForRun(queued.id, ({ progress }) => progress && seen.push(progress));
    expect(training.error).toBeNull();
    expect(training.engine?.why).toBeTruthy();
    const trained = trainResult.parse(training.result);
    expect(trained).toMatchObject({ model: 'departures', version: 1, steps: 60, holdout: { steps: 48, series: AIRPORTS.length } });
    expect(trained.baselines.map(({ kind }) => kind)).toContain('seasonalNaive');
    expect(trained.score.metrics['wql']).toBeGreaterThan(0);
    expect(seen.some(({ step, loss }) => step !== undefined && loss !== undefined)).toBe(true);

    const versions = await client.call('listModelVersions', { params: { model: 'departures' } });
    expect(versions.items[0]).toMatchObject({
      version: 1,
      aliases: ['champion'],
      lineage: { dataset: 'flights', datasetVersion: 1, uploads: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
    });

    const asked = await client.call('forecast', { body: { model: 'models:/departures@champion', attention: true } });
    const forecasting = await client.waitForRun(asked.id);
    expect(forecasting.error).toBeNull();
    expect(forecastResult.parse(forecasting.result)).toMatchObject({ series: AIRPORTS.length, horizon: 48 });

    const page = await client.call('latestForecasts', { query: { dataset: 'flights', limit: 100 } });
    expect(page.items.map(({ uniqueId }) => uniqueId).sort()).toEqual(AIRPORTS);
    for (const forecast of page.items) {
      expect(forecast.cutoff).toBe('2001-06-30T23:00:00.000Z');
      expect(forecast.ds[0]).toBe('2001-07-01T00:00:00.000Z');
      expect(forecast.ds).toHaveLength(48);
      for (let h = 0; h < 48; h++) {
        for (let level = 1; level < forecast.levels.length; level++) {
          expect(forecast.quantiles[level]![h]!).toBeGreaterThanOrEqual(forecast.quantiles[level - 1]![h]!);
        }
      }
    }

    const csv = await client.call('latestForecastsCsv', { query: { dataset: 'flights' } });
    const [header, ...lines] = csv.trim().split('\n');
    expect(header?.split(',').slice(0, 4)).toEqual(['unique_id', 'ds', 'cutoff', 'departures']);
    expect(header).toContain('departures-lo-90');
    expect(lines).toHaveLength(AIRPORTS.length * 48);

    const rows = await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM forecast_value WHERE level = 0.5');
    expect(rows[0]).toEqual({ n: AIRPORTS.length * 48 });

    const attention = await client.call('getAttention', { params: { runId: asked.id }, query: { uniqueId: 'ATL' } });
    for (const map of Object.values(attention.maps))
      for (const row of map) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
  });

  it('cancels a training that is under way and leaves no model behind', async () => {
    const { client } = almanac;
    const { id } = await client.call('train', {
      body: { dataset: 'flights', kind: 'segment', model: 'endless', horizon: 48, steps: 100_000 },
    });
    for await (const run of client.followRun(id)) {
      if (run.status === 'running' && (run.progress?.step ?? 0) > 0) await client.call('cancelRun', { params: { runId: id } });
    }
    expect((await client.call('getRun', { params: { runId: id } })).status).toBe('cancelled');
    await expect(client.call('listModelVersions', { params: { model: 'endless' } })).rejects.toThrow(ApiError);
  });

  it('refuses requests without a key, with a stable code', async () => {
    const answer = await fetch(`${almanac.url}/v1/datasets`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'API_KEY_MISSING' });
  });
});
