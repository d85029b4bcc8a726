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
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { UsageError } from '../connection.js';
import { contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { follow } from '../follow.js';
import { asFlags, count, duration, note, seasons, several, shortDate, show, table } from '../print.js';
import { asUsage, contentOf, nameOf, withReadingOptions } from '../reading.js';

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
  const totals = [...f.totals.sums, ...f.totals.named];
  if (totals.length > 0) lines.push(`totals      ${totals.slice(0, 5).join(', ')}`);
  if (f.rowsRejected > 0) lines.push(`rejected    ${count(f.rowsRejected)} rows`);
  for (const rejection of f.rejections) {
    lines.push(`  ${rejection.rule}: ${count(rejection.count)}`);
    for (const example of rejection.examples.slice(0, 3)) lines.push(`    line ${example.line ?? '?'}: ${example.text}`);
  }
  return [...lines, ...f.warnings.map((warning) => `note        ${warning}`)].join('\n');
}

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
  const upload = program
    .command('upload')
    .description('upload a CSV, TSV, NDJSON, JSON or Parquet file (also .gz, .zst) into a dataset')
    .argument('<file>', 'the file; - for standard input')
    .requiredOption('-d, --dataset <name>', 'dataset to make or to add to')
    .option('--fill-policy <policy>', 'none: a missing step is a gap; zero: nothing happened (default: none)')
    .option('--replace', 'the file is the whole dataset, instead of adding to it')
    .option('--dry-run', 'report what would happen and store nothing')
    .option('--no-wait', 'do not wait for the ingest run');
  withReadingOptions(upload).action(async (file: string, flags: Record<string, unknown>, command: Command) => {
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
      throw asUsage(error);
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
      const items = await context.client.listAll('listDatasets', {});
      show(context, items, () =>
        items.length === 0
          ? 'No dataset yet. Make one with: almanac upload FILE --dataset NAME'
          : table(
              ['dataset', 'version', 'frequency', 'zone', 'series', 'observations', 'from', 'to'],
              items.map((d) => [
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
    .addOption(ifMatchOption())
    .action(async (dataset: string, days: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      if (days !== 'all' && !/^[1-9]\d*$/.test(days)) throw new UsageError('Give a number of days, or "all".');
      const keepDays = days === 'all' ? null : Number(days);
      const changed = await context.client.call('updateDataset', { params: { dataset }, body: { keepDays }, ifMatch });
      show(context, changed, () =>
        keepDays === null ? `${dataset} keeps all.` : `${dataset} keeps what is at most ${count(keepDays)} days old.`,
      );
    });

  program
    .command('seasons')
    .description('say after how many steps the patterns of a dataset come again')
    .argument('<dataset>')
    .argument('<steps>', 'one or several with commas between, or "auto": those of the frequency')
    .addOption(ifMatchOption())
    .action(async (dataset: string, steps: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      const seasonLength = steps === 'auto' ? null : seasons(steps);
      const changed = await context.client.call('updateDataset', { params: { dataset }, body: { seasonLength }, ifMatch });
      show(context, changed, () => `${dataset} has seasons of ${changed.seasonLengths.join(' and ') || 'no'} steps.`);
    });

  program
    .command('delete-dataset')
    .description('delete a dataset with its models, forecasts and uploaded files, or one of its series')
    .argument('<dataset>')
    .option('-s, --series <id>', 'only this series, with its forecasts; may be repeated', several)
    .addOption(ifMatchOption('of the dataset as you have read it'))
    .action(async (dataset: string, { series, ifMatch }: IfMatch & { series?: string[] }, command: Command) => {
      const context = contextOf(command);
      const erasures: Erasure[] = [];
      if (series === undefined) erasures.push(await context.client.call('deleteDataset', { params: { dataset }, ifMatch }));
      for (const uniqueId of series ?? [])
        erasures.push(await context.client.call('deleteSeries', { params: { dataset, uniqueId }, ifMatch }));
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
