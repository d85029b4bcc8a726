/** `almanac contributions`: what a stored forecast is made of. */
import type { Contributions } from '@almanac/contracts';
import type { Command } from 'commander';
import { contextOf } from '../context.js';
import { note, say, several, toCsv } from '../print.js';

export function contributionCommand(program: Command): void {
  program
    .command('contributions')
    .description('what a stored forecast is made of: level, trend, seasons, covariates, holidays, rest, as CSV with a column each')
    .argument('<run>', 'the forecast run')
    .requiredOption('-s, --series <id>', 'the series; may be repeated', several)
    .action(async (runId: string, { series }: { series: string[] }, command: Command) => {
      const context = contextOf(command);
      const answer = await context.client.explain({ runId, uniqueIds: series });
      for (const { uniqueId, detail } of answer.notes) note(`${uniqueId}: ${detail}`);
      say(context.json ? JSON.stringify(answer, null, 2) : toCsv(columnsOf(answer.model, answer.contributions)));
    });
}

/** A column for each part that some series has; a series that lacks it has nothing there. */
function columnsOf(model: string, all: readonly Contributions[]): Record<string, (string | number | null)[]> {
  const names = [...new Set(all.flatMap(({ parts }) => parts.map(columnOf)))];
  const each = <T>(value: (one: Contributions, h: number) => T): T[] => all.flatMap((one) => one.ds.map((_, h) => value(one, h)));
  return {
    unique_id: each(({ uniqueId }) => uniqueId),
    ds: each(({ ds }, h) => ds[h]!),
    cutoff: each(({ cutoff }) => cutoff),
    [model]: each(({ median }, h) => median[h]!),
    ...Object.fromEntries(
      names.map((name) => [name, each(({ parts }, h) => parts.find((part) => columnOf(part) === name)?.values[h] ?? null)]),
    ),
  };
}

const columnOf = ({ kind, name }: Contributions['parts'][number]): string => (kind === name ? kind : `${kind}-${name}`);
