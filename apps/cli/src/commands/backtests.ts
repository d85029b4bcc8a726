/** `almanac backtest`, `monitor`, `scores`, `anomalies` and `replay`: how good past forecasts would have been, and how good they were. */
import {
  type BacktestResult,
  backtestResult,
  DEFAULT_KIND,
  forecastResult,
  learnResult,
  type ReplayReport,
  type MonitorResult,
  monitorResult,
} from '@almanac/contracts';
import { type Command, InvalidArgumentError } from 'commander';
import { contextOf } from '../context.js';
import { follow } from '../follow.js';
import { fixed, leftOut, several, shortDate, show, table } from '../print.js';

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
    ...totals(models),
    ...certified(result),
    ...leftOut(result.partialSteps),
  ].join('\n');
}

/** How often intervals of sums held what came. */
function totals(models: BacktestResult['models']): string[] {
  const told = models.flatMap(({ score, totals: of }) => (of ? [{ label: score.label, of }] : []));
  const [first] = told;
  if (!first) return [];
  const { windows, series, basis } = first.of;
  return [
    `sums within their 80 % intervals, over ${windows} ${windows === 1 ? 'cutoff' : 'cutoffs'} and ${series} series; how errors hang together is ${basis === 'measured' ? 'measured at earlier cutoffs' : 'assumed, as there is no earlier cutoff'}`,
    table(
      ['', 'a series over the horizon', 'all series at a step', 'all series over the horizon'],
      told.map(({ label, of }) => [label, ...[of.overHorizon, of.overSeries, of.overBoth].map(({ coverage80 }) => fixed(coverage80))]),
    ),
  ];
}

/** What the certificates looked at, and what is wrong with the data. */
function certified({ models }: BacktestResult): string[] {
  const [{ certificate } = { certificate: null }] = models;
  if (!certificate?.sample) return [];
  const { series, of, cutoffs, ofCutoffs, finds } = certificate.sample;
  const power = finds === 0 ? '' : `, which find a leak that shows in ${(100 * finds).toFixed(0)} % of them with 95 % chance`;
  return [
    `looked for leaks in ${series} of ${of} series${power}, at ${cutoffs} of ${ofCutoffs} cutoffs`,
    ...certificate.suspects.map(
      ({ name, kind, shift, series: count, of: all }) =>
        `the ${kind} covariate ${name} is ${shiftInWords(shift)} (${count} of ${all} series): these backtests flatter, and forecasts will not have it`,
    ),
  ];
}

const shiftInWords = (shift: number): string =>
  shift === 0
    ? 'the target itself'
    : `the target ${Math.abs(shift)} ${Math.abs(shift) === 1 ? 'step' : 'steps'} ${shift > 0 ? 'later' : 'earlier'}`;

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
    ...result.apart.map(
      (one) =>
        `apart: the forecast at ${shortDate(one.cutoff)} is of version ${one.version}, which had learned later steps (WQL ${fixed(one.wql)})`,
    ),
    ...result.alerts.map((alert) => `${alert.code} since ${shortDate(alert.since)}: ${alert.message}`),
    ...leftOut(result.partialSteps),
    ...(result.rolledBackTo === null ? [] : [`The champion is version ${result.rolledBackTo} again.`]),
    ...(result.retrainRunId === null ? [] : [`A training was started: almanac runs follow ${result.retrainRunId}`]),
  ].join('\n');
}

function replayText({ compared, differing, largestDifference, sameEngine }: ReplayReport): string {
  const engine = sameEngine ? 'on the same engine' : 'on another engine, where the last digits may differ';
  if (differing.length === 0) return `${compared} series forecast again ${engine}: every bit is the same.`;
  return [
    `${compared} series forecast again ${engine}: ${differing.length} differ, by ${largestDifference} at most.`,
    ...differing.slice(0, 10).map((one) => `  ${one.uniqueId}: ${one.largestDifference}`),
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
    .option('-k, --kinds <kinds>', 'kinds of model, with commas between', (value: string) => value.split(','), [DEFAULT_KIND])
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
      const text = `${result.observations} observations of ${result.series} series: ${result.reason}.`;
      show(context, result, () => [text, ...leftOut(result.partialSteps)].join('\n'));
    });

  program
    .command('replay')
    .description('make a stored forecast again from its lineage, and report every difference')
    .argument('<run>', 'forecast run')
    .action(async (runId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('replayForecast', { params: { runId } });
      const { replay } = forecastResult.parse((await follow(context, queued.id)).result);
      show(context, replay, () => replayText(replay!));
      if (replay!.differing.length > 0 && replay!.sameEngine) process.exitCode = 1;
    });

  program
    .command('scores')
    .description('how good a stored forecast turned out to be, by step ahead and for the worst series')
    .argument('<run>', 'forecast run')
    .action(async (runId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const params = { runId };
      const scores = await context.client.call('forecastScores', { params });
      const { items } = await context.client.call('forecastSeriesScores', { params, query: { limit: 10 } });
      show(context, { ...scores, worst: items }, () =>
        scores.observed === 0
          ? 'Nothing has been scored yet: monitoring does so once a season after the cutoff has been observed (almanac monitor MODEL).'
          : [
              `${scores.observed} of ${scores.horizon} steps ahead have been scored`,
              table(
                ['step', 'wql', 'mase', 'mae', 'coverage80'],
                scores.perHorizon.map((s) => [s.step, fixed(s.wql), fixed(s.mase), fixed(s.mae), fixed(s.coverage80)]),
              ),
              'the worst series:',
              table(
                ['series', 'wql', 'seasonal naive', 'mase', 'coverage80'],
                items.map((s) => [s.uniqueId, fixed(s.wql), fixed(s.naiveWql), fixed(s.mase), fixed(s.coverage80)]),
              ),
            ].join('\n'),
      );
    });

  program
    .command('anomalies')
    .description('observations that monitoring found far outside what was forecast, newest first')
    .argument('<dataset>')
    .option('-s, --series <id>', 'only this series; may be repeated', several)
    .action(async (dataset: string, { series }: { series?: string[] }, command: Command) => {
      const context = contextOf(command);
      const { items } = await context.client.call('listAnomalies', { params: { dataset }, query: { uniqueId: series } });
      show(context, items, () =>
        items.length === 0
          ? 'None has been found.'
          : table(
              ['series', 'when', 'value', 'forecast', '95 %', 'score'],
              items.map((a) => [
                a.uniqueId,
                shortDate(a.ds),
                fixed(a.value),
                fixed(a.median),
                `${fixed(a.lower)} to ${fixed(a.upper)}`,
                fixed(a.score),
              ]),
            ),
      );
    });

  program
    .command('monitor')
    .description('score past forecasts of a model on what was observed since, and look for drift')
    .argument('<model>')
    .option('--no-fall-back', 'after a confirmed break leave the champion in its place')
    .action(async (model: string, { fallBack }: { fallBack: boolean }, command: Command) => {
      const context = contextOf(command);
      const queued = await context.client.call('monitor', { body: { model, fallBack } });
      const result = monitorResult.parse((await follow(context, queued.id)).result);
      show(context, result, () => monitorText(result));
    });
}
