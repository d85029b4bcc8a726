/**
 * Covariates that a series lacks, or that have holes where a forecast needs them.
 *
 * A series without a covariate that others have does not take it from them: for that one it is masked (a channel of NaN, which models
 * read as its mean), and the answer says so. A hole within the horizon is refused with series and times, or filled by the rule that
 * the request declared; nothing else is filled.
 */
import type { CovariateFill, CovariateReport } from '@almanac/contracts';
import type { CalendarSettings, CovariateNames, ForecastNote, SeriesData } from '@almanac/forecasting';
import { calendarNames } from '@almanac/forecasting/plan';
import type { Frequency } from '@almanac/series';
import { type Categories, categoryOf, unknownCategories, withOtherCategories } from './categories.js';
import { covariateHole, filledNote } from './holes.js';

export const KINDS = ['static', 'past', 'future'] as const;
export type CovariateKind = (typeof KINDS)[number];

const MOST_NAMED = 5;

/** Names and values of one kind; a text has none. */
function channelsOf(series: SeriesData, kind: CovariateKind): Record<string, ArrayLike<number>> {
  if (kind === 'static') return Object.fromEntries(Object.entries(series.staticCovariates ?? {}).map(([name, value]) => [name, [value]]));
  return (kind === 'past' ? series.pastCovariates : series.futureCovariates) ?? {};
}

/** It has the covariate, and knows at least one value of it. */
function has(series: SeriesData, kind: CovariateKind, name: string): boolean {
  const values = channelsOf(series, kind)[name];
  if (!values) return false;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i]!)) return true;
  return false;
}

/** Those that some series has, in the order in which they are met. */
export function namesIn(series: readonly SeriesData[]): CovariateNames {
  const of = (kind: CovariateKind): string[] => [
    ...new Set(series.flatMap((one) => Object.keys(channelsOf(one, kind)).filter((name) => has(one, kind, name)))),
  ];
  return { static: of('static'), past: of('past'), future: of('future') };
}

/** Those that a model or, for an ensemble, its members read from the data; what the calendar tells is none of them. */
export function namesUsed(config: Record<string, unknown>): CovariateNames {
  const { covariates, calendar, members, member } = config as {
    covariates?: CovariateNames;
    calendar?: CalendarSettings;
    members?: { config: Record<string, unknown> }[];
    member?: { config: Record<string, unknown> };
  };
  const own = new Set(calendar ? calendarNames(calendar) : []);
  const within = [...(members ?? []), ...(member ? [member] : [])].map((one) => namesUsed(one.config));
  const of = (kind: CovariateKind): string[] => [
    ...new Set([...(covariates?.[kind] ?? []).filter((name) => !own.has(name)), ...within.flatMap((names) => names[kind])]),
  ];
  return { static: of('static'), past: of('past'), future: of('future') };
}

/** The series with every one of these covariates; one that it lacks is NaN throughout, a value of a category that it has another of 0. */
export function completed(given: SeriesData, names: CovariateNames, horizon: number): SeriesData {
  const series = withOtherCategories(given, names.static);
  const { length } = series.values;
  const nothing = (size: number): Float64Array => new Float64Array(size).fill(Number.NaN);
  const lacking = (kind: CovariateKind): string[] => names[kind].filter((name) => !has(series, kind, name));
  const filled = (kind: CovariateKind, size: number): Record<string, Float64Array> =>
    Object.fromEntries(lacking(kind).map((name) => [name, nothing(size)]));
  return {
    ...series,
    ...(names.static.length > 0
      ? { staticCovariates: { ...series.staticCovariates, ...Object.fromEntries(lacking('static').map((name) => [name, Number.NaN])) } }
      : {}),
    ...(names.past.length > 0 ? { pastCovariates: { ...series.pastCovariates, ...filled('past', length) } } : {}),
    ...(names.future.length > 0 ? { futureCovariates: { ...series.futureCovariates, ...filled('future', length + horizon) } } : {}),
  };
}

/** What is said of a forecast of a series that lacks covariates which its model uses. */
export const maskedNotes = (given: SeriesData, names: CovariateNames): ForecastNote[] => [
  ...unknownCategories(given, names),
  ...lackingNotes(withOtherCategories(given, names.static), names),
];

function lackingNotes(series: SeriesData, names: CovariateNames): ForecastNote[] {
  const lacking = new Set(KINDS.flatMap((kind) => names[kind].filter((name) => !has(series, kind, name)).map(shown)));
  if (lacking.size === 0) return [];
  return [{ code: 'COVARIATES_MASKED', detail: `The series has no ${[...lacking].join(', ')}; it was forecast without.` }];
}

/**
 * Series of a request, each with what any of them has of these covariates: one that lacks it is forecast without. What all of them
 * lack was forgotten, and is left to the model to refuse.
 */
export function completedTogether(
  given: readonly SeriesData[],
  names: CovariateNames,
  horizon: number,
): { series: SeriesData; notes: ForecastNote[] }[] {
  const there = namesIn(given);
  const of = (kind: CovariateKind): string[] => names[kind].filter((name) => there[kind].includes(name));
  const shared = { static: of('static'), past: of('past'), future: of('future') };
  return given.map((one) => ({ series: completed(one, shared, horizon), notes: lackingNotes(one, shared) }));
}

/** A category by its own name, not by those of its values. */
const shown = (name: string): string => categoryOf(name) ?? name;

/** What a training made of the covariates of its panel. @param categories those that are text, which were read and which could not be */
export function reportOn(
  series: readonly SeriesData[],
  categories: Categories,
  kind: string,
  config: Record<string, unknown>,
): CovariateReport {
  const there = namesIn(series);
  const used = namesUsed(config);
  const none = KINDS.every((one) => used[one].length === 0);
  const reason = none ? `models of the kind ${kind} use no covariates` : `the settings of the model do not name it`;
  const once = (names: readonly string[]): string[] => [...new Set(names.map(shown))];
  const readable = new Set(categories.read);
  const unused = (one: CovariateKind): string[] => {
    const inUse = once(used[one]);
    return once(there[one].filter((name) => categoryOf(name) === undefined || readable.has(name))).filter((name) => !inUse.includes(name));
  };
  return {
    used: KINDS.flatMap((one) => once(used[one]).map((name) => ({ name, kind: one }))),
    leftOut: [
      ...KINDS.flatMap((one) => unused(one).map((name) => ({ name, kind: one, reason }))),
      ...categories.leftOut.map((one) => ({ ...one, kind: 'static' as const })),
    ],
    masked: KINDS.flatMap((one) =>
      once(used[one]).flatMap((name) => {
        const own = used[one].filter((each) => shown(each) === name);
        const lacking = series
          .filter(
            (each) =>
              !own.some((used) => has(each, one, used)) || unknownCategories(each, { static: own, past: [], future: [] }).length > 0,
          )
          .map(({ id }) => id);
        return lacking.length === 0 ? [] : [{ name, kind: one, series: lacking.length, examples: lacking.slice(0, MOST_NAMED) }];
      }),
    ),
  };
}

/**
 * The series with its future covariates filled where they have holes within the horizon, by the declared rule.
 * @throws AlmanacError COVARIATE_HOLE naming series and times, where none was declared; one that ends early has holes from there on
 */
export function withoutHoles(
  series: SeriesData,
  names: CovariateNames,
  horizon: number,
  grid: Frequency,
  fill: CovariateFill,
): { series: SeriesData; notes: ForecastNote[] } {
  const { length } = series.values;
  const filled: Record<string, Float64Array> = {};
  for (const name of names.future) {
    const values = series.futureCovariates?.[name];
    if (!values || !has(series, 'future', name)) continue;
    const end = length + horizon;
    const holes: number[] = [];
    for (let t = length; t < end; t++) if (Number.isNaN(values[t] ?? Number.NaN)) holes.push(t);
    if (holes.length === 0) continue;
    if (fill === 'none')
      throw covariateHole(
        series.id,
        shown(name),
        holes.map((t) => grid.format(series.firstStep + t)),
      );
    const whole = new Float64Array(Math.max(values.length, end)).fill(Number.NaN);
    whole.set(values);
    let last = Number.NaN;
    for (let t = 0; t < end; t++) {
      if (t >= length && Number.isNaN(whole[t]!)) whole[t] = fill === 'zero' ? 0 : last;
      if (!Number.isNaN(whole[t]!)) last = whole[t]!;
    }
    filled[name] = whole;
  }
  const all = Object.keys(filled);
  if (all.length === 0) return { series, notes: [] };
  return {
    series: { ...series, futureCovariates: { ...series.futureCovariates, ...filled } },
    notes: [filledNote([...new Set(all.map(shown))], fill)],
  };
}
