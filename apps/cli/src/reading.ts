/** How a file is read, as options of every command that sends one, and what is sent. */
import { type Command, InvalidArgumentError } from 'commander';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from './connection.js';
import { columns, seasons } from './print.js';

const READ_BYTES = 1 << 20;
const list = (value: string): string[] => value.split(',').filter(Boolean);
const share = (value: string): number => {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return number;
};

/** @param when said before each description, where the options go with another one */
export function withReadingOptions(command: Command, when = ''): Command {
  const option = (flags: string, text: string): Command => command.option(flags, when + text);
  const read = <T>(flags: string, text: string, parse: (value: string, before: T) => T): Command =>
    command.option(flags, when + text, parse as (value: string, before: unknown) => T);
  option('--id-column <name>', 'column that names the series (default: unique_id)');
  option('--time-column <name>', 'column with the time, or columns that make one together: "Date + Time", "year + month" (default: ds)');
  option('--value-column <name>', 'column with the target (default: y)');
  option(
    '--frequency <frequency>',
    '15min, h, 6h+3h, D, B, D-MON-SAT, W-MON, 4W-MON, MS, QS-MAR, YS-APR, ME, QE-FEB, YE-JUN, 1 (default: found from the data)',
  );
  read('--season-length <steps>', 'steps after which a pattern comes again, one or several with commas between', seasons);
  read('--closed-weekdays <days>', 'days without observations, which are no steps: SUN, or SAT,SUN', list);
  option('--closed-holidays <place>', 'the same for public holidays of a country or region: DE, or DE-BY');
  read('--closed-dates <dates>', 'the same for single days: 2024-12-24,2024-12-31', list);
  option('--time-zone <zone>', 'IANA zone of the calendar and of local times (default: UTC)');
  option('--format <format>', 'csv, tsv, ndjson, json, parquet, deepar, xlsx (default: found from the file)');
  option('--sheet <name>', 'sheet of an Excel workbook (default: the first)');
  option('--layout <layout>', 'long or wide (default: found from the columns)');
  option('--aggregation <function>', 'sum, mean, min, max, first, last, count, median: one value per step from finer events');
  option('--drop-last-step', 'leave out the last step, when it is known to be incomplete');
  option('--drop-partial-steps', 'leave out first and last steps that events cover in part, e.g. a month that ends on the 12th');
  read(
    '--past-covariates <columns>',
    'columns known up to the cutoff, with commas between; may be repeated, and a name with a comma goes in double quotes: \'"Price, EUR"\'',
    columns,
  );
  read('--future-covariates <columns>', 'columns known through the horizon, in the same way', columns);
  read('--static-covariates <columns>', 'columns that hold one value per series, in the same way', columns);
  option('--decimal-separator <character>', '"." or ","');
  option('--thousands-separator <character>', '",", ".", " " or "\'": between groups of three digits');
  option('--time-format <format>', 'how times are written, in the letters of strptime, e.g. "%d/%m/%Y %H:%M" (default: found)');
  option('--time-marks <side>', 'start or end: which end of its step a time is (default: start)');
  read('--year-pivot <yy>', 'two-digit years below it are of the 2000s, the others of the 1900s', Number);
  option('--from <time>', 'leave out rows before it, and say that what comes after is meant: 2020-01-01');
  option('--to <time>', 'the same for rows after it; a date means its whole day');
  return read('--max-rejected-share <share>', 'share of rows that may be rejected while the rest is used (default: 0)', share);
}

/** The content of a file, or what is piped in. @throws UsageError where there is none */
export async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  if (file === '-' && process.stdin.isTTY)
    throw new UsageError('Nothing is piped in. For example: cat sales.csv | almanac upload - --dataset sales');
  let empty = true;
  for await (const chunk of file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES })) {
    empty = false;
    yield chunk as Buffer;
  }
  if (empty) throw new UsageError(`${nameOf(file)} is empty.`);
}

export const nameOf = (file: string): string => (file === '-' ? 'standard-input' : basename(file));

/** What a request that sends a file fails with: what its content fails with is wrapped by fetch. */
export const asUsage = (error: unknown): unknown => {
  const { cause } = error as Error;
  return cause instanceof UsageError ? cause : error;
};
