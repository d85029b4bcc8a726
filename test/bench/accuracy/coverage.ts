/**
 * How often the intervals hold: the default ensemble, fitted once, over rolling cutoffs. Beside its own intervals those that
 * online calibration makes of them, which learns from each outcome when it has come true and not before.
 */
import { backtest, createForecaster, defaultEnsemble, OnlineConformal, type Panel, type SeriesForecast } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import type { BenchRow } from '../bench.js';
import type { FitSettings } from './fit.js';

export interface CoverageTask {
  name: string;
  panel: Panel;
  horizon: number;
  stepSize: number;
}

const WINDOWS = 20;
/** Nominal shares, and how far an interval may be from its name, in percentage points. */
const NAMED = { 80: [0.1, 0.9], 95: [0.025, 0.975] } as const;
const ALLOWED = 3;

export async function coverage(
  { name, panel, horizon, stepSize }: CoverageTask,
  { seed, members: networks, steps }: FitSettings,
): Promise<BenchRow[]> {
  const held = horizon + (WINDOWS - 1) * stepSize;
  const long = panel.series.filter(({ values }) => values.length >= 2 * held);
  const lengths = long.map(({ values }) => values.length - held);
  const { members, combine } = defaultEnsemble({ ...panel, horizon, lengths, count: long.length }, networks, { steps });
  const create = (): ReturnType<typeof createForecaster> => createForecaster('ensemble', { members, combine });
  const result = await backtest({ ...panel, series: long }, [{ name: 'default', create }], {
    ...{ horizon, stepSize, seed, windows: WINDOWS, refitEvery: 0, align: 'ends' },
  });
  const windows = result.models[0]!.windows.map(({ forecasts }) => forecasts);
  const origin = (index: number, length: number): number => length - held + index * stepSize;
  const counts = { own: new Counts(), online: new Counts() };
  const streams = long.map(({ id, values }) => ({
    ...{ id, values, conformal: new OnlineConformal({ levels: DEFAULT_QUANTILES, horizon }) },
    past: [] as { quantiles: Float64Array; origin: number }[],
  }));
  windows.forEach((forecasts: SeriesForecast[], index) => {
    const byId = new Map(forecasts.map((forecast) => [forecast.id, forecast]));
    // Of each earlier forecast, the steps that have come true since the last cutoff.
    const ripe = streams.map(({ conformal, values, past }) => {
      const from = origin(index, values.length);
      const known = past.map((one) => ({
        quantiles: one.quantiles,
        outcomes: Float64Array.from({ length: horizon }, (_, t) =>
          one.origin + t < from && one.origin + t >= from - stepSize ? values[one.origin + t]! : Number.NaN,
        ),
      }));
      return { conformal, forecasts: known.filter(({ outcomes }) => outcomes.some((value) => !Number.isNaN(value))) };
    });
    OnlineConformal.observeTogether(ripe.filter(({ forecasts }) => forecasts.length > 0));
    for (const { id, values, conformal, past } of streams) {
      const own = byId.get(id);
      if (!own) continue;
      const from = origin(index, values.length);
      const quantiles = Float64Array.from(own.quantiles);
      const actual = values.subarray(from, from + horizon);
      counts.own.add(quantiles, actual);
      counts.online.add(conformal.apply(quantiles), actual);
      past.push({ quantiles, origin: from });
    }
  });
  return Object.entries(counts).flatMap(([kind, count]) =>
    ([80, 95] as const).map((share) => {
      const apart = Math.abs(100 * count.share(share) - share);
      console.log(`  ${name}, ${WINDOWS} cutoffs, ${kind}: ${share} % intervals hold ${(100 * count.share(share)).toFixed(1)} %`);
      return {
        case: `${name}, ${share} % intervals, ${kind}`,
        ours: apart,
        peer: ALLOWED,
        peerName: 'allowed',
        unit: 'points off',
        ratio: apart / ALLOWED,
      };
    }),
  );
}

/** Outcomes inside each named interval. */
class Counts {
  private all = 0;
  private readonly inside = { 80: 0, 95: 0 };

  add(quantiles: ArrayLike<number>, actual: ArrayLike<number>): void {
    for (let t = 0; t < actual.length; t++) {
      if (Number.isNaN(actual[t]!)) continue;
      this.all++;
      for (const share of [80, 95] as const) {
        const [low, high] = NAMED[share].map((level) => quantiles[DEFAULT_QUANTILES.indexOf(level) * actual.length + t]!) as [
          number,
          number,
        ];
        if (actual[t]! >= low && actual[t]! <= high) this.inside[share]++;
      }
    }
  }

  share(of: 80 | 95): number {
    return this.inside[of] / this.all;
  }
}
