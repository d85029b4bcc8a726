/**
 * Rows whose times are odd, with line, series and step: those far from all others, those in the future, and where the longest series
 * begin and end, should they turn out to be too long. See ../far.ts for what is odd. Most files are judged by where their series
 * begin and end, and none of their rows is looked at.
 */
import type { Frequency } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import { farEnds, latestStep, maybeFar, yearsOf } from '../far.js';
import { gathers } from '../gathered.js';
import { type NamedRow, type NamedRows, NO_ODD_TIMES, type OddTimes, type ReadJob } from '../protocol.js';
import { isLong } from '../span.js';
import type { Database } from './database.js';
import type { Parsed } from './parse.js';
import { linesOf } from './rejects.js';
import type { Spans } from './scanner.js';
import type { Source } from './source.js';

/** Rows that are named. */
const NAMED = 100;
const ROWS_AT_ONCE = 10_000;

interface Known {
  frequency: Frequency;
  ids: readonly string[];
  spans: Spans;
  /** With a target; null where there is none. */
  lastStep: number | null;
}

/** Whether first and last steps tell already that no time is odd. */
export function areEven({ frequency, spans, lastStep }: Omit<Known, 'ids'>, { options, stored, limits, now }: Judged): boolean {
  const future = options.to === undefined && lastStep !== null && lastStep > latestStep(frequency, now);
  if (future || isLong(spans, options.fillPolicy === 'zero', limits) || awayFrom(stored, spans, frequency)) return false;
  if (options.from !== undefined && options.to !== undefined) return true;
  const { series, whole } = maybeFar(spans, yearsOf(frequency), gathers(options));
  return series.length === 0 && !whole;
}

type Judged = Pick<ReadJob, 'options' | 'stored' | 'limits' | 'now'>;

/** Whether any step lies years before or after all that is stored. */
function awayFrom(stored: ReadJob['stored'], { firstSteps, lastSteps }: Spans, frequency: Frequency): boolean {
  if (!stored) return false;
  const years = yearsOf(frequency);
  return firstSteps.some((step) => step <= stored.firstStep - years) || lastSteps.some((step) => step >= stored.lastStep + years);
}

/** Of the table `usable`, whose series are in `series`. */
export async function findOddTimes(database: Database, source: Source, parsed: Parsed, known: Known, job: Judged): Promise<OddTimes> {
  if (areEven(known, job)) return NO_ODD_TIMES;
  const { options, stored, now } = job;
  const { frequency, lastStep } = known;
  const named = async (from: string): Promise<NamedRows> => namedRows(database, source, parsed, from);
  const bounds = await farBounds(database, known, options);
  const [before, after] = [options.from === undefined, options.to === undefined];
  const conditions = [
    ...(bounds.before === undefined ? [] : [`u.step <= ${bounds.before}`]),
    ...(bounds.after === undefined ? [] : [`u.step >= ${bounds.after}`]),
    ...(stored ? await farFromStored(database, stored, frequency, options) : []),
    ...(before ? ['u.step <= f.below'] : []),
    ...(after ? ['u.step >= f.above'] : []),
  ];
  const far = await named(
    `usable u JOIN series s USING (id) LEFT JOIN far_bound f ON f.no = s.no WHERE ${conditions.join(' OR ') || 'false'}`,
  );
  const latest = latestStep(frequency, now);
  const observed = parsed.target && options.aggregation !== 'count' ? ' AND u.y IS NOT NULL' : '';
  const future =
    after && lastStep !== null && lastStep > latest ? await named(`usable u WHERE u.step > ${latest}${observed}`) : NO_ODD_TIMES.future;
  return { far, future, ends: await endsOf(database, source, parsed, known) };
}

/** Writes `far_bound(no, below, above)` of single series. @returns the bounds of all of them together */
async function farBounds(
  database: Database,
  { frequency, spans }: Known,
  options: IngestOptions,
): Promise<{ before?: number; after?: number }> {
  await database.run('CREATE TABLE far_bound (no INTEGER, below DOUBLE, above DOUBLE)');
  const years = yearsOf(frequency);
  const suspects = maybeFar(spans, years, gathers(options));
  const rows: string[] = [];
  if (suspects.series.length > 0) {
    await database.run('CREATE TABLE suspect (no INTEGER)');
    for (let at = 0; at < suspects.series.length; at += ROWS_AT_ONCE)
      await database.run(
        `INSERT INTO suspect VALUES ${suspects.series
          .slice(at, at + ROWS_AT_ONCE)
          .map((no) => `(${no})`)
          .join(', ')}`,
      );
    const sql =
      'SELECT DISTINCT s.no, u.step::DOUBLE AS step FROM usable u JOIN series s USING (id) JOIN suspect USING (no) ORDER BY s.no, step';
    const judge = (no: number, steps: readonly number[]): void => {
      const { before, after } = farEnds(steps, years, false);
      if (before + after === 0) return;
      rows.push(`(${no}, ${before > 0 ? steps[before - 1]! : 'NULL'}, ${after > 0 ? steps[steps.length - after]! : 'NULL'})`);
    };
    let [current, steps] = [-1, [] as number[]];
    for await (const { rows: count, columns } of database.stream(sql))
      for (let row = 0; row < count; row += 1) {
        const no = columns[0]![row]!;
        if (no !== current) {
          judge(current, steps);
          [current, steps] = [no, []];
        }
        steps.push(columns[1]![row]!);
      }
    judge(current, steps);
  }
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await database.run(`INSERT INTO far_bound VALUES ${rows.slice(at, at + ROWS_AT_ONCE).join(', ')}`);
  if (!suspects.whole) return {};
  const steps: number[] = [];
  for await (const { rows: count, columns } of database.stream('SELECT DISTINCT step::DOUBLE AS step FROM usable ORDER BY step'))
    for (let row = 0; row < count; row += 1) steps.push(columns[0]![row]!);
  const { before, after } = farEnds(steps, years, true);
  return {
    ...(before > 0 && options.from === undefined ? { before: steps[before - 1]! } : {}),
    ...(after > 0 && options.to === undefined ? { after: steps[steps.length - after]! } : {}),
  };
}

/** Few steps that lie years before or after what the dataset has already. */
async function farFromStored(
  database: Database,
  { firstStep, lastStep }: NonNullable<ReadJob['stored']>,
  frequency: Frequency,
  { from, to }: IngestOptions,
): Promise<string[]> {
  const years = yearsOf(frequency);
  if (years === Infinity) return [];
  const few = Math.max(2, Math.floor((lastStep - firstStep + 1) / 100));
  const sides = [
    ...(from === undefined ? [`step <= ${firstStep - years}`] : []),
    ...(to === undefined ? [`step >= ${lastStep + years}`] : []),
  ];
  const far: string[] = [];
  for (const side of sides) {
    const { n } = await database.one<{ n: number }>(`SELECT count(DISTINCT step)::DOUBLE AS n FROM usable WHERE ${side}`);
    if (n > 0 && n <= few) far.push(`u.${side}`);
  }
  return far;
}

/** First and last row of the longest series, and the last of all. */
async function endsOf(database: Database, source: Source, parsed: Parsed, { ids, spans }: Known): Promise<NamedRow[]> {
  const { firstSteps, lastSteps } = spans;
  let [longest, latest] = [0, 0];
  for (let no = 1; no < ids.length; no += 1) {
    if (lastSteps[no]! - firstSteps[no]! > lastSteps[longest]! - firstSteps[longest]!) longest = no;
    if (lastSteps[no]! > lastSteps[latest]!) latest = no;
  }
  let earliest = 0;
  for (let no = 1; no < ids.length; no += 1) if (firstSteps[no]! < firstSteps[earliest]!) earliest = no;
  const ends = [longest, latest, earliest].flatMap((no) => [
    [no, firstSteps[no]!],
    [no, lastSteps[no]!],
  ]);
  const wanted = ends.map(([no, step]) => `(s.no = ${no} AND u.step = ${step})`).join(' OR ');
  return (await namedRows(database, source, parsed, `usable u JOIN series s USING (id) WHERE ${wanted}`)).rows;
}

async function namedRows(database: Database, source: Source, parsed: Parsed, from: string): Promise<NamedRows> {
  const { count } = await database.one<{ count: number }>(`SELECT count(*)::DOUBLE AS count FROM ${from}`);
  if (count === 0) return { count, rows: [] };
  const found = await database.rows<{ row: number; id: string; step: number }>(
    `SELECT (u.row // ${parsed.cellsPerRow})::DOUBLE AS row, u.id, u.step::DOUBLE AS step FROM ${from} ORDER BY u.row LIMIT ${NAMED}`,
  );
  const lines = await linesOf(
    source,
    found.map(({ row }) => row),
    database,
  );
  return { count, rows: found.map(({ id, step }, at) => ({ id, step, line: lines[at] ?? null })) };
}
