/** Writes docs/guide/kinds.md: what the plans of the kinds of model say of them and of their settings. `npm run guide:kinds` runs it. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MODEL_KINDS } from '@almanac/flow/train';

interface Schema {
  type?: string;
  enum?: string[];
  description?: string;
  properties?: Record<string, Schema>;
}

const GUIDE = fileURLToPath(new URL('../../docs/guide/kinds.md', import.meta.url));

function rows({ properties = {} }: Schema, before = ''): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => [
    `| \`${before}${name}\` | ${(schema.enum ?? [schema.type ?? 'any']).join(', ')} | ${schema.description ?? ''} |`,
    ...(before === '' ? rows(schema, `${name}.`) : []),
  ]);
}

export function kindsGuide(): string {
  const trained = MODEL_KINDS.filter(({ trainable }) => trainable);
  const baselines = MODEL_KINDS.filter(({ trainable }) => !trainable);
  return `${[
    '# Kinds of model',
    'What `kind` of a training or a backtest may be. Everything has a default, derived from the frequency, length and size of the dataset;',
    '`config` overrides single settings. A setting that a kind does not have is refused, with the nearest that it has.',
    'The same list: `GET /v1/model-kinds`, `almanac kinds`, `almanac kinds KIND`, and the form of a training.',
    ...trained.flatMap(({ kind, summary, covariates, settings }) => [
      `\n## ${kind}\n`,
      `${summary} ${covariates.length > 0 ? `It reads ${covariates.join(', ')} covariates.` : 'It reads no covariates itself.'}`,
      '\n| setting | values | what it is |\n| --- | --- | --- |',
      ...rows(settings as Schema),
    ]),
    '\n## Baselines\n',
    'They learn nothing, and are there at once. Their one setting is `seasonLength`.',
    '\n| kind | what it forecasts |\n| --- | --- |',
    ...baselines.map(({ kind, summary }) => `| \`${kind}\` | ${summary} |`),
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(GUIDE, kindsGuide());
