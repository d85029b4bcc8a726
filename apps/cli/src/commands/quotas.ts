/** `almanac quotas`: what a workspace may have at most, and what it has. */
import { QUOTAS, type QuotaList, quotaName, type QuotaPatch } from '@almanac/contracts';
import type { Command } from 'commander';
import { UsageError } from '../connection.js';
import { contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { count, show, table } from '../print.js';

const limit = (most: number | null): string => (most === null ? 'none' : count(most));

const listed = ({ items }: QuotaList): string =>
  table(
    ['quota', 'used', 'limit', 'standard', 'what is counted'],
    items.map((one) => [one.name, count(one.used), limit(one.limit), limit(one.standard), QUOTAS[one.name]]),
  );

/** NAME=NUMBER (with k, M, G, T), NAME=unlimited, NAME=standard. */
export function patchOf(given: readonly string[]): QuotaPatch {
  return Object.fromEntries(
    given.map((one) => {
      const match = /^(\w+)=(?:(\d{1,15})([kMGT]?)|(unlimited|standard))$/.exec(one);
      const name = quotaName.safeParse(match?.[1]);
      if (!match || !name.success)
        throw new UsageError(
          `"${one}" is no quota. Write NAME=NUMBER, NAME=unlimited or NAME=standard; names are ${quotaName.options.join(', ')}.`,
        );
      const [, , digits, unit, word] = match;
      if (word !== undefined) return [name.data, word === 'unlimited' ? word : null];
      return [name.data, Number(digits) * 1000 ** ('kMGT'.indexOf(unit || ' ') + 1)];
    }),
  );
}

export function quotaCommands(program: Command): void {
  const quotas = program.command('quotas').description('what a workspace may have and do at most, and what is in use');

  quotas
    .command('list', { isDefault: true })
    .description('every quota with what is in use')
    .option('--workspace <name>', 'of this workspace, with an admin key of the default one (default: that of the key)')
    .action(async ({ workspace }: { workspace?: string }, command: Command) => {
      const context = contextOf(command);
      const found = await (workspace === undefined
        ? context.client.call('listQuotas', {})
        : context.client.call('workspaceQuotas', { params: { workspace } }));
      show(context, found, () => listed(found));
    });

  quotas
    .command('set')
    .description('set limits: NAME=NUMBER, NAME=unlimited, or NAME=standard; needs an admin key of the default workspace')
    .argument('<limits...>', 'e.g. openRuns=200 bytes=50G')
    .option('--workspace <name>', 'of this workspace', 'default')
    .addOption(ifMatchOption())
    .action(async (given: string[], { workspace, ifMatch }: IfMatch & { workspace: string }, command: Command) => {
      const context = contextOf(command);
      const set = await context.client.call('setQuotas', { params: { workspace }, body: patchOf(given), ifMatch });
      show(context, set, () => listed(set));
    });
}
