/** `almanac upload FILE --dataset NAME`: sends a file, or standard input, and shows what was understood. */
import {
  type Erasure,
  type Findings,
  ingestOptions,
  type IngestOptionsInput,
  type IngestResult,
  ingestResult,
  withHint,
} from '@almanac/contracts';
import { type Command, InvalidArgumentError } from 'commander';
import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../connection.js';
import { contextOf } from '../context.js';
import { follow } from '../follow.js';
import { asFlags, columns, count, duration, note, seasons, several, shortDate, show, table } from '../print.js';

const READ_BYTES = 1 << 20;
const list = (value: string): string[] => value.split(',').filter(Boolean);
const share = (value: string): number => {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw new InvalidArgumentError('Give a number between 0 and 1.');
  return number;
};

export function findingsText(f: Findings): string {
  const lines = [
    `read        ${count(f.rowsRead)} rows (${count(Math.round(f.rowsPerSecond))} rows/s), ${f.format}, ${f.layout} layout`,
    `series      ${count(f.series)}, ${count(f.observations)} observations, frequency ${f.frequency}, zone ${f.timeZone}`,
    `seasons     ${f.seasonLengths.length === 0 ? 'none' : `${f.seasonLengths.join(' and ')} steps`}`,
    `from, to    ${shortDate(f.start) ?? '-'} to ${shortDate(f.end) ?? '-'}`,
    `gaps        ${count(f.gaps)} missing steps${f.filled > 0 ? `, ${count(f.filled)} filled with zero as declared` : ''}`,
  ];
  if (f.duplicates > 0) lines.push(`duplicates  ${count(f.duplicates)}`);
  if (f.negatives > 0) lines.push(`negative    ${count(f.negatives)} values`);
  if (f.leadingZeros > 0) lines.push(`zeros first ${count(f.leadingZeros)} series`);
  if (f.shortest) lines.push(`shortest    ${f.shortest.uniqueId}, ${count(f.shortest.length)} steps`);
  if (f.tooShort && f.tooShort.series > 0)
    lines.push(`too short   ${count(f.tooShort.series)} series of fewer than ${count(f.tooShort.steps)} steps`);
  if (f.emptySeries.count > 0)
    lines.push(`without any value  ${count(f.emptySeries.count)} series: ${f.emptySeries.ids.slice(0, 5).join(', ')}`);
  if (f.rowsRejected > 0) lines.push(`rejected    ${count(f.rowsRejected)} rows`);
  for (const rejection of f.rejections) {
    lines.push(`  ${rejection.rule}: ${count(rejection.count)}`);
    for (const example of rejection.examples.slice(0, 3)) lines.push(`    line ${example.line ?? '?'}: ${example.text}`);
  }
  return [...lines, ...f.warnings.map((warning) => `note        ${warning}`)].join('\n');
}

/** The content of a file, or what is piped in. @throws UsageError where there is none */
async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  if (file === '-' && process.stdin.isTTY)
    throw new UsageError('Nothing is piped in. For example: cat sales.csv | almanac upload - --dataset sales');
  let empty = true;
  for await (const chunk of file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES })) {
    empty = false;
    yield chunk as Buffer;
  }
  if (empty) throw new UsageError(`${nameOf(file)} is empty.`);
}

const nameOf = (file: string): string => (file === '-' ? 'standard-input' : basename(file));

function resultText(result: IngestResult, dryRun: boolean): string {
  const outcome = dryRun
    ? result.refusal
      ? `Dry run: nothing was stored. Storing it would be refused [${result.refusal.code}]: ${asFlags(withHint(result.refusal.detail, result.refusal.hint ?? undefined))}`
      : 'Dry run: nothing was stored, and storing it would succeed.'
    : result.unchanged
      ? `Nothing new: "${result.dataset}" stays as it was.`
      : `Stored as version ${result.version} of "${result.dataset}" in ${duration(result.seconds)}.`;
  return `${findingsText(result.findings)}\n${outcome}`;
}

export function uploadCommand(program: Command): void {
  program
    .command('upload')
    .description('upload a CSV, TSV, NDJSON, JSON or Parquet file (also .gz, .zst) into a dataset')
    .argument('<file>', 'the file; - for standard input')
    .requiredOption('-d, --dataset <name>', 'dataset to make or to add to')
    .option('--id-column <name>', 'column that names the series (default: unique_id)')
    .option('--time-column <name>', 'column with the time (default: ds)')
    .option('--value-column <name>', 'column with the target (default: y)')
    .option(
      '--frequency <frequency>',
      '15min, h, 6h+3h, D, B, D-MON-SAT, W-MON, 4W-MON, MS, QS-MAR, YS-APR, ME, QE-FEB, YE-JUN, 1 (default: found from the data)',
    )
    .option('--season-length <steps>', 'steps after which a pattern comes again, one or several with commas between', seasons)
    .option('--closed-weekdays <days>', 'days without observations, which are no steps: SUN, or SAT,SUN', list)
    .option('--closed-holidays <place>', 'the same for public holidays of a country or region: DE, or DE-BY')
    .option('--closed-dates <dates>', 'the same for single days: 2024-12-24,2024-12-31', list)
    .option('--time-zone <zone>', 'IANA zone of the calendar and of local times (default: UTC)')
    .option('--format <format>', 'csv, tsv, ndjson, json, parquet, deepar (default: found from the file)')
    .option('--layout <layout>', 'long or wide (default: found from the columns)')
    .option('--aggregation <function>', 'sum, mean, min, max, first, last, count, median: one value per step from finer events')
    .option('--fill-policy <policy>', 'none: a missing step is a gap; zero: nothing happened (default: none)')
    .option('--drop-last-step', 'leave out the last step, when it is known to be incomplete')
    .option('--drop-partial-steps', 'leave out first and last steps that events cover in part, e.g. a month that ends on the 12th')
    .option(
      '--past-covariates <columns>',
      'columns known up to the cutoff, with commas between; may be repeated, and a name with a comma goes in double quotes: \'"Price, EUR"\'',
      columns,
    )
    .option('--future-covariates <columns>', 'columns known through the horizon, in the same way', columns)
    .option('--static-covariates <columns>', 'columns that hold one value per series, in the same way', columns)
    .option('--decimal-separator <character>', '"." or ","')
    .option('--thousands-separator <character>', '",", ".", " " or "\'": between groups of three digits')
    .option('--time-format <format>', 'how times are written, in the letters of strptime, e.g. "%d/%m/%Y %H:%M" (default: found)')
    .option('--time-marks <side>', 'start or end: which end of its step a time is (default: start)')
    .option('--year-pivot <yy>', 'two-digit years below it are of the 2000s, the others of the 1900s', Number)
    .option('--from <time>', 'leave out rows before it, and say that what comes after is meant: 2020-01-01')
    .option('--to <time>', 'the same for rows after it; a date means its whole day')
    .option('--max-rejected-share <share>', 'share of rows that may be rejected while the rest is stored (default: 0)', share)
    .option('--replace', 'the file is the whole dataset, instead of adding to it')
    .option('--dry-run', 'report what would happen and store nothing')
    .option('--no-wait', 'do not wait for the ingest run')
    .action(async (file: string, flags: Record<string, unknown>, command: Command) => {
      const context = contextOf(command);
      const { replace, wait, ...rest } = flags;
      const parsed = ingestOptions.safeParse({ ...rest, ...(replace ? { mode: 'replace' } : {}) });
      if (!parsed.success)
        throw new UsageError(
          parsed.error.issues
            .map((issue) => `--${issue.path.join('.').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${issue.message}`)
            .join('\n'),
        );
      const options = { ...rest, ...(replace ? { mode: 'replace' } : {}) } as IngestOptionsInput;
      if (file !== '-' && !existsSync(file)) throw new UsageError(`There is no file ${file}.`);
      const accepted = await context.client.uploadStream(contentOf(file), nameOf(file), options, randomUUID()).catch((error: unknown) => {
        // What the content fails with is wrapped by fetch.
        const { cause } = error as Error;
        throw cause instanceof UsageError ? cause : error;
      });
      if (!wait) {
        show(
          context,
          accepted,
          () => `Uploaded; ingest run ${accepted.runId} is queued. Follow it with: almanac runs follow ${accepted.runId}`,
        );
        return;
      }
      const run = await follow(context, accepted.runId);
      const result = ingestResult.parse(run.result);
      show(context, result, () => resultText(result, parsed.data.dryRun));
      if (result.findings.rowsRejected > 0) note(`Rejected rows: almanac runs rejects ${run.id}`);
    });

  program
    .command('datasets')
    .description('list datasets')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const page = await context.client.call('listDatasets', { query: { limit: 1000 } });
      show(context, page.items, () =>
        page.items.length === 0
          ? 'No dataset yet. Make one with: almanac upload FILE --dataset NAME'
          : table(
              ['dataset', 'version', 'frequency', 'zone', 'series', 'observations', 'from', 'to'],
              page.items.map((d) => [
                d.name,
                d.version,
                d.frequency,
                d.timeZone,
                count(d.seriesCount),
                count(d.observationCount),
                shortDate(d.start),
                shortDate(d.end),
              ]),
            ),
      );
    });

  program
    .command('retention')
    .description('say for how many days a dataset keeps its observations')
    .argument('<dataset>')
    .argument('<days>', 'a number of days, or "all"')
    .action(async (dataset: string, days: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      if (days !== 'all' && !/^[1-9]\d*$/.test(days)) throw new UsageError('Give a number of days, or "all".');
      const keepDays = days === 'all' ? null : Number(days);
      const changed = await context.client.call('updateDataset', { params: { dataset }, body: { keepDays } });
      show(context, changed, () =>
        keepDays === null ? `${dataset} keeps all.` : `${dataset} keeps what is at most ${count(keepDays)} days old.`,
      );
    });

  program
    .command('seasons')
    .description('say after how many steps the patterns of a dataset come again')
    .argument('<dataset>')
    .argument('<steps>', 'one or several with commas between, or "auto": those of the frequency')
    .action(async (dataset: string, steps: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const seasonLength = steps === 'auto' ? null : seasons(steps);
      const changed = await context.client.call('updateDataset', { params: { dataset }, body: { seasonLength } });
      show(context, changed, () => `${dataset} has seasons of ${changed.seasonLengths.join(' and ') || 'no'} steps.`);
    });

  program
    .command('delete-dataset')
    .description('delete a dataset with its models, forecasts and uploaded files, or one of its series')
    .argument('<dataset>')
    .option('-s, --series <id>', 'only this series, with its forecasts; may be repeated', several)
    .action(async (dataset: string, { series }: { series?: string[] }, command: Command) => {
      const context = contextOf(command);
      const erasures: Erasure[] = [];
      if (series === undefined) erasures.push(await context.client.call('deleteDataset', { params: { dataset } }));
      for (const uniqueId of series ?? []) erasures.push(await context.client.call('deleteSeries', { params: { dataset, uniqueId } }));
      const certificates = `Certificate of erasure: ${erasures.map(({ id }) => id).join(', ')}`;
      show(context, { deleted: series?.length === 1 ? series[0] : (series ?? dataset), erasures }, () =>
        series === undefined
          ? `${dataset} is deleted.\n${certificates}`
          : `${series.join(' and ')} ${series.length > 1 ? 'are' : 'is'} deleted from ${dataset}.\n${certificates}`,
      );
    });

  program
    .command('erasures')
    .description('what was deleted, with what went and when; or one certificate')
    .argument('[id]')
    .option('-n, --limit <number>', 'at most this many', '20')
    .action(async (id: string | undefined, { limit }: { limit: string }, command: Command) => {
      const context = contextOf(command);
      if (id !== undefined) {
        const one = await context.client.call('getErasure', { params: { erasureId: id } });
        const rows = Object.entries(one.rows).map(([what, n]) => `${what} ${count(n)}`);
        show(context, one, () =>
          [
            `${one.kind} ${one.name}, asked for ${shortDate(one.requestedAt)}, ${one.completedAt === null ? 'not complete yet' : `gone ${shortDate(one.completedAt)}`}`,
            `rows: ${rows.join(', ')}`,
            ...one.objects.map(({ sha256, what, fate }) => `${what} ${sha256} ${fate ?? 'to be done'}`),
          ].join('\n'),
        );
        return;
      }
      const { items } = await context.client.call('listErasures', { query: { limit: Number(limit) } });
      show(context, items, () =>
        table(
          ['certificate', 'what', 'name', 'asked for', 'gone'],
          items.map((one) => [
            one.id,
            one.kind,
            one.name,
            shortDate(one.requestedAt),
            one.completedAt === null ? '-' : shortDate(one.completedAt),
          ]),
        ),
      );
    });

  program
    .command('series')
    .description('list the series of a dataset')
    .argument('<dataset>')
    .option('-s, --search <text>', 'part of the id')
    .option('-n, --limit <number>', 'at most this many', '100')
    .action(async (dataset: string, flags: { search?: string; limit: string }, command: Command) => {
      const context = contextOf(command);
      const page = await context.client.call('listSeries', { params: { dataset }, query: { search: flags.search, limit: flags.limit } });
      show(context, page.items, () =>
        table(
          ['series', 'length', 'from', 'to'],
          page.items.map((s) => [s.uniqueId, count(s.length), shortDate(s.start), shortDate(s.end)]),
        ),
      );
      if (page.next !== null) note('There are more. Narrow them with --search, or show more with --limit (at most 1000).');
    });
}
