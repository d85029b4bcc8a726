/**
 * How often the intervals of sums held what came, over the windows of a backtest: of each series over its horizon, of all series at
 * each step, and of all series over the horizon. The same paths that stored forecasts are summed with.
 *
 * Invariants: how errors hang together at a window is measured on windows that ended before its cutoff; where there was none yet it is
 * assumed (`UNMEASURED`), and such windows count only where there are no others. A step that was not observed is in neither sum.
 */
import type { Panel, SeriesForecast } from '../forecaster.js';
import { dependenceOf, UNMEASURED } from './dependence.js';
import { PathSampler, quantilesOf } from './sample.js';

/** Shares of the sums that lie within the intervals of 50, 80 and 95 %; NaN where there is no sum. */
export interface SumCoverage {
  sums: number;
  coverage: Record<string, number>;
}

export interface TotalsCoverage {
  /** Windows that counted. */
  windows: number;
  /** Series that counted, the same in all windows: fewer than there are where all would take too long. */
  series: number;
  paths: number;
  basis: 'measured' | 'assumed';
  /** A series over the horizon; only where all of its steps were observed. */
  overHorizon: SumCoverage;
  /** All series at a step. */
  overSeries: SumCoverage;
  /** All series over the horizon. */
  overBoth: SumCoverage;
}

const PERCENTS = [50, 80, 95];
const PATHS = 400;
const SEED = 1;
/** Values that are drawn at most: some seconds. */
const MOST_VALUES = 40_000_000;
const FEWEST_WINDOWS = 5;
/** Windows before a cutoff that dependence is measured on, the latest ones. */
const MOST_BEFORE = 20;

/**
 * @param panel what came
 * @param windows forecasts at each cutoff, oldest first
 * @param levels of their quantiles, ascending
 */
export function totalsCoverage(
  panel: Panel,
  windows: readonly (readonly SeriesForecast[])[],
  levels: readonly number[],
  { paths = PATHS, mostValues = MOST_VALUES }: { paths?: number; mostValues?: number } = {},
): TotalsCoverage {
  const told = windows.map((forecasts) => forecasts.filter(({ quantiles }) => quantiles.every(Number.isFinite)));
  const { ids, kept } = within(told, levels.length, Math.floor(mostValues / paths));
  const some = told.map((forecasts) => forecasts.filter(({ id }) => ids.has(id)));
  const before = some.map((forecasts) => earlier(some, forecasts, levels.length));
  const measured = some.flatMap((_, at) => (before[at]!.length > 0 ? [at] : []));
  const counted = (measured.length > 0 ? measured : some.map((_, at) => at)).slice(-kept);
  const values = new Map(panel.series.map((series) => [series.id, series]));
  const tally = { overHorizon: new Tally(), overSeries: new Tally(), overBoth: new Tally() };
  for (const at of counted) {
    const forecasts = some[at]!;
    if (forecasts.length === 0) continue;
    const from = Math.min(...forecasts.map(({ cutoff }) => cutoff)) + 1;
    const steps = Math.max(...forecasts.map((one) => one.cutoff + one.quantiles.length / levels.length)) + 1 - from;
    const dependence = before[at]!.length > 0 ? dependenceOf(panel, before[at]!, levels) : UNMEASURED;
    const sampler = new PathSampler(dependence, { count: paths, seed: SEED }, from, steps);
    const bySteps = Array.from({ length: steps }, () => new Sum(paths));
    const both = new Sum(paths);
    for (const { id, cutoff, quantiles } of forecasts) {
      const horizon = quantiles.length / levels.length;
      const series = values.get(id);
      const drawn = sampler.paths({ id, horizon, levels, quantiles, cutoff });
      const own = new Sum(paths);
      for (let h = 0; h < horizon; h++) {
        const value = series?.values[cutoff + 1 + h - series.firstStep] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        for (const sum of [own, bySteps[cutoff + 1 + h - from]!, both]) sum.add(value, drawn, h, horizon);
      }
      if (own.terms === horizon) tally.overHorizon.take(own);
    }
    for (const sum of bySteps) tally.overSeries.take(sum);
    tally.overBoth.take(both);
  }
  return {
    ...{ windows: counted.length, series: ids.size, paths, basis: measured.length > 0 ? 'measured' : 'assumed' },
    overHorizon: tally.overHorizon.result(),
    overSeries: tally.overSeries.result(),
    overBoth: tally.overBoth.result(),
  };
}

/** Which series, and how many windows, may be drawn: every so-manieth series where all of them were too many. */
function within(windows: readonly (readonly SeriesForecast[])[], levels: number, most: number): { ids: Set<string>; kept: number } {
  const all = [...new Set(windows.flatMap((forecasts) => forecasts.map(({ id }) => id)))];
  const horizon = Math.max(1, ...windows.flatMap((forecasts) => forecasts.slice(0, 1).map(({ quantiles }) => quantiles.length / levels)));
  const kept = Math.min(windows.length, Math.max(FEWEST_WINDOWS, Math.floor(most / (horizon * Math.max(1, all.length)))));
  const count = Math.min(all.length, Math.max(1, Math.floor(most / (horizon * Math.max(1, kept)))));
  return { ids: new Set(Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!)), kept };
}

/** Forecasts whose last step came before the first of these is made. */
function earlier(windows: readonly (readonly SeriesForecast[])[], these: readonly SeriesForecast[], levels: number): SeriesForecast[] {
  const cutoff = Math.min(...these.map((one) => one.cutoff));
  return windows
    .filter((forecasts) => forecasts.length > 0 && forecasts.every((one) => one.cutoff + one.quantiles.length / levels <= cutoff))
    .slice(-MOST_BEFORE)
    .flat();
}

/** What came, and what each path has, of the same steps. */
class Sum {
  terms = 0;
  outcome = 0;
  readonly draws: Float64Array;

  constructor(paths: number) {
    this.draws = new Float64Array(paths);
  }

  add(value: number, drawn: Float64Array, h: number, horizon: number): void {
    this.terms++;
    this.outcome += value;
    for (let k = 0; k < this.draws.length; k++) this.draws[k]! += drawn[k * horizon + h]!;
  }
}

class Tally {
  private sums = 0;
  private readonly held = PERCENTS.map(() => 0);

  take({ terms, outcome, draws }: Sum): void {
    if (terms === 0) return;
    this.sums++;
    const bounds = quantilesOf(
      draws,
      PERCENTS.flatMap((percent) => [0.5 - percent / 200, 0.5 + percent / 200]),
    );
    // Exact sums of whole numbers and of decimals differ in the last digits.
    const slack = 1e-9 * Math.abs(outcome);
    PERCENTS.forEach((_, i) => {
      if (outcome >= bounds[2 * i]! - slack && outcome <= bounds[2 * i + 1]! + slack) this.held[i]!++;
    });
  }

  result(): SumCoverage {
    return { sums: this.sums, coverage: Object.fromEntries(PERCENTS.map((percent, i) => [String(percent), this.held[i]! / this.sums])) };
  }
}
