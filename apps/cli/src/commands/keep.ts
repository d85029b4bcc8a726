/** `almanac keep`: for how many days a workspace keeps finished runs and what belongs to them. */
import { KEPT, type KeptName, keptName, type Retention, type RetentionPatch } from '@almanac/contracts';
import type { Command } from 'commander';
import { UsageError } from '../connection.js';
import { contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { count, show, table } from '../print.js';

const listed = (kept: Retention): string =>
  table(
    ['what', 'days', 'what goes then'],
    keptName.options.map((name) => [name, kept[name] === null ? 'all' : count(kept[name]), KEPT[name]]),
  );

function daysOf(name: KeptName, given: string): number | null {
  if (given === 'all') return null;
  if (!/^[1-9]\d{0,5}$/.test(given)) throw new UsageError(`--${name} takes a number of days, or "all": "${given}" is neither.`);
  return Number(given);
}

export function keepCommand(program: Command): void {
  program
    .command('keep')
    .description('for how many days this workspace keeps forecasts, other runs and logs; without options it is shown')
    .option('--forecasts <days>', `${KEPT.forecasts}: a number of days, or "all"`)
    .option('--runs <days>', KEPT.runs)
    .option('--logs <days>', KEPT.logs)
    .addOption(ifMatchOption())
    .action(async ({ ifMatch, ...given }: Partial<Record<KeptName, string>> & IfMatch, command: Command) => {
      const context = contextOf(command);
      const body: RetentionPatch = Object.fromEntries(
        keptName.options.flatMap((name) => (given[name] === undefined ? [] : [[name, daysOf(name, given[name])]])),
      );
      const asked = Object.keys(body).length > 0;
      const kept = await (asked ? context.client.call('setRetention', { body, ifMatch }) : context.client.call('getRetention', {}));
      show(context, kept, () => listed(kept));
    });
}
