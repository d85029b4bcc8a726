/**
 * How far a dataset may reach. A few rows whose times lie far apart name few values and many steps: with the fill policy
 * `zero` each becomes a stored 0, and in any case whoever reads the series holds an array of them. So what a write adds is
 * bounded by the rows that it brings, and a dataset by all that it was ever given, and by a limit; judged before anything is
 * written.
 *
 * Why so much: a row a week on an hourly grid are 168 steps a row, an event a day on a grid of minutes 1,440, which a
 * coarser grid serves better; a mistyped century is some 900,000 hours.
 */
import { AlmanacError, type Frequency } from '@almanac/series';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from '@almanac/platform/ingestLimits';
import type { Stored } from './fill.js';

/** What the rows of a write say about one series. */
export interface Span {
  id: string;
  firstStep: number;
  lastStep: number;
  rows: number;
}

/** So many steps may a dataset have whatever its rows: 8 MB. */
const FREE_STEPS = 1_000_000;

export type SpanLimits = Pick<IngestLimits, 'steps' | 'stepsPerRow'>;

interface Write {
  spans: Iterable<Span>;
  dataset: string;
  grid: Frequency;
  /** Whether steps without a value are stored as zeros, up to the end of the dataset. */
  filled: boolean;
  stored: Stored;
  limits?: SpanLimits | undefined;
  /** What the write calls the row of a series at a step: `line 7`. */
  where?: ((id: string, step: number) => string | undefined) | undefined;
}

/** Whether first and last steps alone may be refused, whatever is stored. */
export function isLong(
  { firstSteps, lastSteps, rows }: { firstSteps: readonly number[]; lastSteps: readonly number[]; rows: readonly number[] },
  filled: boolean,
  { steps: most = DEFAULT_INGEST_LIMITS.steps, stepsPerRow = DEFAULT_INGEST_LIMITS.stepsPerRow }: Partial<SpanLimits>,
): boolean {
  let [end, steps, read] = [-Infinity, 0, 0];
  if (filled) for (const last of lastSteps) end = Math.max(end, last);
  for (let no = 0; no < rows.length; no += 1) {
    steps += Math.max(end, lastSteps[no]!) - firstSteps[no]! + 1;
    read += rows[no]!;
  }
  return steps > most || steps > Math.max(FREE_STEPS, stepsPerRow * read);
}

/** Why a write is refused; undefined where it is not. */
export function spanRefusal({
  spans,
  dataset,
  grid,
  filled,
  stored,
  limits = DEFAULT_INGEST_LIMITS,
  where,
}: Write): AlmanacError | undefined {
  const arrived = [...spans];
  const latest = arrived.reduce<Span | undefined>(
    (most, one) => (most === undefined || one.lastStep > most.lastStep ? one : most),
    undefined,
  );
  if (latest === undefined) return undefined;
  const end = filled ? Math.max(latest.lastStep, stored.lastStep ?? -Infinity) : -Infinity;
  let rows = 0;
  let added = 0;
  let worst = { span: latest, from: latest.firstStep, to: latest.lastStep, growth: -1 };
  const seen = new Set<string>();
  for (const span of arrived) {
    seen.add(span.id);
    rows += span.rows;
    const old = stored.series.get(span.id);
    const from = Math.min(span.firstStep, old?.firstStep ?? Infinity);
    const to = Math.max(span.lastStep, old?.lastStep ?? -Infinity, end);
    const growth = to - from + 1 - (old ? old.lastStep - old.firstStep + 1 : 0);
    added += growth;
    if (growth > worst.growth) worst = { span, from, to, growth };
  }
  if (filled) for (const [id, { lastStep }] of stored.series) if (!seen.has(id)) added += Math.max(0, end - lastStep);

  const total = stored.steps + added;
  // What all rows together may span, less what they do; and no more than doubles the dataset at once.
  const left = Math.max(FREE_STEPS, limits.stepsPerRow * (stored.rows + rows)) - stored.steps;
  const most = Math.max(limits.stepsPerRow * rows, Math.min(Math.max(FREE_STEPS, stored.steps), left));
  if (added <= most && total <= limits.steps) return undefined;
  const count = (number: number): string => number.toLocaleString('en');
  const { span, from, to } = worst;
  const [start, last] = [grid.format(from), grid.format(to)];
  const by = (id: string, step: number): string[] => [where?.(id, step)].filter((one) => one !== undefined);
  const ends = to === latest.lastStep && latest.id !== span.id ? latest : span;
  const [begun, ended] = [by(span.id, from), by(ends.id, to)];
  const named = [...(ends === span ? [] : [`the last time, of series "${ends.id}"`]), ...ended].join(', ');
  const through = named === '' ? '' : ` (${named})`;
  const steps = to - from + 1;
  const why =
    added > most
      ? `${count(added)} steps would be added for ${count(rows)} ${rows === 1 ? 'row' : 'rows'}; ${count(most)} may be`
      : `the dataset would have ${count(total)} steps; ${count(limits.steps)} are allowed`;
  return new AlmanacError(
    'SPAN_TOO_LONG',
    `Series "${span.id}" would span ${count(steps)} steps of the grid ${grid.code}, from ${start}${begun.length > 0 ? ` (${begun[0]})` : ''} to ${last}${through}: ${why}. Nothing was stored.`,
    {
      hint:
        'Is one of the two times mistyped, or read in a way that was not meant (timeFormat)? `from` and `to` leave out what lies outside. Else choose a coarser frequency with an aggregation. ' +
        'The operator sets the bounds: ALMANAC_MAX_STEPS_PER_ROW and ALMANAC_MAX_STEPS.',
      subject: {
        dataset,
        series: span.id,
        start,
        end: last,
        endsWith: latest.id,
        steps,
        added,
        rows,
        allowed: most,
        at: [...begun, ...ended],
      },
      status: 422,
    },
  );
}
