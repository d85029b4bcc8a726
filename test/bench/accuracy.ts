/**
 * `npm run bench -- accuracy DATASET [--horizon N] [--members N | --linear] [--seed N] [--threads N] [--steps N] [--coverage]`: our default
 * settings of the network beside published results, or with `--coverage` how often their intervals hold over 20 rolling cutoffs. Data
 * sets: m4-hourly, etth1, ettm1, exchange, tourism-monthly, tourism-quarterly, tourism-yearly, bike.
 * `accuracy all` is what a user gets where nobody names a kind of model, on every set (`accuracy/all.ts`).
 */
import type { Bench, BenchRow } from './bench.js';
import { accuracyOfAll } from './accuracy/all.js';
import { bikeSharing, ett, exchangeRate, m4Hourly, tourism } from './accuracy/data.js';
import { coverage, type CoverageTask } from './accuracy/coverage.js';
import type { FitSettings } from './accuracy/fit.js';
import { row, runHeldOut, type HeldOutResult } from './accuracy/heldOut.js';
import { runWindows, type WindowScores } from './accuracy/windows.js';
import { option } from './measure.js';

const NAIVE2 = { smape: 18.383, mase: 2.395 };
/** [MSE, MAE] by horizon; SegRNN's own table, look-back 720. */
const SEGRNN: Record<string, Record<number, [number, number]>> = {
  etth1: { 96: [0.351, 0.392], 192: [0.392, 0.414], 336: [0.423, 0.433], 720: [0.466, 0.472] },
  ettm1: { 96: [0.293, 0.346], 720: [0.41, 0.418] },
};
/** Steps of history that every forecast of a long series is given; the settings decide how many of them are read. */
const HISTORY = 1440;

const whole = (args: string[], name: string, otherwise: number): number => Number(option(args, name) ?? otherwise);

async function m4(dataDir: string, settings: FitSettings): Promise<BenchRow[]> {
  const { metrics, seconds } = await runHeldOut(m4Hourly(dataDir), 'owa', settings);
  const owa = (metrics.smape / NAIVE2.smape + metrics.mase / NAIVE2.mase) / 2;
  tell(metrics, seconds);
  return [
    row('M4 Hourly', 'OWA', owa, 'ES-RNN, the winner', 0.44),
    row('M4 Hourly', 'OWA', owa, 'Doornik, best of 61', 0.41),
    row('M4 Hourly', 'sMAPE', metrics.smape, 'Doornik', 8.913),
    row('M4 Hourly', 'MASE', metrics.mase, 'Doornik', 0.801),
    row('M4 Hourly', 'MSIS', metrics.msis, 'Doornik', 6.139),
    row('M4 Hourly', 'WQL', metrics.wql, 'TiRex, pretrained', 0.02),
    row('M4 Hourly', 'WQL', metrics.wql, 'PatchTST', 0.039),
  ];
}

async function byWql(name: string, result: HeldOutResult, published: [string, number] | undefined): Promise<BenchRow[]> {
  const { metrics, seasonalNaive, seconds } = result;
  tell(metrics, seconds);
  const peers: [string, number][] = [...(published ? [published] : []), ['seasonal naive', seasonalNaive.wql]];
  return [
    ...peers.map(([peer, wql]) => row(name, 'WQL', metrics.wql, peer, wql)),
    row(name, 'MASE', metrics.mase, 'seasonal naive', seasonalNaive.mase),
  ];
}

async function longSeries(dataset: 'etth1' | 'ettm1', dataDir: string, settings: FitSettings, horizon: number): Promise<BenchRow[]> {
  const name = dataset === 'etth1' ? 'ETTh1' : 'ETTm1';
  const scores = await runWindows(ett(dataDir, name), horizon, 'mse', settings, HISTORY);
  tellWindows(scores);
  const [mse, mae] = SEGRNN[dataset]![horizon] ?? [Number.NaN, Number.NaN];
  return [
    row(`${name} ${horizon}`, 'MSE', scores.mse, 'SegRNN (720)', mse),
    row(`${name} ${horizon}`, 'MAE', scores.mae, 'SegRNN (720)', mae),
  ];
}

async function bike(dataDir: string, settings: FitSettings, horizon: number): Promise<BenchRow[]> {
  const data = bikeSharing(dataDir);
  const scores = await runWindows(data, horizon, 'wql', settings, HISTORY);
  tellWindows(scores);
  const { values } = data.panel.series[0]!;
  let error = 0;
  let size = 0;
  for (let origin = data.validationEnd; origin + horizon <= data.testEnd; origin++)
    for (let t = 0; t < horizon; t++) {
      error += Math.abs(values[origin + t]! - values[origin - 168 + (t % 168)]!);
      size += Math.abs(values[origin + t]!);
    }
  return [row(`bike sharing ${horizon}`, 'WQL', scores.wql, 'weekly naive', error / size)];
}

function coverageTask(dataset: string, dataDir: string): CoverageTask {
  const heldOut = { 'm4-hourly': m4Hourly, exchange: exchangeRate }[dataset];
  if (heldOut) {
    const { panel, horizon } = heldOut(dataDir);
    return { name: dataset, panel, horizon, stepSize: horizon / (dataset === 'm4-hourly' ? 4 : 1) };
  }
  switch (dataset) {
    case 'tourism-monthly':
    case 'tourism-quarterly': {
      const { panel, horizon } = tourism(dataDir, dataset === 'tourism-monthly' ? 'monthly' : 'quarterly');
      return { name: dataset, panel, horizon, stepSize: 1 };
    }
    case 'etth1':
    case 'ettm1':
      return { name: dataset, panel: ett(dataDir, dataset === 'etth1' ? 'ETTh1' : 'ETTm1').panel, horizon: 96, stepSize: 96 };
    case 'bike':
      return { name: dataset, panel: bikeSharing(dataDir).panel, horizon: 48, stepSize: 48 };
    default:
      throw unknown(dataset);
  }
}

function unknown(dataset: string): Error {
  return new Error(
    `No data set is named ${dataset}. Data sets: m4-hourly, etth1, ettm1, exchange, tourism-monthly, tourism-quarterly, tourism-yearly, bike.`,
  );
}

function tell(metrics: HeldOutResult['metrics'], seconds: number): void {
  const { smape, mase, msis, wql, coverage } = metrics;
  console.log(
    `  sMAPE ${smape.toFixed(3)}, MASE ${mase.toFixed(3)}, MSIS ${msis.toFixed(3)}, WQL ${wql.toFixed(4)}, covered 80 %: ${coverage['80']!.toFixed(3)}, 95 %: ${coverage['95']!.toFixed(3)}, trained ${seconds.toFixed(0)} s`,
  );
}

function tellWindows({ windows, wql, coverage80, coverage95, seconds }: WindowScores): void {
  console.log(
    `  ${windows} windows, WQL ${wql.toFixed(4)}, covered 80 %: ${coverage80.toFixed(3)}, 95 %: ${coverage95.toFixed(3)}, trained ${seconds.toFixed(0)} s`,
  );
}

export const accuracy: Bench = {
  name: 'accuracy',
  summary: 'forecast errors of the default settings beside published ones, on the published splits',
  async run(args, { dataDir }) {
    if (!dataDir) throw new Error('The accuracy bench needs the data sets: give their folder with --data.');
    const dataset = args[0] ?? 'm4-hourly';
    if (dataset === 'all') return accuracyOfAll(args.slice(1), dataDir);
    const steps = whole(args, 'steps', 0);
    const settings = {
      seed: whole(args, 'seed', 1),
      threads: whole(args, 'threads', 2),
      members: whole(args, 'members', 1),
      linear: args.includes('--linear'),
      ...(steps > 0 ? { steps } : {}),
    };
    if (args.includes('--coverage')) return coverage(coverageTask(dataset, dataDir), settings);
    switch (dataset) {
      case 'm4-hourly':
        return m4(dataDir, settings);
      case 'etth1':
      case 'ettm1':
        return longSeries(dataset, dataDir, settings, whole(args, 'horizon', 96));
      case 'bike':
        return bike(dataDir, settings, whole(args, 'horizon', 48));
      case 'exchange':
        return byWql('exchange rate', await runHeldOut(exchangeRate(dataDir), 'wql', settings), ['AutoTheta', 0.009714]);
      case 'tourism-monthly':
        return byWql('tourism monthly', await runHeldOut(tourism(dataDir, 'monthly'), 'wql', settings), ['AutoARIMA', 0.090934]);
      case 'tourism-quarterly':
        return byWql('tourism quarterly', await runHeldOut(tourism(dataDir, 'quarterly'), 'wql', settings), ['AutoTheta', 0.061241]);
      case 'tourism-yearly':
        return byWql('tourism yearly', await runHeldOut(tourism(dataDir, 'yearly'), 'wql', settings), undefined);
      default:
        throw unknown(dataset);
    }
  },
};
