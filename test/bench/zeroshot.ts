/**
 * `npm run bench -- zeroshot [DATASET …] [--without autoEts] [--tuned [--steps N]]`: the pretrained network on series that it never saw a
 * step of, beside exponential smoothing, Theta and seasonal naive on the same ones, our trained models where a result of them is kept, and
 * published rows; `--tuned` fine-tunes it on the histories first, and sets it beside the trained models and itself untuned alone.
 * Then how many series a second it forecasts on one thread, and what that takes of memory. Data sets: the names of `zeroshotSets.ts`; all
 * of them unless some are named.
 */
import { createForecaster, type Metrics, type Panel, plans, scoreForecasts } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { row } from './accuracy/heldOut.js';
import { ZEROSHOT_SETS, type ZeroshotSet } from './accuracy/zeroshotSets.js';
import type { Bench, BenchRow } from './bench.js';
import { option, randomArray } from './measure.js';
import { keptResult } from './report.js';

const OURS = 'pretrained';
const BASELINES = ['autoEts', 'theta', 'seasonalNaive'];
const GOAL = { series: 5000, horizon: 48, history: 512 };

async function measure(kind: string, { panel, history, horizon }: ZeroshotSet): Promise<{ metrics: Metrics; seconds: number }> {
  const model = createForecaster(kind);
  const started = performance.now();
  const forecasts = await model.predict(history, { horizon, levels: DEFAULT_QUANTILES });
  const seconds = (performance.now() - started) / 1000;
  model.dispose();
  return { metrics: scoreForecasts(panel, forecasts, { levels: DEFAULT_QUANTILES }).overall, seconds };
}

/** Fine-tuned on what the others were trained on. */
async function tuned(set: ZeroshotSet, steps: number | undefined): Promise<BenchRow[]> {
  const { history, panel, horizon } = set;
  const facts = {
    frequency: history.frequency,
    seasonLengths: history.seasonLengths,
    horizon,
    lengths: history.series.map(({ values }) => values.length),
    count: history.series.length,
  };
  const model = createForecaster(OURS, plans.settings(OURS, facts, { config: {}, steps }));
  const asked = { horizon, levels: DEFAULT_QUANTILES };
  const score = async (): Promise<Metrics> =>
    scoreForecasts(panel, await model.predict(history, asked), { levels: DEFAULT_QUANTILES }).overall;
  const before = await score();
  const started = performance.now();
  let taken = 0;
  await model.fit(history, { seed: 1, onProgress: ({ step }) => (taken = step) });
  const seconds = (performance.now() - started) / 1000;
  const after = await score();
  model.dispose();
  console.log(
    `${set.name}: fine-tuned in ${taken} steps, ${seconds.toFixed(0)} s: WQL ${before.wql.toFixed(4)} to ${after.wql.toFixed(4)}, MASE ${before.mase.toFixed(3)} to ${after.mase.toFixed(3)}, sMAPE ${before.smape.toFixed(3)} to ${after.smape.toFixed(3)}, covered 80 %: ${after.coverage['80']!.toFixed(3)}`,
  );
  const trained = wqlOf(set.trained);
  return [
    row(`${set.name}, fine-tuned`, 'WQL', after.wql, 'itself before', before.wql),
    ...(trained === undefined ? [] : [row(`${set.name}, fine-tuned`, 'WQL', after.wql, 'ours, trained from nothing', trained)]),
  ];
}

const wqlOf = (trained: string | undefined): number | undefined =>
  trained === undefined ? undefined : keptResult(trained)?.find(({ unit }) => unit === 'WQL')?.ours;

async function onSet(set: ZeroshotSet, baselines: readonly string[]): Promise<BenchRow[]> {
  const { metrics: ours, seconds } = await measure(OURS, set);
  const off = 100 * Math.abs(ours.coverage['80']! - 0.8);
  console.log(
    `${set.name}: ${set.history.series.length} series in ${seconds.toFixed(1)} s, WQL ${ours.wql.toFixed(4)}, MASE ${ours.mase.toFixed(3)}, covered 80 %: ${ours.coverage['80']!.toFixed(3)}`,
  );
  const found: BenchRow[] = [];
  for (const kind of baselines) {
    const { metrics } = await measure(kind, set);
    found.push(row(set.name, 'WQL', ours.wql, kind, metrics.wql));
  }
  const trained = wqlOf(set.trained);
  if (trained !== undefined) found.push(row(set.name, 'WQL', ours.wql, 'ours, trained on it', trained));
  for (const [peer, wql] of set.published) found.push(row(set.name, 'WQL', ours.wql, `${peer}, published`, wql));
  if (set.owa) {
    const { metrics: naive2 } = await measure('naive2', set);
    found.push(row(set.name, 'OWA', (ours.smape / naive2.smape + ours.mase / naive2.mase) / 2, 'Naive2', 1));
  }
  found.push(row(`${set.name}, 80 % intervals`, 'points off', off, 'allowed', 5));
  return found;
}

/** Hourly series with a day and a week, as long as the encoder reads. */
async function speed(): Promise<BenchRow[]> {
  const noise = randomArray(GOAL.series * GOAL.history, 7, 0.3);
  const series = Array.from({ length: GOAL.series }, (_, s) => ({
    id: `s${s}`,
    firstStep: 0,
    values: Float64Array.from(
      { length: GOAL.history },
      (_, t) => 5 + Math.sin((2 * Math.PI * t) / 24 + s) + 0.4 * Math.sin((2 * Math.PI * t) / 168) + noise[s * GOAL.history + t]!,
    ),
  }));
  const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series };
  const model = createForecaster(OURS);
  const asked = { horizon: GOAL.horizon, levels: [0.1, 0.5, 0.9] };
  await model.predict({ ...panel, series: series.slice(0, 256) }, asked);
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await model.predict(panel, asked);
  const used = process.cpuUsage(cpu);
  const [wall, busy] = [(performance.now() - started) / 1000, (used.user + used.system) / 1e6];
  model.dispose();
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${GOAL.series} series of ${GOAL.history} steps, ${GOAL.horizon} ahead, one thread: ${wall.toFixed(2)} s, of which ${busy.toFixed(2)} s on a processor: ${Math.round(GOAL.series / busy)} series a second of it; resident at most ${megabytes.toFixed(0)} MB`,
  );
  // Two threads have the panel between them: each its half.
  return [
    row(`${GOAL.series} series, ${GOAL.horizon} steps, a thread's half`, 's on a processor', busy / 2, 'goal for two cores', 1),
    row(`${GOAL.series} series, ${GOAL.horizon} steps`, 'MB resident', megabytes, 'a worker', 1024),
  ];
}

export const zeroshot: Bench = {
  name: 'zeroshot',
  summary: 'the pretrained network on series that it never saw, beside baselines, trained models and published rows',
  async run(args, { dataDir }) {
    const without = option(args, 'without')?.split(',') ?? [];
    const tune = args.includes('--tuned');
    const steps = option(args, 'steps');
    const named = args.filter((arg, i) => !arg.startsWith('--') && !['--without', '--steps'].includes(args[i - 1] ?? ''));
    const unknown = named.find((name) => name !== 'speed' && !(name in ZEROSHOT_SETS));
    if (unknown) throw new Error(`No data set is named ${unknown}. Data sets: ${Object.keys(ZEROSHOT_SETS).join(', ')}; or speed.`);
    if (!dataDir) throw new Error('The zeroshot bench needs the data sets: give their folder with --data.');
    const found: BenchRow[] = [];
    if (!tune && (named.length === 0 || named.includes('speed'))) found.push(...(await speed()));
    for (const [name, read] of Object.entries(ZEROSHOT_SETS))
      if (named.length === 0 || named.includes(name))
        found.push(
          ...(tune
            ? await tuned(read(dataDir), steps === undefined ? undefined : Number(steps))
            : await onSet(
                read(dataDir),
                BASELINES.filter((kind) => !without.includes(kind)),
              )),
        );
    return found;
  },
};
