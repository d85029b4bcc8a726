/** `almanac impute` and `unusual`: what the gaps of series would have held, and values unlike the others. */
import type { FilledSeries, UnusualSeries } from '@almanac/contracts';
import { csvOf } from '@almanac/contracts/csv';
import { type Command, InvalidArgumentError } from 'commander';
import { contextOf } from '../context.js';
import { note, say } from '../print.js';

const number = (value: string): number => {
  if (value.trim() === '' || !Number.isFinite(Number(value))) throw new InvalidArgumentError('Give a number.');
  return Number(value);
};

/** Page after page. */
async function* pages<T>(read: (after: string | undefined) => Promise<{ items: T[]; next: string | null }>): AsyncGenerator<T, void> {
  for (let after: string | undefined; ;) {
    const { items, next } = await read(after);
    yield* items;
    if (next === null) return;
    after = next;
  }
}

export function gapCommands(program: Command): void {
  program
    .command('impute')
    .description('what the gaps of series would have held, with intervals, as CSV; nothing is stored')
    .argument('<dataset>')
    .option('-s, --series <id>', 'only this series')
    .option('--level <percent>', 'prediction interval (default: 80)', number)
    .action(async (dataset: string, { series, level = 80 }: { series?: string; level?: number }, command: Command) => {
      const context = contextOf(command);
      const all = pages<FilledSeries>((after) =>
        context.client.call('fillGaps', { params: { dataset }, query: { uniqueId: series, level, after, limit: 100 } }),
      );
      if (!context.json) process.stdout.write(csvOf([['unique_id', 'ds', 'y', `y-lo-${level}`, `y-hi-${level}`]]));
      const items: FilledSeries[] = [];
      for await (const one of all) {
        if (context.json) items.push(one);
        else if (one.ds.length > 0)
          process.stdout.write(csvOf(one.ds.map((ds, i) => [one.uniqueId, ds, one.median[i], one.lower[i], one.upper[i]])));
        if (one.unfilled > 0) note(`${one.uniqueId}: ${one.unfilled} gaps were left, because too little was observed.`);
      }
      if (context.json) say(JSON.stringify({ items }, null, 2));
    });
  program
    .command('unusual')
    .description('values of the history that are unlike what level, trend, seasons and holidays say, as CSV; needs no model')
    .argument('<dataset>')
    .option('-s, --series <id>', 'only this series')
    .option('--threshold <deviations>', 'how far from what is expected, in usual deviations (default: 5)', number)
    .action(async (dataset: string, { series, threshold }: { series?: string; threshold?: number }, command: Command) => {
      const context = contextOf(command);
      const all = pages<UnusualSeries>((after) =>
        context.client.call('listUnusual', { params: { dataset }, query: { uniqueId: series, threshold, after, limit: 100 } }),
      );
      if (!context.json) process.stdout.write(csvOf([['unique_id', 'ds', 'y', 'expected', 'score']]));
      const items: UnusualSeries[] = [];
      for await (const one of all) {
        if (context.json) items.push(one);
        else if (one.values.length > 0)
          process.stdout.write(csvOf(one.values.map(({ ds, value, expected, score }) => [one.uniqueId, ds, value, expected, score])));
      }
      if (context.json) say(JSON.stringify({ items }, null, 2));
    });
}
