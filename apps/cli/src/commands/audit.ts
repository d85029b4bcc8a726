/** `almanac audit`: who did what to what, and whether the log of it is as it was written. */
import type { AuditEntry } from '@almanac/contracts';
import type { Command } from 'commander';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { contextOf } from '../context.js';
import { shortDate, show, table, whole } from '../print.js';

interface Flags {
  actor?: string;
  action?: string;
  kind?: string;
  object?: string;
  from?: string;
  to?: string;
  limit: number;
  csv?: boolean;
  lines?: boolean;
}

export function auditCommands(program: Command): void {
  const audit = program.command('audit').description('who did what to what; needs an admin key');

  audit
    .command('list', { isDefault: true })
    .description('entries, newest first')
    .option('--actor <name>', 'only what this one did: name or id of a key, a person, a run, a schedule')
    .option('--action <action>', 'only this, e.g. setModelAlias')
    .option('--kind <kind>', 'only what was done to this kind of object, e.g. webhook')
    .option('--object <name>', 'only what was done to the object of this name or id')
    .option('--from <time>', 'from then on, e.g. 2024-02-01 or 2024-02-01T06:00:00Z')
    .option('--to <time>', 'before then')
    .option('--limit <n>', 'so many at most', whole, 100)
    .option('--csv', 'all of them as CSV')
    .option('--lines', 'all of them as JSON lines')
    .action(async ({ limit, csv, lines, kind, ...filter }: Flags, command: Command) => {
      const context = contextOf(command);
      const query = { ...filter, objectKind: kind };
      if (csv || lines) {
        const answer = await context.client.stream(csv ? 'auditCsv' : 'auditLines', { query });
        return pipeline(Readable.fromWeb(answer.body as never), process.stdout, { end: false });
      }
      const { items } = await context.client.call('listAudit', { query: { ...query, limit } });
      show(context, items, () =>
        items.length === 0
          ? 'Nothing like that was done.'
          : table(
              ['no', 'when', 'who', 'did', 'to', 'from', 'what changed'],
              items.map((one) => [one.no, shortDate(one.at), who(one), one.action, what(one), one.address, changed(one)]),
            ),
      );
    });

  audit
    .command('verify')
    .description('check the chain of hashes, and name the first entry that is not as it was written')
    .option('--noted <no:hash>', 'what this command printed once: check that it still holds')
    .action(async ({ noted }: { noted?: string }, command: Command) => {
      const context = contextOf(command);
      const verdict = await context.client.call('verifyAudit', { query: { noted } });
      if (!verdict.intact) process.exitCode = 1;
      show(context, verdict, () =>
        verdict.intact
          ? `All ${verdict.entries} entries are as they were written.\n${verdict.head ?? ''}\nNote this line elsewhere: audit verify --noted tells later whether it still holds.`
          : `Entry ${verdict.firstBroken} is not as it was written, or is gone. What was written before it is intact.`,
      );
    });
}

const who = ({ actor }: AuditEntry): string => [actor.kind, actor.name ?? actor.id].filter(Boolean).join(' ');
const what = ({ object }: AuditEntry): string => [object.kind, object.name ?? object.id].filter(Boolean).join(' ');

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 60);
function changed({ before, after }: AuditEntry): string {
  if (before === null || after === null) return before === null ? 'made' : 'deleted';
  return Object.keys(after)
    .filter((key) => shown(before[key]) !== shown(after[key]) || before[key] === '(hidden)')
    .map((key) => `${key}: ${shown(before[key] ?? null)} → ${shown(after[key])}`)
    .join(', ');
}
