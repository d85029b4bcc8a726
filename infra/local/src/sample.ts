/**
 * The sample that a first start loads: 3,000,000 real flights of 2001 (vega-datasets, BSD-3), counted into hourly
 * departures per origin airport. It takes the road that anybody's file takes: the upload endpoint, a training run, a
 * forecast run, a schedule. Each part is skipped when an earlier start finished it. What a person has cancelled or deleted
 * since stays so, and an installation with data of its own gets no sample.
 */
import { openAsBlob } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type AlmanacClient, ApiError, ingestResult, type Run, type RunKind, type TrainResult, trainResult } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { count, follow, say, seconds } from './terminal.js';

const DATASET = 'flights';
const HORIZON = 48;

/** A person has stopped a part of the sample. */
class NotWanted extends Error {}

const sampleFile = (): string => join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-3m.parquet');

async function exists(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return false;
    throw error;
  }
}

/** The newest run of this kind on the sample, unless it failed: then another is due. */
async function lastRun(client: AlmanacClient, kind: RunKind): Promise<Run | undefined> {
  const { items } = await client.call('listRuns', { query: { kind, dataset: DATASET, limit: 1 } });
  const run = items[0];
  if (run?.status === 'cancelled') throw new NotWanted(`The ${kind} run of the sample was cancelled, and stays so.`);
  return run && run.status !== 'failed' ? run : undefined;
}

/** The sample is there already, or nobody has deleted it and the installation has no other data. */
async function isWanted(client: AlmanacClient): Promise<boolean> {
  if (await exists(client.call('getDataset', { params: { dataset: DATASET } }))) return true;
  const { items } = await client.call('listDatasets', { query: { limit: 1 } });
  if (items.length > 0) return false;
  const erased = await client.call('listErasures', { query: { limit: 1000 } });
  return !erased.items.some(({ kind, name }) => kind === 'dataset' && name === DATASET);
}

async function ingest(client: AlmanacClient, signal: AbortSignal): Promise<void> {
  if (await exists(client.call('getDataset', { params: { dataset: DATASET } }))) return;
  let runId = (await lastRun(client, 'ingest'))?.id;
  runId ??= (
    await client.upload(await openAsBlob(sampleFile()), 'flights-3m.parquet', {
      dataset: DATASET,
      idColumn: 'origin',
      timeColumn: 'date',
      aggregation: 'count',
      frequency: 'h',
      timeZone: 'UTC',
      fillPolicy: 'zero',
      dropLastStep: true,
    })
  ).runId;
  const run = await follow(client, runId, 'Reading 3,000,000 flights', signal);
  const { findings, seconds: took } = ingestResult.parse(run.result);
  say(`Read ${count(findings.rowsRead)} rows at ${count(findings.rowsPerSecond)} rows/s; the upload took ${seconds(took)} in all.`);
  say(
    `Stored ${count(findings.series)} series, ${count(findings.observations)} hourly observations (${findings.start} to ${findings.end}).`,
  );
}

async function train(client: AlmanacClient, signal: AbortSignal): Promise<TrainResult> {
  const earlier = await lastRun(client, 'train');
  const runId = earlier?.id ?? (await client.call('train', { body: { dataset: DATASET, horizon: HORIZON, holdout: HORIZON } })).id;
  const run = await follow(client, runId, 'Training', signal);
  const result = trainResult.parse(run.result);
  if (earlier?.status !== 'succeeded') {
    const engine = run.engine;
    if (engine) {
      say(`Engine: ${engine.name}, ${engine.variant}, ${engine.threads} thread${engine.threads === 1 ? '' : 's'}: ${engine.why}`);
      for (const other of engine.rejected) say(`  not ${other.name}: ${other.why}`);
    }
    say(
      `Trained ${result.model} version ${result.version} in ${seconds(result.trainSeconds)}: ${count(result.steps)} steps, ${count(result.parameters)} parameters.`,
    );
  }
  return result;
}

async function forecast(client: AlmanacClient, model: string, signal: AbortSignal): Promise<void> {
  const { items } = await client.call('latestForecasts', { query: { model, limit: 1 } });
  if (items.length > 0) return;
  const runId =
    (await lastRun(client, 'forecast'))?.id ??
    (await client.call('forecast', { body: { model: `${model}@champion`, attention: true } })).id;
  const run = await follow(client, runId, 'Forecasting', signal);
  say(`Stored the next ${HORIZON} hours of ${count(Number(run.result?.['series'] ?? 0))} airports (50, 80, 90 and 95 % intervals).`);
}

async function schedule(client: AlmanacClient, model: string): Promise<void> {
  const { items } = await client.call('listSchedules', { query: {} });
  if (items.length > 0) return;
  const made = await client.call('createSchedule', {
    body: {
      name: 'flights-nightly',
      cron: '0 3 * * *',
      timeZone: 'America/New_York',
      action: { kind: 'forecast', request: { model: `${model}@champion` } },
    },
  });
  say(`Scheduled: a forecast every night at 03:00 New York time, next ${made.nextDueAt[0]}.`);
}

function printAccuracy(result: TrainResult): void {
  const cell = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(3)).padStart(8);
  say();
  say(
    `Accuracy on ${result.holdout.start} to ${result.holdout.end}, ${result.holdout.steps} hours of ${count(result.holdout.series)} airports that training never saw:`,
  );
  say(`${''.padEnd(28)}${'WQL'.padStart(8)}${'MASE'.padStart(8)}`);
  for (const score of [result.score, ...result.baselines])
    say(`${score.label.padEnd(28)}${cell(score.metrics['wql'])}${cell(score.metrics['mase'])}`);
  say(
    `Of the baselines, ${result.baseline} did best on the training part; the WQL of the model is ${cell(result.wqlRatio).trim()} of that one.`,
  );
  if (!result.beatsBaseline) say(`The model does not beat ${result.baseline} here: prefer that one.`);
  if (result.choice) say(result.choice.summary);
}

/** Loads the sample, or what is missing of it. Nothing comes back where a person has cancelled or deleted a part of it. */
export async function loadSample(client: AlmanacClient, signal: AbortSignal): Promise<TrainResult | undefined> {
  if (!(await isWanted(client))) return undefined;
  try {
    await ingest(client, signal);
    const result = await train(client, signal);
    if (!(await exists(client.call('getModelVersion', { params: { model: result.model, version: 'champion' } })))) return undefined;
    await forecast(client, result.model, signal);
    await schedule(client, result.model);
    printAccuracy(result);
    return result;
  } catch (error) {
    const cancelled = error instanceof AlmanacError && error.code === 'RUN_CANCELLED';
    if (!cancelled && !(error instanceof NotWanted)) throw error;
    say(error.message);
    return undefined;
  }
}
