/** `almanac sources …`: where datasets get their rows from by themselves. */
import { ingestOptions, pullResult, type Source, type SourceRequestInput } from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { environment, UsageError } from '../connection.js';
import { type Context, contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { follow } from '../follow.js';
import { count, note, shortDate, show, table } from '../print.js';
import { withReadingOptions } from '../reading.js';

interface AddFlags {
  https?: string;
  postgres?: string;
  s3?: string;
  query?: string;
  watermark?: string;
  reread?: number;
  region?: string;
  endpoint?: string;
  accessKeyId?: string;
  secretFile?: string;
  cron?: string;
  cronZone: string;
  replace?: boolean;
}

export function sourceCommands(program: Command): void {
  const sources = program.command('sources').description('where datasets get their rows from by themselves: list, add, run and remove');

  sources
    .command('list', { isDefault: true })
    .description('list sources, and what came of their last reading')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listSources', {});
      show(context, items, () =>
        items.length === 0
          ? 'No source yet. Make one with: almanac sources add NAME --https https://example.org/sales.csv --dataset sales'
          : table(
              ['source', 'dataset', 'reads', 'up to', 'stored', 'last reading', 'outcome'],
              items.map((s) => [
                s.name,
                s.options.dataset,
                placeOf(s),
                s.watermark,
                shortDate(s.storedAt),
                shortDate(s.last?.at ?? null),
                outcomeOf(s),
              ]),
            ),
      );
    });

  const add = sources
    .command('add')
    .description('make a source; it is read by a schedule (--cron), or with: almanac sources run NAME')
    .argument('<name>')
    .requiredOption('-d, --dataset <name>', 'dataset to make or to add to')
    .option('--https <address>', 'a file')
    .option('--postgres <address>', 'postgres://USER@HOST/DATABASE, with --query')
    .option('--s3 <bucket>', 'new objects of a bucket: BUCKET or BUCKET/PREFIX, with --access-key-id')
    .option('--query <sql>', 'with --postgres: one SELECT')
    .option('--watermark <column>', 'with --postgres: column that grows with every row; only what is new is read')
    .option('--reread <seconds>', 'with --watermark: begin so far before it, for rows that are committed late', Number)
    .option('--region <region>', 'with --s3 (default: us-east-1)')
    .option('--endpoint <address>', "with --s3: a server that is not Amazon's")
    .option('--access-key-id <id>', 'with --s3')
    .option(
      '--secret-file <file>',
      'file with password, Authorization header or secret key; - for standard input. Or set ALMANAC_SOURCE_SECRET',
    )
    .option('--cron <expression>', 'also make a schedule of the same name that reads it, e.g. "15 * * * *"')
    .addOption(new Option('--cron-zone <zone>', 'IANA zone of the cron expression').default('UTC'))
    .option('--fill-policy <policy>', 'none: a missing step is a gap; zero: nothing happened (default: none)')
    .option('--replace', 'what is read is the whole dataset, instead of being added to it');
  withReadingOptions(add).action(async (name: string, flags: AddFlags & Record<string, unknown>, command: Command) => {
    const context = contextOf(command);
    const options = Object.fromEntries(Object.entries(flags).filter(([key]) => key in ingestOptions.shape));
    const body = {
      name,
      from: fromOf(flags),
      secret: secretOf(flags.secretFile),
      options: { ...options, ...(flags.replace ? { mode: 'replace' } : {}) },
    } as SourceRequestInput;
    const made = await context.client.call('createSource', { body });
    if (flags.cron !== undefined) await schedule(context, name, flags.cron, flags.cronZone);
    show(context, made, () =>
      flags.cron === undefined
        ? `${name} is made. Read it with: almanac sources run ${name}`
        : `${name} is made, and read by the schedule ${name}.`,
    );
  });

  sources
    .command('run')
    .description('read it now')
    .argument('<name>')
    .option('--full', 'everything, whatever has been read before')
    .option('--no-wait', 'do not wait until what is new is stored')
    .action(async (name: string, { full = false, wait }: { full?: boolean; wait: boolean }, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('pullSource', { params: { source: name }, body: { full } });
      if (!wait) {
        show(context, queued, () => `Run ${queued.id} is queued. Follow it with: almanac runs follow ${queued.id}`);
        return;
      }
      const result = pullResult.parse((await follow(context, queued.id)).result);
      for (const id of result.ingestRunIds) await follow(context, id);
      if (result.more) note('Further new objects come with the next reading.');
      show(context, result, () => {
        if (result.outcome === 'nothingNew') return 'Nothing new.';
        if (result.outcome === 'busy') return 'What was read before is still being stored: nothing was read.';
        const read = result.rows === null ? `${count(result.bytes)} bytes` : `${count(result.rows)} rows`;
        return `${read} are stored${result.watermark === null ? '' : `, up to ${result.watermark}`}. Findings: almanac runs show ${result.ingestRunIds.at(-1)}`;
      });
    });

  sources
    .command('secret')
    .description('give it another secret')
    .argument('<name>')
    .requiredOption('--secret-file <file>', 'file with it; - for standard input')
    .addOption(ifMatchOption())
    .action(async (name: string, { secretFile, ifMatch }: { secretFile: string } & IfMatch, command: Command) => {
      const context = contextOf(command);
      const changed = await context.client.call('updateSource', {
        params: { source: name },
        body: { secret: secretOf(secretFile)! },
        ifMatch,
      });
      show(context, changed, () => `${name} uses it from its next reading on.`);
    });

  sources
    .command('remove')
    .description('delete a source; the dataset stays')
    .argument('<name>')
    .addOption(ifMatchOption())
    .action(async (name: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      await context.client.call('deleteSource', { params: { source: name }, ifMatch });
      show(
        context,
        { deleted: name },
        () => `${name} is deleted; what was stored of it stays. Schedules that read it fail until they are deleted.`,
      );
    });
}

async function schedule(context: Context, name: string, cron: string, timeZone: string): Promise<void> {
  try {
    await context.client.call('createSchedule', { body: { name, cron, timeZone, action: { kind: 'pull', request: { source: name } } } });
  } catch (error) {
    await context.client.call('deleteSource', { params: { source: name } });
    throw error;
  }
}

function fromOf({ https, postgres, s3, query, watermark, reread, region, endpoint, accessKeyId }: AddFlags): SourceRequestInput['from'] {
  const given = [https, postgres, s3].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError('Give one of --https ADDRESS, --postgres ADDRESS and --s3 BUCKET/PREFIX.');
  const alone = (kind: string, others: Record<string, unknown>): void => {
    const [wrong] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
    if (wrong !== undefined) throw new UsageError(`--${wrong} does not go with --${kind}.`);
  };
  if (postgres === undefined) alone(https === undefined ? 's3' : 'https', { query, watermark, reread });
  if (s3 === undefined) alone(https === undefined ? 'postgres' : 'https', { region, endpoint, 'access-key-id': accessKeyId });
  if (https !== undefined) return { kind: 'https', url: https };
  if (postgres !== undefined) {
    if (query === undefined) throw new UsageError('--postgres needs --query.');
    return { kind: 'postgres', url: postgres, query, watermark, reread };
  }
  if (accessKeyId === undefined) throw new UsageError('--s3 needs --access-key-id, and the secret key as the secret.');
  const [, bucket = '', prefix = ''] = /^([^/]*)\/?(.*)$/s.exec(s3!)!;
  return { kind: 's3', bucket, prefix, region, endpoint, accessKeyId };
}

/** Never an argument: those are seen by everybody on the machine. */
function secretOf(file: string | undefined): string | undefined {
  if (file === undefined) return environment()['ALMANAC_SOURCE_SECRET'];
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new UsageError(`${file} cannot be read.`);
  }
}

const placeOf = ({ from }: Source): string => (from.kind === 's3' ? `s3 ${from.bucket}/${from.prefix}` : from.url);

function outcomeOf({ last }: Source): string | null {
  if (last === null) return 'never read';
  if (last.status !== 'succeeded') return last.error ? `${last.status}: ${last.error.code}` : last.status;
  if (last.ingestsFailed > 0) return 'read, and refused';
  return last.ingestsOpen > 0 ? 'being stored' : { read: 'read', nothingNew: 'nothing new', busy: 'busy' }[last.outcome ?? 'read'];
}
