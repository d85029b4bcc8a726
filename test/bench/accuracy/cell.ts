/**
 * One cell of `accuracy all`: what a user gets on one data set by default, with one budget and seed, in a process of its own so that its
 * CPU time and memory are its own. Reads a `CellTask` from its arguments, writes a `Cell` as the last line it prints.
 */
import {
  createForecaster,
  type Forecaster,
  type Panel,
  plans,
  scoreForecasts,
  type SeriesForecast,
  targetKindsOf,
} from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { SETS } from './sets.js';

export interface CellTask {
  set: string;
  budget: string;
  seed: number;
  threads: number;
  dataDir: string;
}

export interface Accuracy {
  mase: number;
  smape: number;
  wql: number;
  /** Over Naive2 of the same code; null for windows, which are judged by their MSE. */
  owa: number | null;
  mse: number | null;
  mae: number | null;
  coverage80: number;
  coverage95: number;
}

export interface Cell extends Accuracy {
  fitCpuSeconds: number;
  predictCpuSeconds: number;
  memoryMiB: number;
  /** Each member by itself, and what it counts. */
  members: { label: string; share: number; owa: number | null; wql: number | null }[];
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** As `train` sets a model up, and nothing else. */
function fitted(panel: Panel, horizon: number, budget: string): Forecaster {
  const lengths = panel.series.map(({ values }) => values.length);
  const { frequency, seasonLengths } = panel;
  const facts = { frequency, seasonLengths, horizon, lengths, count: lengths.length };
  return createForecaster('auto', plans.settings('auto', facts, { config: { budget } }));
}

const one = (value: number): number | null => (Number.isFinite(value) ? value : null);

async function heldOut({ set, budget, seed, threads, dataDir }: CellTask): Promise<Cell> {
  const { panel, horizon } = SETS[set]!.heldOut!(dataDir);
  const history = withoutLast(panel, horizon);
  const model = fitted(history, horizon, budget);
  const started = cpuSeconds();
  await model.fit(history, { seed, threads });
  const trained = cpuSeconds();
  const ask = { horizon, levels: DEFAULT_QUANTILES };
  const forecasts = await model.predict(history, { ...ask, targets: targetKindsOf(history.series), members: true });
  const predicted = cpuSeconds();
  const naive2 = createForecaster('naive2');
  const reference = scoreForecasts(panel, await naive2.predict(history, ask), ask).overall;
  const accuracy = (given: readonly SeriesForecast[]): Accuracy => {
    const { mase, smape, wql, mae, coverage } = scoreForecasts(panel, given, ask).overall;
    const owa = (smape / reference.smape + mase / reference.mase) / 2;
    return { mase, smape, wql, owa, mse: null, mae, coverage80: coverage['80']!, coverage95: coverage['95']! };
  };
  const { members } = model.choice!(history);
  const alone = members.map(({ label, share }) => {
    const given = forecasts.flatMap((forecast) => {
      const own = forecast.members?.find((member) => member.label === label);
      return own ? [{ ...forecast, quantiles: own.quantiles }] : [];
    });
    // Only where it takes part in every series is it the same task.
    const { owa, wql } = given.length === forecasts.length ? accuracy(given) : { owa: null, wql: Number.NaN };
    return { label, share, owa, wql: one(wql) };
  });
  return { ...accuracy(forecasts), members: alone, ...spent(started, trained, predicted) };
}

/** Every window of the test part; see `windows.ts`. */
async function windows({ set, budget, seed, threads, dataDir }: CellTask): Promise<Cell> {
  const { data, horizon, history: steps } = SETS[set]!.windows!(dataDir);
  const { panel, validationEnd, testEnd } = data;
  const history = { ...panel, series: panel.series.map((series) => ({ ...series, values: series.values.slice(0, validationEnd) })) };
  const model = fitted(history, horizon, budget);
  const started = cpuSeconds();
  await model.fit(history, { seed, threads });
  const trained = cpuSeconds();
  const { choice, scores } = {
    choice: model.choice!(history),
    scores: await scoreWindows(model, panel, { from: validationEnd, to: testEnd, horizon, steps }),
  };
  const members = choice.members.map(({ label, share }) => ({ label, share, owa: null, wql: null }));
  return { ...scores, members, ...spent(started, trained, cpuSeconds()) };
}

const AT_ONCE = 256;

async function scoreWindows(
  model: Forecaster,
  panel: Panel,
  { from, to, horizon, steps }: { from: number; to: number; horizon: number; steps: number },
): Promise<Accuracy> {
  const sums = { squared: 0, absolute: 0, pinball: 0, size: 0, in80: 0, in95: 0, count: 0 };
  const levels = DEFAULT_QUANTILES;
  const row = (level: number): number => levels.indexOf(level);
  const deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
  for (const series of panel.series)
    for (let first = from; first + horizon <= to; first += AT_ONCE) {
      const origins = Array.from({ length: Math.min(AT_ONCE, to - horizon - first + 1) }, (_, i) => first + i);
      const views = origins.map((origin) => ({
        id: series.id,
        firstStep: series.firstStep + origin - steps,
        values: series.values.subarray(origin - steps, origin),
      }));
      const forecasts = await model.predict({ ...panel, series: views }, { horizon, levels });
      forecasts.forEach(({ quantiles }, i) => {
        const at = (level: number, t: number): number => quantiles[row(level) * horizon + t]!;
        for (let t = 0; t < horizon; t++) {
          const y = series.values[origins[i]! + t]!;
          const error = y - at(0.5, t);
          sums.squared += error ** 2;
          sums.absolute += Math.abs(error);
          sums.size += Math.abs(y);
          for (const level of deciles) sums.pinball += Math.max(level * (y - at(level, t)), (level - 1) * (y - at(level, t)));
          sums.in80 += Number(y >= at(0.1, t) && y <= at(0.9, t));
          sums.in95 += Number(y >= at(0.025, t) && y <= at(0.975, t));
          sums.count++;
        }
      });
    }
  const { squared, absolute, pinball, size, in80, in95, count } = sums;
  return {
    mase: Number.NaN,
    smape: Number.NaN,
    wql: (2 * pinball) / deciles.length / size,
    owa: null,
    mse: squared / count,
    mae: absolute / count,
    coverage80: in80 / count,
    coverage95: in95 / count,
  };
}

const spent = (started: number, trained: number, predicted: number): Pick<Cell, 'fitCpuSeconds' | 'predictCpuSeconds' | 'memoryMiB'> => ({
  fitCpuSeconds: trained - started,
  predictCpuSeconds: predicted - trained,
  memoryMiB: process.resourceUsage().maxRSS / 1024,
});

function withoutLast(panel: Panel, steps: number): Panel {
  return { ...panel, series: panel.series.map((series) => ({ ...series, values: series.values.slice(0, series.values.length - steps) })) };
}

const task = JSON.parse(process.argv[2] ?? '{}') as CellTask;
const cell = await (SETS[task.set]!.heldOut ? heldOut(task) : windows(task));
console.log(JSON.stringify(cell));
