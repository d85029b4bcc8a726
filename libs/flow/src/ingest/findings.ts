/** What is said about data that was read, be it a file or the rows of a request. */
import type { Findings } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { GapPattern, GapPatterns } from './gapPatterns.js';
import { oddWarnings } from './oddWords.js';
import type { HeadMessage, NamedRows, PartialSteps } from './protocol.js';
import type { Tally } from './tally.js';
import { calendarWarnings } from './otherCalendars.js';

const LEAST_STEPS = 8;

/** Empty series that are named. */
const NAMED = 100;

export interface Circumstances {
  /** Every series that has a row. */
  named: readonly string[];
  duplicates: number;
  /** That reading took. */
  seconds: number;
  /** The data are all that there is of their series. */
  whole: boolean;
  /** As they are taken, shortest first. */
  seasonLengths: number[];
  /** Steps that events cover in part were left out. */
  dropped: boolean;
}

export function describe(
  head: HeadMessage,
  tally: Tally,
  { named, duplicates, seconds, whole, seasonLengths, dropped }: Circumstances,
): Findings {
  const frequency = Frequency.parse(head.frequency, head.timeZone);
  const timeOf = (step: number | null): string | number | null => (step === null ? null : frequency.wire(step));
  const items = ({ count, rows }: NamedRows): Findings['oddTimes']['far'] => ({
    count,
    items: rows.map(({ line, id, step }) => ({ line, uniqueId: id, ds: frequency.wire(step) })),
  });
  const empty = named.filter((id) => !tally.withTarget.has(id));
  const { format, layout, columns, timeZone, rowsRead, rowsRejected, rejections } = head;
  return {
    format,
    layout,
    columns,
    frequency: frequency.label,
    seasonLengths,
    timeZone,
    rowsRead,
    rowsRejected,
    rowsPerSecond: Math.round(rowsRead / seconds),
    series: tally.series,
    observations: tally.observations,
    gaps: tally.gaps,
    filled: tally.filled,
    duplicates,
    negatives: tally.negatives,
    leadingZeros: tally.leadingZeros,
    shortest: tally.shortest,
    tooShort: whole ? { series: tally.tooShort, steps: tally.enough } : null,
    emptySeries: { count: empty.length, ids: empty.slice(0, NAMED), kept: empty.filter((id) => tally.places.has(id)).length },
    partialSteps: {
      count: head.partial.series.length,
      items: head.partial.series.slice(0, NAMED).map(({ id, step }) => ({ uniqueId: id, ds: frequency.wire(step) })),
      dropped,
    },
    totals: totalsOf(tally),
    leftOut: head.leftOut,
    oddTimes: { far: items(head.odd.far), future: items(head.odd.future) },
    start: timeOf(tally.firstStep),
    end: timeOf(tally.lastStep),
    closedDays: null,
    rejections,
    warnings: [
      ...head.warnings,
      ...oddWarnings(head.odd, frequency),
      ...leftOutWarning(head.leftOut),
      ...emptyWarning(empty, tally.places),
      ...partialWarning(frequency, head.partial, dropped),
      ...emptyCovariates(head.channels, tally.covariates),
      ...stepFindings(frequency, tally),
    ],
  };
}

function totalsOf({ totals }: Tally): Findings['totals'] {
  const { sums, names } = totals.find();
  return { sums, named: names };
}

/** What becomes of series that have rows and no value in any of them. */
function emptyWarning(empty: readonly string[], places: ReadonlySet<string>): string[] {
  const named = (ids: readonly string[]): string => {
    const more = ids.length > 3 ? ` and ${(ids.length - 3).toLocaleString('en')} more` : '';
    return (
      ids
        .slice(0, 3)
        .map((id) => `"${id.slice(0, 100)}"`)
        .join(', ') + more
    );
  };
  const [kept, dropped] = [empty.filter((id) => places.has(id)), empty.filter((id) => !places.has(id))];
  return [
    ...(dropped.length > 0
      ? [`Without any value, and not stored: the series ${named(dropped)}. With static covariates they would be kept.`]
      : []),
    ...(kept.length > 0
      ? [
          `Without any value, and kept for their static covariates: the series ${named(kept)}. A model of the kind coldStart forecasts them; others leave them out.`,
        ]
      : []),
  ];
}

export function leftOutWarning(rows: number): string[] {
  if (rows === 0) return [];
  return [
    `${rows === 1 ? 'One row lies' : `${rows.toLocaleString('en')} rows lie`} outside the stated range and ${rows === 1 ? 'was' : 'were'} left out.`,
  ];
}

export function partialWarning(grid: Frequency, { series }: PartialSteps, dropped: boolean): string[] {
  if (series.length === 0) return [];
  const shown = series.slice(0, 3).map(({ id, step }) => `${grid.format(step)} of series "${id}"`);
  const others = series.length > shown.length ? ` and ${(series.length - shown.length).toLocaleString('en')} more` : '';
  const what = series.length === 1 ? 'a step in part' : 'steps in part';
  const out = dropped ? 'Left out, as asked for.' : 'Leave out what is no whole step with dropPartialSteps.';
  return [`Events cover ${what}, compared with the steps beside: ${shown.join(', ')}${others}. ${out}`];
}

function emptyCovariates(channels: readonly string[], known: ReadonlySet<number>): string[] {
  const empty = channels.filter((_, i) => !known.has(i + 1)).map((name) => `"${name}"`);
  if (empty.length === 0) return [];
  return [
    `The covariate${empty.length === 1 ? '' : 's'} ${empty.join(', ')} ha${empty.length === 1 ? 's' : 've'} no value at all; no model can use ${empty.length === 1 ? 'it' : 'them'}.`,
  ];
}

/**
 * What is said of the steps and values themselves. A rhythm that is known for what it is says more than where its gaps are.
 * @param model a trained one whose grid it is: no frequency that a finding proposes can be given to it
 */
export function stepFindings(
  grid: Frequency,
  { rhythms, ownPlaces, patterns, codes, totals, gaps, read, from, to }: Tally,
  model?: string,
): string[] {
  const found = rhythms.warnings(grid);
  const places = { said: ownPlaces.warnings(grid), differ: ownPlaces.differ };
  const said = found.length > 0 ? found : gapWarnings(grid, patterns, places, { gaps, values: read });
  return [
    ...said,
    ...(said.length > 0 && model !== undefined ? [gridOfModel(grid, model)] : []),
    ...codes.warnings(),
    ...totals.warnings(),
    ...calendarWarnings(grid, from, to),
  ];
}

const gridOfModel = (grid: Frequency, model: string): string =>
  `${model} was trained on ${grid.label} and forecasts no other grid; for another rhythm name a kind that needs no training (model auto), or a model that was trained on it.`;

/** Two seasons, so that one can be held against the other, and a few steps at least. */
export function enoughSteps(seasonLengths: readonly number[]): number {
  return Math.max(LEAST_STEPS, 2 * (seasonLengths[0] ?? 0));
}

/** @param whole say what to do about it, too */
function patternWarning(
  grid: Frequency,
  { steps, times, series, all, example }: NonNullable<GapPattern['missing']>,
  whole: boolean,
): string {
  const others = series.length > 3 ? ' and others' : '';
  const named = series.slice(0, 3).map((id) => `"${id.slice(0, 100)}"`);
  const whose = all ? '' : `in series ${named.join(', ')}${others} `;
  const run = steps === 1 ? 'A step is' : `${steps} steps in a row are`;
  const seen = `${run} missing ${whose}again and again at the same place (${times.toLocaleString('en')} times, first from ${grid.format(example)} on).`;
  if (!whole) return seen;
  return (
    `${seen} They are gaps, and will be forecast; days on which nothing is ever observed can be declared closed: closedWeekdays, closedHolidays, closedDates` +
    (grid.kind === 'fixed' ? '; hours too: frequency h@9-18 is open from 09:00 until 18:00.' : '.') +
    (all ? '' : ' Series with other open times than the rest are better kept in a dataset of their own.')
  );
}

/**
 * Gaps that recur regularly are reported as a pattern; where most steps are gaps without a pattern, that is reported.
 * @param places what is said of places that are never observed: several a week make no single pattern
 */
function gapWarnings(
  grid: Frequency,
  patterns: GapPatterns,
  places: { said: string[]; differ: boolean },
  { gaps, values }: { gaps: number; values: number },
): string[] {
  const [empty, full] = [gaps.toLocaleString('en'), values.toLocaleString('en')];
  const found = patterns.find();
  const apart = found[0]?.apart;
  if (apart !== undefined)
    return [
      `Nearly every value comes ${apart} steps of ${grid.label} after the one before: ${empty} steps between ${full} values are empty. ` +
        'A coarser frequency has no such gaps; series that do not share one are better kept in datasets of their own.',
      // Of reports on Mondays and others on Sundays: which are which.
      ...(places.differ ? places.said : []),
    ];
  const missing = found.flatMap((pattern) => pattern.missing ?? []);
  if (missing.length > 0) return missing.map((each, no) => patternWarning(grid, each, no === 0));
  if (places.said.length > 0) return places.said;
  if (gaps <= values) return [];
  return [
    `There are ${empty} empty steps of ${grid.label} between ${full} values, at no regular distance. A coarser frequency with an aggregation has fewer.`,
  ];
}
