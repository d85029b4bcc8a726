/** `almanac override` and `overrides`: what planners change of stored forecasts, and how good that was. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../connection.js';
import { contextOf } from '../context.js';
import { fixed, say, shortDate, show, table } from '../print.js';

const amount = (value: string): number => {
  if (value.trim() === '' || !Number.isFinite(Number(value))) throw new InvalidArgumentError('Give a number.');
  return Number(value);
};

interface OverrideFlags {
  series: string;
  from: string;
  to?: string;
  set?: number;
  add?: number;
  percent?: number;
  reason: string;
}

export function overrideCommands(program: Command): void {
  program
    .command('override')
    .description('change steps of a stored forecast, with a reason; what the model said stays beside it')
    .argument('<run>', 'the forecast run')
    .requiredOption('-s, --series <id>', 'the series')
    .requiredOption('--from <time>', 'first step that is changed')
    .option('--to <time>', 'last step that is changed (default: the first)')
    .option('--set <value>', 'the value itself', amount)
    .option('--add <value>', 'added to the forecast', amount)
    .option('--percent <number>', 'added in percent: 10 makes 100 to 110', amount)
    .requiredOption('--reason <text>', 'why')
    .action(async (runId: string, { series, ...rest }: OverrideFlags, command: Command) => {
      const context = contextOf(command);
      const integer = (time: string): string | number => (/^-?\d{1,15}$/.test(time) ? Number(time) : time);
      const span = { from: integer(rest.from), ...(rest.to === undefined ? {} : { to: integer(rest.to) }) };
      const made = await context.client.call('createOverride', { params: { runId }, body: { ...rest, ...span, uniqueId: series } });
      show(context, made, () => `${made.id}: ${made.uniqueId} from ${shortDate(made.from)} to ${shortDate(made.to)}`);
    });
  program
    .command('overrides')
    .description('overrides of a forecast run; or with --dataset whether overrides made forecasts better')
    .argument('[run]', 'the forecast run')
    .option('-s, --series <id>', 'only of this series')
    .option('--remove <id>', 'take this one back')
    .option('--dataset <name>', 'judge the overrides of this dataset by what was observed since')
    .option('--model <name>', 'with --dataset: only those of forecasts of this model')
    .action(
      async (
        runId: string | undefined,
        { series, remove, dataset, model }: { series?: string; remove?: string; dataset?: string; model?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        if ((runId === undefined) === (dataset === undefined)) throw new UsageError('Give a forecast run, or --dataset.');
        if (dataset !== undefined) {
          if (series !== undefined || remove !== undefined) throw new UsageError('--series and --remove go with a forecast run.');
          const scores = await context.client.call('overrideScores', { params: { dataset }, query: { model } });
          return show(context, scores, () =>
            [
              scores.verdict,
              table(
                ['series', 'model', 'cutoff', 'overrides', 'steps', 'error of the model', 'of the final', 'reasons'],
                scores.forecasts.map((one) => [
                  one.uniqueId,
                  one.model,
                  shortDate(one.cutoff),
                  one.overrides,
                  one.steps,
                  fixed(one.modelError),
                  fixed(one.finalError),
                  one.reasons.join('; '),
                ]),
              ),
            ].join('\n'),
          );
        }
        if (model !== undefined) throw new UsageError('--model goes with --dataset.');
        if (remove !== undefined) {
          await context.client.call('deleteOverride', { params: { runId: runId!, overrideId: remove } });
          return say(`Taken back: ${remove}`);
        }
        const list = await context.client.call('listOverrides', { params: { runId: runId! }, query: { uniqueId: series } });
        return show(context, list, () =>
          table(
            ['id', 'series', 'from', 'to', 'change', 'by', 'reason'],
            list.items.map((one) => [
              one.id,
              one.uniqueId,
              shortDate(one.from),
              shortDate(one.to),
              one.change === 'percent' ? `${one.amount} %` : one.change === 'add' ? `add ${one.amount}` : `set ${one.amount}`,
              one.madeBy,
              one.reason,
            ]),
          ),
        );
      },
    );
}
