/**
 * Series in the body of a request, laid on their grid.
 * Invariants: every value keeps its step and none is invented; what does not fit is refused with the series and the position at fault.
 */
import { PREDICTION_LIMITS, type InlineSeries as GivenSeries, type PredictionRequest } from '@almanac/contracts';
import { AlmanacError, counted, findRhythm, Frequency, readFrequency } from '@almanac/series';
import { leftOutWarning } from '../ingest/findings.js';
import { type Range, stepsIn } from '../ingest/range.js';
import { refuseOffGrid } from './offGrid.js';
import type { LaidSeries } from './plan.js';
import { instantAt, stepAt } from './readStep.js';
import { asNumbers, categoryOf } from '../runs/categories.js';

export type Values = (number | null)[];
/** A series of a request whose covariates are numbers; see `withNumbers`. */
export interface InlineSeries extends Omit<GivenSeries, 'pastCovariates' | 'futureCovariates'> {
  pastCovariates?: Record<string, Values>;
  futureCovariates?: Record<string, Values>;
}
export type NumericRequest = Omit<PredictionRequest, 'series'> & { series: InlineSeries[] };

/** More steps between the first and the last time than this are a slip in a time, not a series. */
const LONGEST = 1_000_000;
/** Gaps take space too: values of all series and covariates once they are laid out. */
const MOST_LAID = 4_000_000;

/** @throws AlmanacError PREDICTION_TOO_LARGE, SERIES_TWICE */
export function refuseTooMuch(series: readonly GivenSeries[]): void {
  refuseLaid({ series: series.length, observations: series.reduce((sum, { y }) => sum + y.length, 0), laid: 0 });
  const seen = new Set<string>();
  for (const { uniqueId } of series) {
    if (seen.has(uniqueId))
      throw new AlmanacError('SERIES_TWICE', `The series "${uniqueId}" is given twice.`, {
        hint: 'Give each series once.',
        subject: { series: uniqueId },
      });
    seen.add(uniqueId);
  }
}

/** @param size how many series, values, and places of values once they are laid out. @throws AlmanacError PREDICTION_TOO_LARGE */
export function refuseLaid({ series, observations, laid }: { series: number; observations: number; laid: number }): void {
  const { series: most, observations: mostObservations } = PREDICTION_LIMITS;
  if (series > most || observations > mostObservations)
    throw new AlmanacError(
      'PREDICTION_TOO_LARGE',
      `The request has ${series} series with ${observations} values; ${most} series and ${mostObservations} values are the most.`,
      { hint: 'Send it in several requests, or upload the series as a dataset.', subject: { series, observations }, status: 413 },
    );
  if (laid > MOST_LAID)
    throw new AlmanacError(
      'PREDICTION_TOO_LARGE',
      `The series span ${laid} steps, gaps and covariates included; ${MOST_LAID} are the most.`,
      {
        hint: 'Look for a slip in a time (`from` and `to` leave out what lies outside of a range), or send fewer series at once.',
        subject: { steps: laid },
        status: 413,
      },
    );
}

/** The grid that the times say. @throws AlmanacError FREQUENCY_NOT_INFERRED, FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN, TIME_INVALID */
export function gridOfTimes(series: readonly InlineSeries[], frequency: string, timeZone: string): Frequency {
  const times: number[] = [];
  for (const { uniqueId, ds, start } of series) {
    for (const one of ds ?? (start === undefined ? [] : [start])) {
      if (typeof one === 'number' || frequency === '1') return Frequency.parse(frequency === 'auto' ? '1' : frequency, timeZone);
      times.push(instantAt(one, timeZone, uniqueId));
    }
  }
  return frequency === 'auto' ? findRhythm(counted(times), timeZone).frequency : readFrequency(frequency, counted(times), timeZone);
}

/** The values of a series within a range, by the steps in which their times fall; how many lie outside is said. */
export function withinRange(all: readonly InlineSeries[], grid: Frequency, range: Range): { series: InlineSeries[]; warnings: string[] } {
  const { first, last } = stepsIn(range, grid);
  if (first === -Infinity && last === Infinity) return { series: [...all], warnings: [] };
  let leftOut = 0;
  const series = all.flatMap((one): InlineSeries[] => {
    const { uniqueId, ds, start, y } = one;
    const floor = (time: string | number): number =>
      grid.kind === 'integer' ? stepAt(time, grid, uniqueId) : grid.floorStep(instantAt(String(time), grid.timeZone, uniqueId));
    const steps = ds ? ds.map(floor) : start === undefined ? [] : y.map((_, t) => floor(start) + t);
    const kept = y.flatMap((_, t) => (steps[t] === undefined || (steps[t] >= first && steps[t] <= last) ? [t] : []));
    leftOut += y.length - kept.length;
    if (kept.length === y.length) return [one];
    if (kept.length === 0) return [];
    const picked = <T>(values: readonly T[]): T[] => [...kept.map((t) => values[t]!), ...values.slice(y.length)];
    const each = (of: Record<string, Values>): Record<string, Values> =>
      Object.fromEntries(Object.entries(of).map(([name, values]) => [name, picked(values)]));
    const { pastCovariates, futureCovariates } = one;
    return [
      {
        ...one,
        y: picked(y),
        ...(ds ? { ds: kept.map((t) => ds[t]!) } : { start: grid.wire(steps[kept[0]!]!) }),
        ...(pastCovariates ? { pastCovariates: each(pastCovariates) } : {}),
        ...(futureCovariates ? { futureCovariates: each(futureCovariates) } : {}),
      },
    ];
  });
  if (series.length > 0) return { series, warnings: leftOutWarning(leftOut) };
  throw new AlmanacError('RANGE_WITHOUT_VALUES', `No value lies within the stated range; ${leftOut} lie outside.`, {
    hint: 'Give another `from` or `to`.',
    subject: { leftOut },
  });
}

/** Of a model that forecasts series without a history: the step from which it does where the request does not say. */
export interface Cold {
  firstStep: number | undefined;
}

/** @throws AlmanacError TIME_INVALID, TIME_TWICE, SERIES_SHAPE, SERIES_EMPTY, PREDICTION_TOO_LARGE */
function layOnGrid(given: InlineSeries, grid: Frequency, horizon: number, cold: Cold | undefined): LaidSeries {
  const one =
    cold?.firstStep !== undefined && given.y.length === 0 && given.start === undefined && !given.ds?.length
      ? { ...given, ds: undefined, start: grid.wire(cold.firstStep) }
      : given;
  const { uniqueId: id, y, ds, start, staticCovariates } = one;
  const shape = (problem: string): AlmanacError =>
    new AlmanacError('SERIES_SHAPE', `The series "${id}" ${problem}.`, {
      hint: 'Each value of `y` has one time in `ds`, or `start` is the time of the first.',
      subject: { series: id },
    });
  const unobserved = y.every((value) => value === null);
  if (unobserved && !cold)
    throw new AlmanacError('SERIES_EMPTY', `The series "${id}" has no observation.`, {
      hint: 'Leave it out, or give it a value; a model of the kind coldStart forecasts it from its static covariates.',
      subject: { series: id },
    });
  if ((ds === undefined) === (start === undefined)) throw shape('needs either `ds` or `start`');
  if (ds && ds.length !== y.length) throw shape(`has ${y.length} values and ${ds.length} times`);
  const steps = ds ? ds.map((time) => stepAt(time, grid, id)) : y.map((_, i) => stepAt(start!, grid, id) + i);
  if (steps.length === 0 && start === undefined) throw shape('has no value, and no `start` that says from when on it is forecast');
  const firstStep = steps.reduce((least, step) => Math.min(least, step), start === undefined ? Infinity : stepAt(start, grid, id));
  const length = unobserved ? 0 : lastObserved(steps, y) - firstStep + 1;
  const last = steps.reduce((most, step) => Math.max(most, step), firstStep - 1);
  const span = last - firstStep + 1;
  if (span > LONGEST) throw shape(`spans ${span} steps of ${grid.code}, more than ${LONGEST}`);
  const channels = 1 + Object.keys(one.pastCovariates ?? {}).length + Object.keys(one.futureCovariates ?? {}).length;
  if (span * channels > MOST_LAID) throw tooManySteps(id, grid);
  const place = (values: Values, into: Values): Values => {
    values.forEach((value, i) => {
      const at = steps[i]! - firstStep;
      if (at < into.length) into[at] = value;
    });
    return into;
  };
  const gaps = (count: number): Values => new Array<number | null>(count).fill(null);
  refuseTwice(steps, id, grid);
  // Rows without a value behind the last observation are steps of the horizon, as they are in a file.
  const wanting = Math.max(0, horizon - (span - length));
  const each = (kind: 'past' | 'future', least: number, most: number): Record<string, Values> | undefined => {
    const given = kind === 'past' ? one.pastCovariates : one.futureCovariates;
    if (given === undefined) return undefined;
    return Object.fromEntries(
      Object.entries(given).map(([name, values]) => {
        const beyond = values.length - y.length;
        if (beyond < least || beyond > most)
          throw new AlmanacError(
            'SERIES_SHAPE',
            `The series "${id}" has ${values.length} values of the ${kind} covariate "${categoryOf(name) ?? name}", where ${y.length + least} are needed.`,
            {
              hint: `Give a value for each \`y\`${least === 0 ? '' : `, then one for each of ${least} steps ahead`}.`,
              subject: { series: id, covariate: categoryOf(name) ?? name },
            },
          );
        const laid = place(values.slice(0, y.length), gaps(kind === 'past' ? length : span));
        return [name, [...laid, ...values.slice(y.length)]];
      }),
    );
  };
  const pastCovariates = each('past', 0, 0);
  const futureCovariates = each('future', wanting, horizon);
  return {
    id,
    firstStep,
    values: place(y, gaps(length)),
    ...(staticCovariates ? { staticCovariates: asNumbers(staticCovariates) } : {}),
    ...(pastCovariates ? { pastCovariates } : {}),
    ...(futureCovariates ? { futureCovariates } : {}),
  };
}

/**
 * @param model a trained one, whose grid it is
 * @throws AlmanacError PREDICTION_TOO_LARGE, OFF_GRID, CLOSED_DAY, and what `layOnGrid` refuses
 */
export function layAllOnGrid(
  series: readonly InlineSeries[],
  grid: Frequency,
  horizon: number,
  { cold, model }: { cold?: Cold | undefined; model?: string | undefined } = {},
): LaidSeries[] {
  refuseOffGrid(series, grid, model);
  let laid = 0;
  return series.map((given) => {
    const one = layOnGrid(given, grid, horizon, cold);
    for (const values of [one.values, ...Object.values({ ...one.pastCovariates }), ...Object.values({ ...one.futureCovariates })])
      laid += values.length;
    if (laid > MOST_LAID) throw tooManySteps(one.id, grid);
    return one;
  });
}

function tooManySteps(series: string, grid: Frequency): AlmanacError {
  return new AlmanacError(
    'PREDICTION_TOO_LARGE',
    `The series and covariates span more than ${MOST_LAID} steps of ${grid.code}, gaps included.`,
    {
      hint: 'Look for a slip in a time, or send fewer series at once.',
      subject: { series },
      status: 413,
    },
  );
}

function lastObserved(steps: readonly number[], y: Values): number {
  return steps.reduce((most, step, i) => (y[i] === null ? most : Math.max(most, step)), -Infinity);
}

function refuseTwice(steps: readonly number[], series: string, grid: Frequency): void {
  const seen = new Set<number>();
  for (const step of steps) {
    if (seen.has(step))
      throw new AlmanacError('TIME_TWICE', `The series "${series}" has two values at ${grid.format(step)}.`, {
        hint: 'Give one value for each step; add up finer events first.',
        subject: { series, ds: grid.format(step) },
      });
    seen.add(step);
  }
}
