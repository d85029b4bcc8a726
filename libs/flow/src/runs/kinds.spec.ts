/** Plans are read by the schema of their kind. */
import type { RunRecord } from '@almanac/store';
import { expect, it } from 'vitest';
import { jobOf, readRun } from './kinds.js';

const row = { id: '01900000-0000-7000-8000-000000000001', status: 'succeeded' } as unknown as RunRecord;
const forecast = {
  model: 'flights@champion',
  attention: false,
  modelName: 'flights',
  modelVersion: 3,
  modelVersionId: '01900000-0000-7000-8000-000000000002',
  dataset: 'flights',
  datasetVersion: 7,
  horizon: 48,
};

it('reads a plan that was made before there were calibrations as one without', () => {
  const run = readRun('forecast', { ...row, kind: 'forecast', config: forecast });
  expect(run.config).toEqual({ ...forecast, calibrate: false, contributions: false, covariateFill: 'none' });
});

it('refuses what it cannot read, with the run and what is wrong with its plan', () => {
  expect(() => readRun('forecast', { ...row, kind: 'forecast', config: { ...forecast, horizon: null, modelVersion: 'three' } })).toThrow(
    /The plan of run 01900000-0000-7000-8000-000000000001 cannot be read: horizon: .*; modelVersion: /,
  );
});

it('takes no run of one kind for one of another', () => {
  expect(() => readRun('train', { ...row, kind: 'forecast', config: forecast })).toThrow(/is a forecast run, not a train run/);
});

it('carries what waits for its parts beside what computes, also where an earlier version wrote it down', () => {
  const job = (kind: RunRecord['kind'], queue: string | null, config = {}): string => jobOf({ kind, queue, config });
  expect(job('train', null, { kind: 'segment', config: {} })).toBe('train');
  expect(job('train', null, { kind: 'ensemble', config: { members: 3 } })).toBe('gather');
  expect(job('train', null, { kind: 'ensemble', config: { members: 1 } })).toBe('train');
  expect(job('train', 'gpu', { kind: 'segment', config: {} })).toBe('gpu');
  expect(job('part', 'member')).toBe('train');
  expect(job('backtest', null)).toBe('backtest');
});
