/**
 * Reads one file to its end: what it is, which column is what, every row onto the grid, what was rejected and why, and
 * then the series as arrays. Runs in the reader process; everything it learns leaves through `output`.
 */
import { AlmanacError, type Frequency, isAlmanacError } from '@almanac/series';
import type { Findings, IngestOptions, IngestResult } from '@almanac/contracts';
import { JOINT, partsOf } from '@almanac/contracts/timeParts';
import type { Piece } from '../frames.js';
import { gathers, nothingGathered } from '../gathered.js';
import { NO_ODD_TIMES, NO_PARTIAL_STEPS, type ReaderMessage, type ReadJob } from '../protocol.js';
import { collect, duplicateError, type SeriesNames, sortedSql } from './collect.js';
import { type Column, mapColumns, mapDeepAr, type Mapping } from './columns.js';
import { Database } from './database.js';
import { detect, type Detected } from './detect.js';
import { isMissing, isNumberInSomeStyle, numberSql } from './numbers.js';
import { findOddTimes } from './oddTimes.js';
import { parse, type Parsed } from './parse.js';
import { findPartialSteps } from './partial.js';
import { place } from './place.js';
import { type PlainFile, readPlain } from './plain.js';
import { warningsOfPoints } from './points.js';
import type { Spans } from './scanner.js';
import { areTooMany, countRows, findRejects, linesOf, refusalOf, type Rejects, REJECTS_AT_ONCE } from './rejects.js';
import { asPlainText, openDeepAr, openDelimited, openJson, openJsonLines, openParquet, type Source } from './source.js';
import { inWords, suggestColumns } from './suggest.js';
import { withTime } from './together.js';
import { textCovariates, valuesOfTexts, warningsOfTexts, withValues } from './texts.js';
import { warningsOfUnits } from './units.js';
import { isWorkbook, sheetAsText } from './workbook.js';
import { warningsOfZones } from './zone.js';

/** Rows that are looked at to tell what a column holds. */
const LOOKED_AT = 50;
const SPANS_AT_ONCE = 10_000;

export interface Output {
  message(message: ReaderMessage): Promise<void>;
  piece(piece: Piece): Promise<void>;
}

/** @throws AlmanacError with the code that the upload is refused with */
export async function read(job: ReadJob, output: Output): Promise<void> {
  if (job.options.dropPartialSteps && !gathers(job.options)) throw nothingGathered(job.options);
  if (await isWorkbook(job)) return readWorkbook(job, output);
  if (job.options.sheet !== undefined) throw noSheets(job.fileName);
  const detected = await detect(job.path, job.fileName, job.options.format);
  try {
    await readDetected(job, detected, await asPlainText(job.path, detected, job), output);
  } catch (error) {
    // Thrown before anything was sent.
    if (!isAlmanacError(error) || error.code !== 'LINES_UNCLEAR') throw error;
    await readDetected(job, detected, await asPlainText(job.path, detected, { ...job, oneLineBreak: true }), output);
  }
}

/** Its sheet as CSV text; findings name the workbook. */
async function readWorkbook(job: ReadJob, output: Output): Promise<void> {
  const { path, warnings } = await sheetAsText(job);
  const text: ReadJob = { ...job, path, fileName: 'sheet.csv', options: { ...job.options, sheet: undefined, format: 'csv' } };
  await read(text, {
    piece: (piece) => output.piece(piece),
    message: (message) =>
      output.message(message.type === 'head' ? { ...message, format: 'xlsx', warnings: [...warnings, ...message.warnings] } : message),
  });
}

function noSheets(fileName: string): AlmanacError {
  return new AlmanacError('OPTIONS_CONFLICT', `A sheet is named, and ${fileName} is no Excel workbook.`, {
    hint: 'Leave `sheet` out, or upload the workbook (.xlsx).',
    subject: { file: fileName, option: 'sheet' },
  });
}

/** @param path where its plain text lies */
async function readDetected(job: ReadJob, detected: Detected, path: string, output: Output): Promise<void> {
  const { options } = job;
  const database = await Database.open(path, job.scratch, job.limits);
  try {
    const { source, mapping: whole } = await openSource(database, path, detected, { ...job, options });
    const plain = job.general || source.together ? undefined : await readPlain(source, whole, detected, job);
    if (plain) return await sendPlain(plain, database, source, whole, detected, options, output);
    const texts = await valuesOfTexts(database, source, await textCovariates(database, source, whole, options), job.storedTexts ?? {});
    const mapping = withValues(whole, texts);
    const parsed = await parse(database, source, mapping, options, job.now);
    const rowsRead = await countRows(database, source, parsed);
    if (rowsRead === 0) throw noRows(job.fileName);
    // Too many bad rows say more about a file than the grid that the others happen to lie on.
    const unreadable = await findRejects(database, source, parsed, 'not yet');
    const hopeless = unreadable.total >= rowsRead || (!options.dryRun && areTooMany(unreadable, rowsRead, options));
    const frequency = hopeless ? undefined : await placeRows(database, source, parsed, job);
    if (frequency?.isByLastDay && options.aggregation !== undefined) await refuseEventsBetween(database, frequency);
    const rejects = hopeless
      ? unreadable
      : await findRejects(database, source, parsed, options.aggregation === undefined ? 'exactly' : 'anywhere');
    for (let at = 0; at < rejects.rows.length; at += REJECTS_AT_ONCE)
      await output.message({ type: 'rejects', rows: rejects.rows.slice(at, at + REJECTS_AT_ONCE) });
    const refusal = !frequency || areTooMany(rejects, rowsRead, options) ? refusalOf(rejects, rowsRead, options, frequency) : undefined;
    if (!frequency || (refusal && !options.dryRun)) throw refusal!;

    await writeUsable(database, options);
    const series = await nameSeries(database, mapping, parsed);
    const gathered = gathers(options) && frequency.kind !== 'integer' && source.ahead === undefined;
    if (options.dropPartialSteps && !gathered) throw nothingGathered(options, frequency.label);
    const found = gathered ? await findPartialSteps(database, frequency, options.fillPolicy === 'zero') : NO_PARTIAL_STEPS;
    const kept = options.dropPartialSteps && found.series.length > 0 ? 'whole_steps' : 'usable';
    if (kept === 'whole_steps')
      await database.run('CREATE VIEW whole_steps AS SELECT * FROM usable ANTI JOIN partial_step USING (id, step)');
    const last = await lastStep(database, kept, options);
    const dropped = options.dropLastStep && last !== null ? last : undefined;
    const odd = await findOddTimes(database, source, parsed, { frequency, ids: series.ids, spans: series.spans, lastStep: last }, job);
    const partial = { steps: found.steps.filter((step) => step !== dropped), series: found.series.filter(({ step }) => step !== dropped) };
    const channels = channelsOf(mapping);
    await sendSpans(series.ids, series.spans, output);
    await output.message({
      type: 'head',
      format: detected.format,
      layout: mapping.layout === 'long' ? 'long' : 'wide',
      columns: describeColumns(
        source,
        whole,
        texts.flatMap(({ column, values }) => (values ? [] : [column])),
      ),
      frequency: frequency.code,
      timeZone: frequency.timeZone,
      channels,
      series: series.ids.length,
      lastStep: dropped === undefined ? last : await lastStep(database, kept, options, dropped),
      rowsRead,
      rowsRejected: rejects.total,
      partial,
      odd,
      leftOut: await countLeftOut(database, options),
      rejections: describeRejects(rejects),
      warnings: [
        ...(source.together ? [source.together.note] : []),
        ...warningsAbout(detected, parsed.times, options),
        ...warningsOfPercent(parsed),
        ...warningsOfRejects(rejects),
        ...warningsOfTexts(texts),
        ...(await warningsOfPoints(database, source, mapping, options)),
        ...(await warningsOfUnits(database, source, mapping)),
        ...(await warningsOfZones(database, source.relation, parsed.times, options.timeZone)),
      ],
    });
    const sql = sortedSql(options.aggregation, parsed.covariates, dropped, kept);
    const collected = await collect(database.stream(sql), 1 + channels.length, series, output.piece);
    const { duplicate, duplicates } = collected;
    const torn = duplicate && duplicateError(duplicate, frequency, await linesOfStep(database, source, parsed, duplicate));
    if (torn && !options.dryRun) throw torn;
    await output.message({ type: 'end', duplicates, refusal: inShort(refusal ?? torn) });
  } finally {
    database.close();
  }
}

/** Of a file in which nothing is odd there is nothing to reject. */
async function sendPlain(
  { frequency, rowsRead, lastStep, ids, spans, rows }: PlainFile,
  database: Database,
  source: Source,
  mapping: Mapping,
  detected: Detected,
  options: IngestOptions,
  output: Output,
): Promise<void> {
  const channels = channelsOf(mapping);
  await sendSpans(ids, spans, output);
  await output.message({
    type: 'head',
    format: detected.format,
    layout: 'long',
    columns: describeColumns(source, mapping),
    frequency: frequency.code,
    timeZone: options.timeZone,
    channels,
    series: ids.length,
    lastStep,
    rowsRead,
    rowsRejected: 0,
    partial: NO_PARTIAL_STEPS,
    odd: NO_ODD_TIMES,
    leftOut: 0,
    rejections: [],
    warnings: [...warningsAbout(detected, undefined, options), ...(await warningsOfUnits(database, source, mapping))],
  });
  const { duplicates } = await collect(rows(), 1 + channels.length, { ids, statics: [] }, output.piece);
  await output.message({ type: 'end', duplicates, refusal: null });
}

async function sendSpans(ids: readonly string[], { firstSteps, lastSteps, rows }: Spans, output: Output): Promise<void> {
  for (let from = 0; from < ids.length; from += SPANS_AT_ONCE) {
    const to = from + SPANS_AT_ONCE;
    const columns = { firstSteps: firstSteps.slice(from, to), lastSteps: lastSteps.slice(from, to), rows: rows.slice(from, to) };
    await output.message({ type: 'spans', ids: ids.slice(from, to), ...columns });
  }
}

/** Names of the covariates, past before future. */
function channelsOf(mapping: Mapping): string[] {
  return mapping.layout === 'long' ? [...mapping.past, ...mapping.future].map(({ name }) => name) : [];
}

interface Opened {
  source: Source;
  mapping: Mapping;
}

async function openSource(
  database: Database,
  path: string,
  detected: Detected,
  { options, limits, now }: Pick<ReadJob, 'options' | 'limits' | 'now'>,
): Promise<Opened> {
  const mapped = async (file: Source): Promise<Opened> => {
    const source = await withTime(database, file, options, now);
    if (source.columns.length > (limits.columns ?? Infinity)) throw tooManyColumns(source.columns.length, limits.columns!);
    try {
      const mapping = mapColumns(source.columns, options, source.together?.columns);
      if (mapping.layout === 'wide' && options.layout === 'auto') await refuseTextAsSeries(database, source, mapping.series, options);
      return { source, mapping };
    } catch (error) {
      throw isAlmanacError(error) && error.code === 'COLUMN_MISSING' ? await withSuggestion(error, database, source, options) : error;
    }
  };
  if (detected.format === 'parquet') return mapped(await openParquet(database, path));
  if (detected.format === 'json') return mapped(await openJson(database, path, detected.head));
  if (detected.format === 'ndjson') return mapped(openJsonLines(path, detected));
  if (detected.format === 'deepar') {
    const source = await openDeepAr(database, path);
    return { source, mapping: mapDeepAr(source.columns, source.categories) };
  }
  const { idColumn, timeColumn, valueColumn, pastCovariates, futureCovariates, staticCovariates } = options;
  const wanted = [idColumn, timeColumn, ...partsOf(timeColumn), valueColumn, ...pastCovariates, ...futureCovariates, ...staticCovariates];
  return mapped(
    openDelimited(
      path,
      detected,
      [...new Set(wanted)].filter((name) => name !== ''),
    ),
  );
}

/** Says for every column that is missing which one may have been meant, not only for the first. */
async function withSuggestion(error: AlmanacError, database: Database, source: Source, options: IngestOptions): Promise<AlmanacError> {
  const cells = source.columns.map(({ index }) => `CAST(c${index} AS VARCHAR) AS c${index}`);
  const rows = await database
    .rows<Record<string, string | null>>(`SELECT ${cells.join(', ')} FROM (${source.relation}) LIMIT ${LOOKED_AT}`)
    // Whatever is wrong with its rows, the file lacks a column first of all.
    .catch(() => []);
  const suggested = suggestColumns(
    source.columns,
    rows.map((row) => source.columns.map(({ index }) => row[`c${index}`] ?? null)),
    options,
  );
  if (Object.keys(suggested).length < 2 && !suggested.timeColumn?.includes(JOINT)) return error;
  const { code, message, subject, status } = error;
  const one = 'idColumn' in suggested ? ' Or set idColumn to "" if the file holds one series.' : '';
  const hint =
    suggested.idColumn === '' ? `Set ${inWords(suggested)} (one series).` : `Set ${inWords(suggested)} if these are meant.${one}`;
  return new AlmanacError(code, message, { hint, subject: { ...subject, suggested }, status });
}

/** A file with a column of text is no wide file: its series or its target has another name than was looked for. */
async function refuseTextAsSeries(database: Database, source: Source, series: readonly Column[], options: IngestOptions): Promise<void> {
  const style = { decimal: options.decimalSeparator, thousands: options.thousandsSeparator };
  const isNumber = (index: number): string =>
    `${numberSql(`c${index}`, style)} IS NOT NULL OR coalesce(${isNumberInSomeStyle(`c${index}`, style)}, false)`;
  const looked = series.slice(0, 100).filter(({ type }) => type === 'VARCHAR');
  if (looked.length === 0) return;
  const counts = looked.map(
    ({ index }) =>
      `count(*) FILTER (NOT ${isMissing(`c${index}`)} AND NOT (${isNumber(index)})) > count(*) FILTER (${isNumber(index)}) AS c${index}`,
  );
  const text = await database.one<Record<string, boolean>>(
    `SELECT ${counts.join(', ')} FROM (SELECT * FROM (${source.relation}) LIMIT 1000)`,
  );
  if (Object.values(text).some(Boolean)) mapColumns(source.columns, { ...options, layout: 'long' }, source.together?.columns);
}

function placeRows(database: Database, source: Source, parsed: Parsed, { options, grid, closures }: ReadJob): Promise<Frequency> {
  const target = parsed.target ? ['y'] : [];
  return place(database, {
    frequency: options.frequency,
    grid,
    closures,
    range: options,
    timeZone: options.timeZone,
    integer: parsed.times.integer,
    events: options.aggregation !== undefined,
    ahead: source.ahead,
    aggregated: options.aggregation !== undefined,
    marksEnd: options.timeMarks === 'end',
    carried: [...(options.aggregation === undefined ? [] : ['t', 'z']), ...target, ...parsed.covariates, ...parsed.statics],
  });
}

/** What happens within a month belongs to the step that is dated by its end, and a grid only knows the step before. */
async function refuseEventsBetween(database: Database, frequency: Frequency): Promise<void> {
  const { between } = await database.one<{ between: number }>('SELECT count(*)::DOUBLE AS between FROM placed WHERE NOT on_grid');
  if (between === 0) return;
  const code = frequency.label;
  throw new AlmanacError('OPTIONS_CONFLICT', `Events cannot be gathered on the grid ${code}, whose steps are dated by their last day.`, {
    hint: `Set frequency to ${frequency.byFirstDay.label}: the same steps, dated by their first day.`,
    subject: { frequency: code, rows: between },
  });
}

/** `usable`: the rows that make the series. */
async function writeUsable(database: Database, { aggregation }: IngestOptions): Promise<void> {
  const onGrid = aggregation === undefined ? ' AND on_grid' : '';
  await database.run(`CREATE VIEW usable AS SELECT * FROM placed WHERE NOT skipped AND NOT closed${onGrid}`);
}

/** Numbers the series in the order of their names, and gathers their static covariates. */
async function nameSeries(database: Database, mapping: Mapping, parsed: Parsed): Promise<SeriesNames & { spans: Spans }> {
  const names = mapping.layout === 'long' ? mapping.statics.map(({ name }) => name) : [];
  const facts = parsed.statics.map((column) => `, min(${column}) AS ${column}, count(DISTINCT ${column})::INT AS n_${column}`).join('');
  await database.run(
    `CREATE TABLE series AS SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS no, * FROM (SELECT id${facts}, min(step)::DOUBLE AS from_step, max(step)::DOUBLE AS to_step, count(*)::DOUBLE AS row_count FROM usable GROUP BY id)`,
  );
  const rows = await database.rows<Record<string, string | number | null>>('SELECT * FROM series ORDER BY no');
  const torn = rows.flatMap((row) =>
    parsed.statics.flatMap((column, index) =>
      Number(row[`n_${column}`]) > 1 ? [{ series: String(row['id']), column: names[index]! }] : [],
    ),
  )[0];
  if (torn) {
    throw new AlmanacError(
      'STATIC_NOT_CONSTANT',
      `The static covariate "${torn.column}" has more than one value in series "${torn.series}".`,
      {
        hint: 'A static covariate says one thing about a series. Use a past or a future covariate for what changes.',
        subject: torn,
      },
    );
  }
  // A column is numeric where every value is a number: codes such as 007 beside A12 stay text.
  const numeric = parsed.statics.map((column) =>
    rows.every((row) => row[column] === null || (String(row[column]).trim() !== '' && Number.isFinite(Number(row[column])))),
  );
  const statics = rows.map((row) =>
    names.length === 0
      ? undefined
      : Object.fromEntries(
          parsed.statics.map((column, index) => [
            names[index]!,
            row[column] === null ? null : numeric[index] ? Number(row[column]) : String(row[column]),
          ]),
        ),
  );
  const spans = {
    firstSteps: rows.map((row) => Number(row['from_step'])),
    lastSteps: rows.map((row) => Number(row['to_step'])),
    rows: rows.map((row) => Number(row['row_count'])),
  };
  return { ids: rows.map((row) => String(row['id'])), statics, spans };
}

/** Last step with a target, up to one that is left out. */
async function lastStep(database: Database, rows: string, { aggregation }: IngestOptions, before?: number): Promise<number | null> {
  const conditions = [...(aggregation === 'count' ? [] : ['y IS NOT NULL']), ...(before === undefined ? [] : [`step < ${before}`])];
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  return (await database.one<{ last: number | null }>(`SELECT max(step)::DOUBLE AS last FROM ${rows}${where}`)).last;
}

/** Rows outside the range that was stated. */
async function countLeftOut(database: Database, { from, to }: IngestOptions): Promise<number> {
  if (from === undefined && to === undefined) return 0;
  const { n } = await database.one<{ n: number }>(
    'SELECT ((SELECT count(*) FROM parsed WHERE rule = 0) - (SELECT count(*) FROM placed))::DOUBLE AS n',
  );
  return n;
}

async function linesOfStep(
  database: Database,
  source: Source,
  parsed: Parsed,
  at: { id: string; step: number },
): Promise<(number | null)[]> {
  const rows = await database.rows<{ row: number }>(
    `SELECT (row // ${parsed.cellsPerRow})::DOUBLE AS row FROM usable WHERE id = '${at.id.replaceAll("'", "''")}' AND step = ${at.step} ORDER BY row LIMIT 5`,
  );
  return linesOf(
    source,
    rows.map(({ row }) => row),
    database,
  );
}

function describeColumns(source: Source, mapping: Mapping, texts: readonly Column[] = []): Findings['columns'] {
  const roles = new Map<Column, string>();
  if (mapping.layout === 'wide') for (const column of mapping.series) roles.set(column, 'series');
  if (mapping.layout === 'wide-times') for (const column of mapping.times) roles.set(column, 'time');
  if (mapping.layout === 'long') {
    for (const { column } of mapping.past) roles.set(column, 'pastCovariate');
    for (const { column } of mapping.future) roles.set(column, 'futureCovariate');
    for (const { column } of mapping.statics) roles.set(column, 'staticCovariate');
    if (mapping.value) roles.set(mapping.value, 'target');
  }
  for (const column of texts) roles.set(column, 'textCovariate');
  if (mapping.layout !== 'wide' && mapping.id) roles.set(mapping.id, 'id');
  if (mapping.layout !== 'wide-times') roles.set(mapping.time, 'time');
  return source.columns.map((column) => ({ name: column.name, type: column.type.toLowerCase(), role: roles.get(column) ?? null }));
}

function describeRejects(rejects: Rejects): Findings['rejections'] {
  return rejects.counts.map(({ rule, count }) => {
    const examples = rejects.rows.filter((row) => row.rule === rule).slice(0, 5);
    return { rule, count, examples: examples.map(({ line, text }) => ({ line, text })) };
  });
}

function warningsAbout(detected: Detected, times: Parsed['times'] | undefined, { frequency }: IngestOptions): string[] {
  const warnings: string[] = [];
  if (detected.encoding === 'windows-1252') warnings.push('The file is not UTF-8; it was read as Windows-1252 (Western European).');
  if (times?.note !== undefined) warnings.push(times.note);
  if (times?.integer && frequency === 'auto')
    warnings.push('The time column holds plain integers; they were taken as steps. If they are years, set timeFormat to %Y.');
  return warnings;
}

function warningsOfPercent({ numbers }: Parsed): string[] {
  const names = numbers.flatMap(({ name, style }) => (style.percent ? [name === '' ? 'all columns' : `"${name}"`] : []));
  return names.length === 0 ? [] : [`The values of ${names.join(', ')} are in percent: 12% was read as 12.`];
}

function warningsOfRejects({ total, rows }: Rejects): string[] {
  if (total <= rows.length) return [];
  return [`Only the first ${rows.length.toLocaleString('en')} of the rejected rows are kept with line and text; all are counted.`];
}

/** Why an upload would be refused, as a dry run says it. */
function inShort(error: AlmanacError | undefined): IngestResult['refusal'] {
  return error === undefined ? null : { code: error.code, detail: error.message, hint: error.hint ?? null };
}

function tooManyColumns(columns: number, most: number): AlmanacError {
  return new AlmanacError(
    'COLUMNS_TOO_MANY',
    `The file has ${columns.toLocaleString('en')} columns; ${most.toLocaleString('en')} are read.`,
    {
      hint: 'Write one observation a row (unique_id, ds, y), or split the file by columns. The operator sets the bound: ALMANAC_MAX_COLUMNS.',
      subject: { columns, allowed: most },
      status: 413,
    },
  );
}

function noRows(fileName: string): AlmanacError {
  return new AlmanacError('NO_ROWS', `${fileName} has a header and no rows.`, {
    hint: 'Upload a file with at least one row.',
    subject: { file: fileName },
  });
}
