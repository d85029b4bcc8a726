/** `almanac train`, `kinds`, `forecast` and `get`. */
import {
  type CovariateFill,
  covariateFill,
  type CovariateReport,
  DEFAULT_KIND,
  filePredictionRequest,
  type FilePredictionRequestInput,
  forecastResult,
  type TrainRequestInput,
  trainResult,
  type TrainResult,
} from '@almanac/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { createWriteStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../connection.js';
import { type Context, contextOf } from '../context.js';
import { follow } from '../follow.js';
import { asFlags, count, duration, fixed, leftOut, note, several, show, table, toCsv, whole } from '../print.js';
import { asUsage, contentOf, nameOf, withReadingOptions } from '../reading.js';

export const jsonObject = (value: string): Record<string, unknown> => {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError(`Give a JSON object, e.g. '{"hidden":128}'.`);
};

const fillOption = (): Option =>
  new Option('--covariate-fill <how>', 'what a hole of a future covariate within the horizon means (default: it is refused)').choices(
    covariateFill.options,
  );

const listed = (value: string): string[] => value.split(',').filter(Boolean);
const numbersOf = (value: string): number[] =>
  listed(value).map((one) => {
    if (!Number.isFinite(Number(one))) throw new InvalidArgumentError(`"${one}" is no number. Give percents, e.g. 80,95.`);
    return Number(one);
  });
const whereOf = (value: string, before: Record<string, string> = {}): Record<string, string> => {
  const at = value.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give NAME=VALUE.');
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
};

interface ForecastFlags {
  horizon?: number;
  series?: string[];
  search?: string;
  where?: Record<string, string>;
  cutoff?: string;
  attention?: boolean;
  contributions?: boolean;
  calibrate: boolean;
  wait: boolean;
  file?: string;
  covariateFill?: CovariateFill;
}

/** Of stored series, and of a file: each goes with its own. */
const STORED = ['series', 'search', 'where', 'cutoff', 'attention', 'contributions'] as const;
const READ = Object.keys(filePredictionRequest.shape).filter((key) => !['model', 'horizon', 'covariateFill', 'wait'].includes(key));

function refuseStray(flags: Record<string, unknown>, stray: readonly string[], why: string): void {
  const given = stray.filter((key) => flags[key] !== undefined);
  if (given.length === 0) return;
  const named = given.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  throw new UsageError(`${named.join(' and ')} ${given.length === 1 ? 'goes' : 'go'} with ${why}.`);
}

/** Prints CSV in the columns of the export. The file is read as an upload is. */
async function forecastFile(context: Context, model: string | undefined, flags: ForecastFlags, file: string): Promise<void> {
  const given = { ...flags } as Record<string, unknown>;
  refuseStray(given, STORED, 'the series of a dataset, not with --file');
  const asked = Object.fromEntries(
    ['horizon', 'covariateFill', ...READ].flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])),
  );
  if (file !== '-' && !existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  const options = { ...asked, ...(model === undefined ? {} : { model }) } as FilePredictionRequestInput;
  const answer = await context.client.predictFile(contentOf(file), nameOf(file), options).catch((error: unknown) => {
    throw asUsage(error);
  });
  if (answer.choice) note(answer.choice.summary);
  for (const warning of answer.warnings) note(asFlags(warning));
  for (const { uniqueId, detail } of answer.notes) note(`${uniqueId === null ? '' : `${uniqueId}: `}${detail}`);
  show(context, answer, () => toCsv(answer.columns));
}

/** The rest is in the JSON. */
const MAIN_METRICS = ['wql', 'mase', 'mae', 'smape', 'coverage80', 'coverage95'];

function trainText(r: TrainResult): string {
  const scores = [r.score, ...r.baselines];
  const metrics = MAIN_METRICS.filter((metric) => scores.some((score) => metric in score.metrics));
  return [
    `${r.model}, version ${r.version}: ${count(r.steps)} steps in ${duration(r.trainSeconds)}, ${count(r.parameters)} parameters`,
    `accuracy on the last ${r.holdout.steps} steps of ${count(r.holdout.series)} series, which training never saw:`,
    table(
      ['', ...metrics],
      scores.map((score) => [score.label, ...metrics.map((metric) => fixed(score.metrics[metric]))]),
    ),
    ...(r.skippedSeries.length > 0
      ? [
          `left out: ${r.skippedSeries
            .slice(0, 5)
            .map((s) => `${s.uniqueId} (${s.reason})`)
            .join(', ')}${r.skippedSeries.length > 5 ? ` and ${r.skippedSeries.length - 5} more` : ''}`,
        ]
      : []),
    ...(r.choice ? [r.choice.summary] : []),
    ...covariateLines(r.covariates),
    ...leftOut(r.partialSteps),
    ...(r.gate ? [`${r.gate.promoted ? 'champion now' : 'challenger'}: ${r.gate.reason}`] : []),
    ...(r.forecastRunId ? [`The forecast with the champion: almanac runs follow ${r.forecastRunId}`] : []),
    ...(r.wqlRatio === null ? [] : [`WQL ratio to ${r.baseline || 'seasonal naive'}: ${fixed(r.wqlRatio)}`]),
  ].join('\n');
}

interface SettingSchema {
  type?: string;
  enum?: string[];
  description?: string;
  properties?: Record<string, SettingSchema>;
}

/** Name, values and meaning of each setting; those of a group by their path. */
function settingRows({ properties = {} }: SettingSchema, before = ''): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => [
    [before + name, schema.enum?.join(' | ') ?? schema.type ?? 'any', schema.description ?? ''],
    ...(before === '' ? settingRows(schema, `${name}.`) : []),
  ]);
}

/** The first of many. */
const few = (examples: readonly string[], all: number): string => `${examples.join(', ')}${all > examples.length ? ', …' : ''}`;

function covariateLines({ leftOut, masked }: CovariateReport): string[] {
  return [
    ...leftOut.map(({ name, kind, reason }) => `the ${kind} covariate ${name} was left out: ${reason}`),
    ...masked.map(
      ({ name, kind, series, examples }) =>
        `${count(series)} series lack the ${kind} covariate ${name} (${few(examples, series)}) and were learned without it`,
    ),
  ];
}

export function modelCommands(program: Command): void {
  program
    .command('train')
    .description('train a model on a dataset and put it into the registry')
    .requiredOption('-d, --dataset <name>', 'dataset to learn from')
    .option('-m, --model <name>', 'name in the registry (default: <dataset>-<kind>)')
    .option('-k, --kind <kind>', `kind of model; "almanac kinds" lists them (default: ${DEFAULT_KIND})`)
    .option('--horizon <steps>', 'steps ahead', whole)
    .option('--context-length <steps>', 'steps of look-back', whole)
    .option('--holdout <steps>', 'last steps kept from training to measure accuracy on', whole)
    .option('--steps <number>', 'training steps', whole)
    .option('--seed <number>', 'seed', whole)
    .option('--start-from <version>', 'go on from the weights of this version, e.g. sales@champion, on new data or other series')
    .option('--config <json>', 'further settings of the model', jsonObject)
    .option('--no-promote', 'do not make it champion when the model has none')
    .option('--gate', 'make it champion if it beats the present one and seasonal naive by more than chance')
    .addOption(new Option('--device <device>', 'where to compute').choices(['auto', 'cpu', 'gpu']))
    .addOption(fillOption())
    .option('--then-forecast', 'forecast every series with whichever version is champion after it')
    .option('--no-wait', 'do not wait for the run')
    .action(
      async (flags: TrainRequestInput & { wait: boolean; thenForecast?: boolean; covariateFill?: CovariateFill }, command: Command) => {
        const context = contextOf(command);
        const { wait, thenForecast, covariateFill: fill, ...asked } = flags;
        const body = { ...asked, ...(thenForecast ? { forecast: { covariateFill: fill } } : {}) };
        const queued = await context.client.call('train', { body });
        if (!wait)
          return show(context, queued, () => `Training run ${queued.id} is queued. Follow it with: almanac runs follow ${queued.id}`);
        const run = await follow(context, queued.id);
        const result = trainResult.parse(run.result);
        show(
          context,
          result,
          () =>
            `${run.engine ? `engine ${run.engine.name} (${run.engine.variant}, ${run.engine.threads} threads): ${run.engine.why}\n` : ''}${trainText(result)}`,
        );
      },
    );

  program
    .command('kinds')
    .description('list the kinds of model, or the settings of one for --config')
    .argument('[kind]')
    .action(async (kind: string | undefined, _: unknown, command: Command) => {
      const context = contextOf(command);
      const { items } = await context.client.call('modelKinds', {});
      if (kind !== undefined) {
        const one = items.find((item) => item.kind === kind);
        if (!one)
          throw new UsageError(`There is no kind of model named "${kind}". Kinds are ${items.map((item) => item.kind).join(', ')}.`);
        return show(context, one, () => `${one.summary}\n\n${table(['setting', 'values', 'what it is'], settingRows(one.settings))}`);
      }
      show(context, items, () =>
        table(
          ['kind', 'what it is'],
          items.map((item) => [item.kind, item.summary]),
        ),
      );
    });

  const forecast = program
    .command('forecast')
    .description(
      'forecast every series of a dataset (or some) with a model; with --file, the histories of a file, read as by upload, and nothing is stored',
    )
    .argument('[model]', 'NAME, NAME@ALIAS or NAME/VERSION; with --file also a baseline (default there: the best of them)')
    .option('--horizon <steps>', "steps ahead (default: the model's own)", whole)
    .option('-s, --series <id>', 'only this series; may be repeated', several)
    .option('--search <text>', 'only series whose id contains this')
    .option('--where <name=value>', 'only series whose static covariate has this value; may be repeated', whereOf)
    .option('--cutoff <time>', 'last observation that may be used, e.g. 2001-06-28T23:00:00Z')
    .addOption(fillOption())
    .option('--attention', 'keep the attention maps')
    .option('--contributions', 'keep what each forecast is made of, too (some hundred forecasts more for each series)')
    .option('--no-calibrate', "the model's own intervals, without what monitoring has learned")
    .option('--no-wait', 'do not wait for the run')
    .option(
      '-f, --file <file>',
      'forecast the histories of this file, or of - for standard input; rows without a value at the end hold what is known ahead',
    )
    .option('--level <percents>', 'with --file: prediction intervals, with commas between (default: 80,95)', numbersOf);
  withReadingOptions(forecast, 'with --file: ').action(async (model: string | undefined, flags: ForecastFlags, command: Command) => {
    const context = contextOf(command);
    if (flags.file !== undefined) return forecastFile(context, model, flags, flags.file);
    refuseStray({ ...flags }, READ, '--file');
    if (model === undefined) throw new UsageError('Name a model, or give --file.');
    const { series, wait, horizon, cutoff, attention, contributions, calibrate, search, where, covariateFill: fill } = flags;
    const body = {
      model,
      horizon,
      cutoff,
      attention,
      contributions,
      calibrate,
      search,
      where,
      covariateFill: fill,
      ...(series ? { uniqueIds: series } : {}),
    };
    const queued = await context.client.call('forecast', { body });
    if (!wait) return show(context, queued, () => `Forecast run ${queued.id} is queued. Follow it with: almanac runs follow ${queued.id}`);
    const run = await follow(context, queued.id);
    const result = forecastResult.parse(run.result);
    show(
      context,
      { runId: run.id, ...result },
      () =>
        `${count(result.series)} series, ${result.horizon} steps ahead, with ${result.model} version ${result.version} in ${duration(result.seconds)}.\n${result.notes.map((one) => `${count(one.series)} series (${few(one.examples, one.series)}): ${one.detail}\n`).join('')}Read them with: almanac get --run ${run.id}`,
    );
  });

  program
    .command('get')
    .description('read forecasts: the latest of each series, or those of one run')
    .option('-d, --dataset <name>')
    .option('-m, --model <name>')
    .option('-s, --series <id>', 'only this series; may be repeated', several)
    .option('-r, --run <id>', 'one forecast run')
    .option('--history', 'every stored forecast of each series, not only the latest')
    .option('-f, --format <format>', 'csv or json', 'csv')
    .option('-o, --output <file>', 'write to a file')
    .action(
      async (
        flags: { dataset?: string; model?: string; series?: string[]; run?: string; history?: boolean; format: string; output?: string },
        command: Command,
      ) => {
        const context = contextOf(command);
        const format = context.json ? 'json' : flags.format;
        const query = {
          dataset: flags.dataset,
          model: flags.model,
          uniqueId: flags.series,
          runId: flags.run,
          history: String(flags.history ?? false),
        };
        const target = flags.output === undefined ? process.stdout : createWriteStream(flags.output);
        if (format === 'csv') {
          const response = await context.client.stream('latestForecastsCsv', { query });
          if (response.body) await pipeline(Readable.fromWeb(response.body as never), target, { end: flags.output !== undefined });
        } else if (format === 'json') {
          const items: unknown[] = [];
          for (let after: string | undefined; ;) {
            const page = await context.client.call('latestForecasts', { query: { ...query, limit: 1000, after } });
            items.push(...page.items);
            if (page.next === null) break;
            after = page.next;
          }
          await pipeline(Readable.from([`${JSON.stringify(items, null, 2)}\n`]), target, { end: flags.output !== undefined });
        } else {
          throw new UsageError('--format is csv or json.');
        }
        if (flags.output !== undefined) note(`Written to ${flags.output}.`);
      },
    );
}
