/** The registry: `almanac models`, `promote`, `aliases`, `tag`, `compare`, `export`, `import` and `delete-model`. */
import type { BacktestSeries, Model, ModelVersion } from '@almanac/contracts';
import { type Command } from 'commander';
import { createWriteStream, openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../connection.js';
import { contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { fixed, shortDate, show, table, whole } from '../print.js';

/**
 * A version as two arguments (`flights 3`, `flights champion`) or as one reference (`flights/3`, `models:/flights@champion`).
 * The champion where neither says.
 */
export function versionOf(model: string, version: string | undefined): { model: string; version: number | 'champion' | 'challenger' } {
  const match = /^(?:models:\/)?([^@/]+)(?:[@/](.+))?$/.exec(model);
  const named = version ?? match?.[2] ?? 'champion';
  if (!match || (version !== undefined && match[2] !== undefined))
    throw new UsageError(`"${model}" names no model. Write NAME VERSION or NAME@ALIAS.`);
  if (named === 'champion' || named === 'challenger') return { model: match[1]!, version: named };
  if (/^[1-9]\d*$/.test(named)) return { model: match[1]!, version: Number(named) };
  throw new UsageError(`"${named}" is no version: give its number, champion or challenger.`);
}

type DeleteFlags = IfMatch & { forecasts?: boolean; yes?: boolean };

const tagsOf = ({ tags }: ModelVersion): string =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

const championText = ({ champion, standsIn }: Model): string | null =>
  champion === null ? null : `${champion}${standsIn ? ` (${standsIn.baseline}, stands in for ${standsIn.for})` : ''}`;

/** What the two have in common is left out, but for what they are. */
function comparison(first: ModelVersion, second: ModelVersion): string {
  const { dataset, datasetVersion, seed, codeVersion, engine } = first.lineage;
  const facts = (v: ModelVersion): Record<string, unknown> => ({
    kind: v.kind,
    aliases: v.aliases.join(','),
    tags: tagsOf(v),
    horizon: v.horizon,
    ...Object.fromEntries(Object.entries(v.score?.metrics ?? {}).map(([name, value]) => [name, fixed(value)])),
    'wql ratio': fixed(v.wqlRatio),
    'measured on the last': v.lineage.holdout === null ? undefined : `${v.lineage.holdout} steps`,
    ...Object.fromEntries(
      Object.keys({ dataset, datasetVersion, seed, codeVersion, engine }).map((name) => [name, v.lineage[name as 'seed']]),
    ),
    ...flat(v.settings),
  });
  const [a, b] = [facts(first), facts(second)];
  const text = (value: unknown): string =>
    value === undefined || value === '' ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
  const always = new Set(['kind', 'wql', 'mase', 'wql ratio']);
  const rows = [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((name) => always.has(name) || text(a[name]) !== text(b[name]))
    .map((name) => [name, text(a[name]), text(b[name])]);
  return table(['', ...[first, second].map((v) => `${v.model}/${v.version}`)], rows);
}

/** A version for people: accuracy, members, series. */
function shown(version: ModelVersion, series: readonly BacktestSeries[]): string {
  const { model, kind, score, baselines, baseline, wqlRatio, choice, standsIn } = version;
  const scores = score ? [score, ...baselines] : baselines;
  return [
    `${model}/${version.version}, ${kind}${version.aliases.map((alias) => `, ${alias}`).join('')}`,
    ...(standsIn ? [`stands in for version ${standsIn.for} since ${shortDate(standsIn.since)}, until a challenger passes the gate`] : []),
    table(
      ['', 'wql', 'mase'],
      scores.map((one) => [one.label, fixed(one.metrics['wql']), fixed(one.metrics['mase'])]),
    ),
    ...(wqlRatio === null ? [] : [`WQL ratio to ${baseline ?? 'seasonal naive'}: ${fixed(wqlRatio)}`]),
    ...(choice
      ? [
          choice.summary,
          table(
            ['member', 'counts', 'why'],
            choice.members.map((one) => [one.label, `${Math.round(100 * one.share)} %`, one.why]),
          ),
        ]
      : []),
    ...(series.length > 0
      ? [
          table(
            ['series, worst first', 'wql', 'seasonal naive', 'mase', ...(choice ? ['what it chose, and why'] : [])],
            series.map((one) => [one.uniqueId, fixed(one.wql), fixed(one.naiveWql), fixed(one.mase), ...(choice ? [one.why] : [])]),
          ),
        ]
      : []),
  ].join('\n\n');
}

/** Settings within settings as `train.steps`. */
const flat = (settings: Record<string, unknown>, prefix = ''): Record<string, unknown> =>
  Object.assign(
    {},
    ...Object.entries(settings).map(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? flat(value as Record<string, unknown>, `${prefix}${name}.`)
        : { [`${prefix}${name}`]: value },
    ),
  ) as Record<string, unknown>;

export function registryCommands(program: Command): void {
  const models = program
    .command('models')
    .description('list models, or the versions of one')
    .argument('[model]')
    .option('--tag <name=value>', 'only versions with this tag, or this value of it')
    .action(async (model: string | undefined, { tag }: { tag?: string }, command: Command) => {
      const context = contextOf(command);
      if (model === undefined) {
        const items = await context.client.listAll('listModels', {});
        return show(context, items, () =>
          items.length === 0
            ? 'No model yet. Make one with: almanac train --dataset NAME'
            : table(
                ['model', 'dataset', 'latest', 'champion', 'made'],
                items.map((m) => [m.name, m.dataset, m.latest, championText(m), shortDate(m.createdAt)]),
              ),
        );
      }
      const items = await context.client.listAll('listModelVersions', { params: { model }, query: { tag } });
      show(context, items, () =>
        table(
          ['version', 'kind', 'aliases', 'tags', 'horizon', 'wql', 'mase', 'wql ratio', 'made'],
          items.map((v) => [
            v.version,
            v.kind,
            v.aliases.join(',') || '-',
            tagsOf(v) || '-',
            v.horizon,
            fixed(v.score?.metrics['wql']),
            fixed(v.score?.metrics['mase']),
            fixed(v.wqlRatio),
            shortDate(v.createdAt),
          ]),
        ),
      );
    });

  models
    .command('show')
    .description('one version: how accurate it is beside the baselines, and what it chose for which series')
    .argument('<model>')
    .argument('[version]', 'version number, champion or challenger (default: champion)')
    .option('--series <n>', 'series to list, the worst first', whole, 20)
    .action(async (named: string, no: string | undefined, flags: { series: number }, command: Command) => {
      const context = contextOf(command);
      const params = versionOf(named, no);
      const version = await context.client.call('getModelVersion', { params });
      const { items } = await context.client.call('modelVersionSeries', { params, query: { limit: flags.series } });
      show(context, { ...version, series: items }, () => shown(version, items));
    });

  program
    .command('promote')
    .description('point champion (or another alias) of a model at a version; an earlier version rolls back')
    .argument('<model>')
    .argument('[version]', 'version number, or challenger')
    .option('--alias <alias>', 'champion or challenger', 'champion')
    .option('--reason <text>', 'why, for the history', '')
    .addOption(ifMatchOption('of the version that bears the alias'))
    .action(async (named: string, no: string | undefined, flags: IfMatch & { alias: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      if (flags.alias !== 'champion' && flags.alias !== 'challenger') throw new UsageError('--alias is champion or challenger.');
      const { model, version } = versionOf(named, no);
      if (no === undefined && !/[@/]./.test(named.replace(/^models:\//, '')))
        throw new UsageError('Name the version: NAME VERSION or NAME/VERSION.');
      const result = await context.client.call('setModelAlias', {
        params: { model, alias: flags.alias },
        body: { version, reason: flags.reason },
        ifMatch: flags.ifMatch,
      });
      show(context, result, () => `${model}@${flags.alias} is now version ${result.version}.`);
    });

  program
    .command('aliases')
    .description('which version bore which alias, when and why; newest first')
    .argument('<model>')
    .option('--at <time>', 'only what was true then, e.g. 2024-02-01 or 2024-02-01T06:00:00Z')
    .action(async (model: string, { at }: { at?: string }, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listAliasHistory', { params: { model }, query: { at } });
      show(context, items, () =>
        items.length === 0
          ? 'No version bore an alias.'
          : table(
              ['alias', 'version', 'from', 'to', 'by', 'why'],
              items.map((one) => [
                one.alias,
                one.version,
                shortDate(one.from),
                shortDate(one.to) ?? 'now',
                one.rollback ? 'rollback' : null,
                one.reason,
              ]),
            ),
      );
    });

  program
    .command('tag')
    .description('set tags of a version: NAME=VALUE sets one, NAME= takes it away')
    .argument('<model>', 'NAME, NAME@ALIAS or NAME/VERSION')
    .argument('<tags...>')
    .addOption(ifMatchOption())
    .action(async (named: string, given: string[], { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      const stray = given.find((one) => !/^[^=]+=/.test(one));
      if (stray !== undefined) throw new UsageError(`"${stray}" is no tag. Write NAME=VALUE.`);
      const tags = Object.fromEntries(given.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1) || null]));
      const tagged = await context.client.call('tagModelVersion', { params: versionOf(named, undefined), body: { tags }, ifMatch });
      show(context, tagged, () => `Version ${tagged.version} of ${tagged.model}: ${tagsOf(tagged) || 'no tags'}.`);
    });

  program
    .command('compare')
    .description('two versions beside each other: accuracy, settings, lineage')
    .argument('<version>', 'NAME, NAME@ALIAS or NAME/VERSION')
    .argument('<other>')
    .action(async (first: string, second: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const versions = await Promise.all(
        [first, second].map((named) => context.client.call('getModelVersion', { params: versionOf(named, undefined) })),
      );
      show(context, versions, () => comparison(versions[0]!, versions[1]!));
    });

  program
    .command('export')
    .description('save a version of a model as one file')
    .argument('<model>', 'NAME, NAME@ALIAS or NAME/VERSION')
    .argument('[version]', 'version number, champion or challenger')
    .option('-o, --output <file>', 'file to write (default: <model>-<version>.almanac-model.tar)')
    .action(async (named: string, no: string | undefined, flags: { output?: string }, command: Command) => {
      const context = contextOf(command);
      const params = versionOf(named, no);
      const { model, version } = await context.client.call('getModelVersion', { params });
      const target = flags.output ?? `${model}-${version}.almanac-model.tar`;
      const response = await context.client.stream('exportModelVersion', { params: { model, version } });
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(target));
      show(context, { file: target }, () => `Version ${version} of ${model} is in ${target}.`);
    });

  program
    .command('import')
    .description('add an exported version to the registry')
    .argument('<file>')
    .option('-d, --dataset <name>', 'what it will forecast (default: the dataset it was trained on)')
    .option('-m, --model <name>', 'its name here (default: the one it had)')
    .action(async (file: string, flags: { dataset?: string; model?: string }, command: Command) => {
      const context = contextOf(command);
      const archive = await openAsBlob(file).catch(() => {
        throw new UsageError(`There is no file ${file}.`);
      });
      const made = await context.client.importModel(archive, flags);
      show(
        context,
        made,
        () => `It is version ${made.version} of ${made.model} now. Use it with: almanac promote ${made.model} ${made.version}`,
      );
    });

  program
    .command('delete-model')
    .description('delete a version of a model, or the whole model')
    .argument('<model>')
    .argument('[version]', 'version number', whole)
    .option('--forecasts', 'with the whole model: delete the forecasts that rest on it, too')
    .option('--yes', 'say so: nothing of it can be brought back')
    .addOption(ifMatchOption('of the model, or of the version, as you have read it'))
    .action(async (model: string, version: number | undefined, flags: DeleteFlags, command: Command) => {
      if (!flags.yes) {
        const gone = version === undefined ? `"${model}" with all its versions` : `Version ${version} of "${model}"`;
        throw new UsageError(`${gone} would be gone. If that is meant, add --yes.`);
      }
      const context = contextOf(command);
      if (version === undefined)
        await context.client.call('deleteModel', {
          params: { model },
          query: { forecasts: String(flags.forecasts ?? false) },
          ifMatch: flags.ifMatch,
        });
      else await context.client.call('deleteModelVersion', { params: { model, version }, ifMatch: flags.ifMatch });
      show(context, { deleted: model, version }, () =>
        version === undefined ? `${model} is deleted.` : `Version ${version} of ${model} is deleted.`,
      );
    });
}
