/** `almanac total` and `paths`: sums of stored forecasts with their intervals, and sampled paths. */
import { csvOf } from '@almanac/contracts/csv';
import { type Command, InvalidArgumentError } from 'commander';
import { contextOf } from '../context.js';
import { fixed, note, say, several, shortDate, show, table, whole } from '../print.js';

const percents = (value: string): number[] => value.split(',').map(Number);
/** `region=north`, repeated. */
const condition = (value: string, before: Record<string, string> = {}): Record<string, string> => {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give NAME=VALUE, e.g. region=north.');
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
};

interface TotalFlags {
  run?: string;
  series?: string[];
  search?: string;
  where?: Record<string, string>;
  by?: string;
  from?: string;
  to?: string;
  every?: number;
  level?: number[];
  paths?: number;
  seed?: number;
}

export function totalCommands(program: Command): void {
  program
    .command('total')
    .description('the sum of a stored forecast over steps and series, with its prediction intervals')
    .argument('[model]', 'the latest forecast of this model')
    .option('-r, --run <id>', 'this forecast run instead')
    .option('-s, --series <id>', 'only this series; may be repeated', several)
    .option('--search <text>', 'only series whose id contains this')
    .option('--where <name=value>', 'only series whose static covariate has this value; may be repeated', condition)
    .option('--by <covariate>', 'one sum for each value of a static covariate, e.g. region')
    .option('--from <time>', 'first step (default: the first that is forecast)')
    .option('--to <time>', 'last step (default: the last that is forecast)')
    .option('--every <steps>', 'one sum for each so many steps, e.g. 7 of daily data', whole)
    .option('--level <percents>', 'prediction intervals, with commas between (default: 80,95)', percents)
    .option('--paths <count>', 'sampled paths (default: 1000)', whole)
    .option('--seed <number>', 'of the paths (default: 1)', whole)
    .action(async (model: string | undefined, { run: runId, series: uniqueIds, ...rest }: TotalFlags, command: Command) => {
      const context = contextOf(command);
      const totals = await context.client.call('forecastTotals', { body: { model, runId, uniqueIds, ...rest } });
      show(context, totals, () =>
        table(
          [rest.by ?? 'sum of', 'series', 'from', 'to', 'median', ...totals.items[0]!.intervals.map(({ level }) => `${level} % interval`)],
          totals.items.map(({ group, series, from, to, median, intervals }) => [
            group ?? (rest.by === undefined ? 'all' : '(none)'),
            series,
            shortDate(from),
            shortDate(to),
            fixed(median),
            ...intervals.map(({ lower, upper }) => `${fixed(lower)} to ${fixed(upper)}`),
          ]),
        ),
      );
      for (const { detail } of totals.notes) note(detail);
      const { basis } = totals.dependence;
      if (basis === 'assumed') note('How errors hang together was assumed: this version measured nothing on held-out steps.');
    });
  program
    .command('paths')
    .description('sampled paths of one series of a forecast run: possible futures, as CSV with a column each')
    .argument('<run>', 'the forecast run')
    .requiredOption('-s, --series <id>', 'the series')
    .option('--count <number>', 'of paths (default: 500)', whole)
    .option('--seed <number>', 'the same seed gives the same paths (default: 1)', whole)
    .action(async (runId: string, { series, count, seed }: { series: string; count?: number; seed?: number }, command: Command) => {
      const context = contextOf(command);
      const { ds, paths, ...rest } = await context.client.call('forecastPaths', {
        params: { runId },
        query: { uniqueId: series, count, seed },
      });
      if (context.json) return say(JSON.stringify({ ...rest, ds, paths }, null, 2));
      const rows = ds.map((time, h) => [rest.uniqueId, time, ...paths.map((path) => path[h] ?? null)]);
      process.stdout.write(csvOf([['unique_id', 'ds', ...paths.map((_, k) => `path-${k + 1}`)], ...rows]));
    });
}
