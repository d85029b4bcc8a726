/** `almanac backtest` and `almanac monitor`: how good past forecasts would have been, and how good they were. */
import { type BacktestResult, backtestResult, learnResult, type MonitorResult, monitorResult } from '@almanac/contracts';
import { type Command, InvalidArgumentError } from 'commander';
import { contextOf } from '../context.js';
import { follow } from '../follow.js';
import { fixed, shortDate, show, table } from '../print.js';

const positive = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Give a whole number above 0.');
  return number;
};
const whole = (value: string): number => (value === '0' ? 0 : positive(value));

function leaderboard(result: BacktestResult): string {
  const models = result.models.toSorted((a, b) => (a.score.metrics['wql'] ?? Infinity) - (b.score.metrics['wql'] ?? Infinity));
  return [
    `${result.windows.length} cutoffs, ${result.horizon} steps ahead each, from ${shortDate(result.windows[0] ?? null) ?? '-'}`,
    table(
      ['', 'wql', 'mase', 'to seasonal naive', 'coverage80', 'reads nothing after its cutoff'],
      models.map(({ score, wqlRatio, certificate }) => [
        score.label,
        fixed(score.metrics['wql']),
        fixed(score.metrics['mase']),
        fixed(wqlRatio),
        fixed(score.metrics['coverage80']),
        certificate.passed ? 'yes' : 'NO',
      ]),
    ),
  ].join('\n');
}

function monitorText(result: MonitorResult): string {
  const scores = result.scored.map((s) => [
    shortDate(s.cutoff),
    s.version,
    s.series,
    fixed(s.wql),
    fixed(s.naiveWql),
    fixed(s.coverage80),
    fixed(s.bias),
  ]);
  return [
    scores.length === 0
      ? 'No observation has come yet after the cutoff of a stored forecast.'
      : table(['cutoff', 'version', 'series', 'wql', 'seasonal naive', 'coverage80', 'bias'], scores),
    ...result.alerts.map((alert) => `${alert.code} since ${shortDate(alert.since)}: ${alert.message}`),
    ...(result.rolledBackTo === null ? [] : [`The champion is version ${result.rolledBackTo} again.`]),
    ...(result.retrainRunId === null ? [] : [`A training was started: almanac runs follow ${result.retrainRunId}`]),
  ].join('\n');
}

interface BacktestFlags {
  dataset: string;
  kinds: string[];
  horizon?: number;
  windows?: number;
  stepSize?: number;
  refitEvery?: number;
  steps?: number;
  wait: boolean;
}

export function backtestCommands(program: Command): void {
  program
    .command('backtest')
    .description('let kinds of model compete over rolling cutoffs of a dataset, seasonal naive always among them')
    .requiredOption('-d, --dataset <name>')
    .option('-k, --kinds <kinds>', 'kinds of model, with commas between', (value: string) => value.split(','), ['segment'])
    .option('--horizon <steps>', 'steps ahead', positive)
    .option('--windows <number>', 'number of cutoffs (default: 3)', positive)
    .option('--step-size <steps>', 'steps between cutoffs (default: the horizon)', positive)
    .option('--refit-every <windows>', 'train again after so many cutoffs; 0: once (default: 1)', whole)
    .option('--steps <number>', 'training steps of each fit', positive)
    .option('--no-wait', 'do not wait for the run')
    .action(async ({ kinds, wait, ...body }: BacktestFlags, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('backtest', { body: { ...body, models: kinds.map((kind) => ({ kind })) } });
      if (!wait)
        return show(context, queued, () => `Backtest run ${queued.id} is queued. Follow it with: almanac runs follow ${queued.id}`);
      const result = backtestResult.parse((await follow(context, queued.id)).result);
      show(context, result, () => leaderboard(result));
    });

  program
    .command('learn')
    .description('let an online model learn from what was observed since it last did')
    .argument('<model>')
    .action(async (model: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('learn', { body: { model } });
      const result = learnResult.parse((await follow(context, queued.id)).result);
      show(context, result, () => `${result.observations} observations of ${result.series} series: ${result.reason}.`);
    });

  program
    .command('monitor')
    .description('score past forecasts of a model on what was observed since, and look for drift')
    .argument('<model>')
    .action(async (model: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('monitor', { body: { model } });
      const result = monitorResult.parse((await follow(context, queued.id)).result);
      show(context, result, () => monitorText(result));
    });
}
