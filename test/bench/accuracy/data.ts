/** The data sets of the accuracy bench as panels, each with the split its published results use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Panel, SeriesData } from '@almanac/forecasting';

/** Whole series, and how many last steps of each are the test. */
export interface HeldOut {
  panel: Panel;
  horizon: number;
}

/** A few long series scored on every window of their test part. */
export interface Windows {
  /** Standardised with the training part. */
  panel: Panel;
  trainEnd: number;
  validationEnd: number;
  testEnd: number;
}

const HOUR = 3_600_000;

export function rows(dataDir: string, file: string): { header: string[]; rows: string[][] } {
  const lines = gunzipSync(readFileSync(join(dataDir, `${file}.csv.gz`)))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').map((field) => field.replaceAll('"', '').trim()));
  return { header: lines[0]!, rows: lines.slice(1) };
}

/** `unique_id` first, the value in column `y`; series in order of appearance, first step from the first row. */
export function longSeries(table: string[][], y: number, firstStep: (row: string[]) => number): SeriesData[] {
  const found = new Map<string, { first: number; values: number[] }>();
  for (const row of table) {
    const known = found.get(row[0]!);
    if (known) known.values.push(Number(row[y]));
    else found.set(row[0]!, { first: firstStep(row), values: [Number(row[y])] });
  }
  return [...found].map(([id, { first, values }]) => ({ id, firstStep: first, values: Float64Array.from(values) }));
}

export function m4Hourly(dataDir: string): HeldOut {
  const table = rows(dataDir, 'm4_hourly_long').rows;
  const series = longSeries(table, 2, (row) => Date.parse(`${row[1]!.replace(' ', 'T')}Z`) / HOUR);
  return { panel: { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series }, horizon: 48 };
}

const TOURISM = {
  monthly: { frequency: 'MS', seasonLengths: [12], horizon: 24, perYear: 12 },
  quarterly: { frequency: 'QS', seasonLengths: [4], horizon: 8, perYear: 4 },
  yearly: { frequency: 'YS', seasonLengths: [], horizon: 4, perYear: 1 },
};

export function tourism(dataDir: string, period: keyof typeof TOURISM): HeldOut {
  const { frequency, seasonLengths, horizon, perYear } = TOURISM[period];
  const starts = new Map(rows(dataDir, 'tourism_meta').rows.map((row) => [row[0]!, row[6]!]));
  const table = rows(dataDir, 'tourism_long').rows.filter((row) => row[1] === period);
  const firstStep = (row: string[]): number => {
    const [year, part] = starts.get(row[0]!)!.split('-').map(Number) as [number, number];
    return (year - 1970) * perYear + (part - 1);
  };
  return { panel: { frequency, timeZone: 'UTC', seasonLengths, series: longSeries(table, 4, firstStep) }, horizon };
}

const M3 = {
  yearly: { frequency: 'YS', seasonLengths: [], horizon: 6 },
  quarterly: { frequency: 'QS', seasonLengths: [4], horizon: 8 },
  monthly: { frequency: 'MS', seasonLengths: [12], horizon: 18 },
  other: { frequency: '1', seasonLengths: [], horizon: 8 },
};

/** The M3 competition; its file says no dates, so every series begins at step 0. */
export function m3(dataDir: string, period: keyof typeof M3): HeldOut {
  const { frequency, seasonLengths, horizon } = M3[period];
  const table = rows(dataDir, 'm3_long').rows.filter((row) => row[1] === period);
  return { panel: { frequency, timeZone: 'UTC', seasonLengths, series: longSeries(table, 4, () => 0) }, horizon };
}

/** Business days on an integer grid: their week has five. */
export function exchangeRate(dataDir: string): HeldOut {
  const { header, rows: table } = rows(dataDir, 'exchange_rate');
  const series = header.slice(1).map((id, c) => ({ id, firstStep: 0, values: Float64Array.from(table, (row) => Number(row[c + 1])) }));
  return { panel: { frequency: '1', timeZone: 'UTC', seasonLengths: [5], series }, horizon: 30 };
}

/** The first 20 months, split 12 / 4 / 4, as every published table has it. */
export function ett(dataDir: string, file: 'ETTh1' | 'ETTm1'): Windows {
  const perHour = file === 'ETTm1' ? 4 : 1;
  const [trainEnd, validationEnd, testEnd] = [8640, 11520, 14400].map((rows) => rows * perHour) as [number, number, number];
  const { header, rows: table } = rows(dataDir, file);
  const series = header
    .slice(1)
    .map((id, c) => ({ id, firstStep: 0, values: Float64Array.from(table.slice(0, testEnd), (row) => Number(row[c + 1])) }));
  const day = 24 * perHour;
  const panel = {
    frequency: perHour === 1 ? 'h' : '15min',
    timeZone: 'UTC',
    seasonLengths: [day, 7 * day],
    series: series.map((one) => standardised(one, trainEnd)),
  };
  return { panel, trainEnd, validationEnd, testEnd };
}

/** Hourly rentals; the last fifth is the test, a tenth before it the validation. */
export function bikeSharing(dataDir: string): Windows {
  const { header, rows: table } = rows(dataDir, 'bike_sharing_hourly_wide');
  const values = Float64Array.from(table, (row) => Number(row[header.indexOf('users')]));
  const [trainEnd, validationEnd] = [0.7, 0.8].map((share) => Math.floor(share * values.length)) as [number, number];
  const panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: [{ id: 'users', firstStep: 0, values }] };
  return { panel, trainEnd, validationEnd, testEnd: values.length };
}

function standardised(series: SeriesData, end: number): SeriesData {
  const training = series.values.subarray(0, end);
  const mean = training.reduce((sum, value) => sum + value, 0) / end;
  const deviation = Math.sqrt(training.reduce((sum, value) => sum + (value - mean) ** 2, 0) / end);
  return { ...series, values: series.values.map((value) => (value - mean) / deviation) };
}
