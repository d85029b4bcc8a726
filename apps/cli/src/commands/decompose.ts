/** `almanac decompose`: what the history of a series is made of. */
import { type Command } from 'commander';
import { contextOf } from '../context.js';
import { note, show, shortDate, toCsv, whole } from '../print.js';

export function decomposeCommand(program: Command): void {
  program
    .command('decompose')
    .description('a series taken apart: level and trend, seasons, holidays, and the rest, as CSV with a column each')
    .argument('<dataset>')
    .requiredOption('-s, --series <id>', 'the series')
    .option('--steps <count>', 'how many of the last steps (default: 2000)', whole)
    .option('--country <code>', "whose public holidays: two letters, or none (default: the country of the dataset's time zone)")
    .action(async (dataset: string, { series, steps, country }: { series: string; steps?: number; country?: string }, command: Command) => {
      const context = contextOf(command);
      const parts = await context.client.call('getDecomposition', {
        params: { dataset, uniqueId: series },
        query: { steps, country: country as 'none' | undefined },
      });
      show(context, parts, () =>
        toCsv({
          unique_id: parts.ds.map(() => parts.uniqueId),
          ds: parts.ds,
          y: parts.y,
          trend: parts.trend,
          ...Object.fromEntries(parts.seasons.map(({ length, values }) => [`season-${length}`, values])),
          ...(parts.holidays ? { holidays: parts.holidays } : {}),
          rest: parts.rest,
        }),
      );
      if (parts.unseen.length > 0)
        note(`Seasons of ${parts.unseen.join(' and ')} steps are not shown: the series does not have two whole cycles of them.`);
      const shown = parts.changepoints.filter(({ ds }) => ds >= parts.ds[0]!);
      if (shown.length > 0) note(`Level or trend changed at ${shown.map(({ ds }) => shortDate(ds)).join(', ')}.`);
    });
}
