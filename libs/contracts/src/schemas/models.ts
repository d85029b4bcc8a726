/** The registry: models, their versions, and the names that point at versions. */
import { z } from 'zod';
import { device, etag, instant, name, pageOf, pageQuery, partialSteps, stepTime, time, uuid, versionNumber } from './common.js';
import { modelChoice } from './choice.js';
import { forecastRequest, modelReference } from './forecasts.js';
import { score } from './runs.js';

/** The kind of model where nobody names one. */
export const DEFAULT_KIND = 'auto';

/** What to train. `config` overrides the defaults that one rule derives from frequency, length and size. */
export const trainRequest = z
  .object({
    dataset: name,
    datasetVersion: versionNumber.optional(),
    model: name.optional().meta({ description: 'Name in the registry; `<dataset>-<kind>` unless given.' }),
    kind: z.string().default(DEFAULT_KIND).meta({ description: '`GET /v1/model-kinds` lists them, with their settings.' }),
    horizon: z.number().int().positive().max(10_000).optional().meta({ description: 'Steps ahead; two shortest seasons unless given.' }),
    contextLength: z.number().int().positive().max(100_000).optional(),
    holdout: z.number().int().positive().optional().meta({
      description:
        'Last steps that training never sees and accuracy is measured on; the horizon unless given, with `gate` as many as its test needs.',
    }),
    steps: z.number().int().positive().max(1_000_000).optional(),
    config: z.record(z.string(), z.unknown()).default({}),
    startFrom: modelReference.optional().meta({
      description:
        'Go on from the weights of this version instead of random ones: on new data, or on other series. Settings and horizon are those of the version; `steps` are a quarter of its own unless given.',
    }),
    seed: z.number().int().nonnegative().default(1),
    device: device.default('auto').meta({ description: '`auto` takes a GPU where a worker offers one; `gpu` insists on it.' }),
    promote: z.boolean().default(true).meta({ description: 'Make it `champion` when the model has none yet.' }),
    gate: z.boolean().default(false).meta({
      description:
        'Where there is a champion: make it `challenger`, and `champion` if it beats both that one and seasonal naive on the held-out steps by a Diebold-Mariano test.',
    }),
    forecast: forecastRequest.omit({ model: true, datasetVersion: true, cutoff: true }).optional().meta({
      description:
        'Once it is trained, forecast with whichever version is champion then (with the new one where there is none); `{}` forecasts every series.',
    }),
  })
  .meta({ id: 'TrainRequest' });
export type TrainRequest = z.infer<typeof trainRequest>;
export type TrainRequestInput = z.input<typeof trainRequest>;

/** How the errors of a model hang together, which decides how far off sums over steps and series may be. */
export const dependence = z
  .object({
    persistence: z.number().meta({ description: 'Of neighbouring steps, 0 to 1: what fades from step to step.' }),
    constant: z.number().meta({ description: 'Share of an error, 0 to 1, that stays over the whole forecast.' }),
    common: z.number().meta({ description: 'Correlation, 0 to 1, of the errors of different series at the same step.' }),
  })
  .meta({ id: 'Dependence' });

/** A baseline that forecasts since the champion's world broke, until a challenger passes the gate. */
export const standIn = z
  .object({
    for: z.number().int().meta({ description: 'The version whose place it took.' }),
    since: stepTime.meta({ description: 'Since when the error had drifted.' }),
    baseline: z.string(),
    holdout: z.number().int().meta({ description: 'Last steps that its accuracy was measured on.' }),
  })
  .meta({ id: 'StandIn' });
export type StandIn = z.infer<typeof standIn>;

export const modelVersion = z
  .object({
    model: name,
    version: z.number().int(),
    kind: z.string(),
    runId: uuid,
    aliases: z.array(z.string()),
    etag,
    tags: z.record(z.string(), z.string()).default({}),
    horizon: z.number().int(),
    settings: z.record(z.string(), z.unknown()).default({}).meta({ description: 'What it was trained with, defaults included.' }),
    futureCovariates: z.array(z.string()).default([]).meta({ description: 'Those it was trained with; what-if changes them.' }),
    score: score.nullable(),
    baselines: z.array(score),
    baseline: z.string().nullable().default(null).meta({
      description:
        'Label of the one that did best on the training part; null in older versions, whose ratio is to the better seasonal naive.',
    }),
    wqlRatio: z.number().nullable().meta({ description: 'WQL over that of the baseline; under 1 is better.' }),
    choice: modelChoice.nullable().default(null).meta({ description: 'Of a kind that is made of others: what it chose, and why.' }),
    standsIn: standIn.nullable().default(null).meta({ description: 'Of a baseline that monitoring put in the place of a champion.' }),
    dependence: dependence.nullable().default(null).meta({ description: 'Measured on the held-out steps; null where it was not.' }),
    lineage: z.object({
      dataset: name,
      datasetVersion: z.number().int(),
      uploads: z.array(z.string()).meta({ description: 'sha256 of each upload the version rests on.' }),
      seed: z.number().int(),
      codeVersion: z.string(),
      engine: z.string(),
      holdout: z
        .number()
        .int()
        .nullable()
        .default(null)
        .meta({ description: 'Last steps that training did not see; the accuracy is that on them.' }),
      partialSteps: partialSteps.optional().meta({ description: 'Steps that training left out because events cover them in part.' }),
      imported: z
        .object({ digest: z.string(), model: name, version: z.number().int() })
        .optional()
        .meta({ description: 'It was trained elsewhere, as this version of this model; the rest tells of that training.' }),
    }),
    createdAt: instant,
  })
  .meta({ id: 'ModelVersion' });
export type ModelVersion = z.infer<typeof modelVersion>;

export const model = z
  .object({
    name,
    dataset: name,
    latest: z.number().int(),
    champion: z.number().int().nullable(),
    standsIn: standIn
      .nullable()
      .default(null)
      .meta({ description: 'Where the champion is a baseline that stands in for another version.' }),
    createdAt: instant,
    etag,
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof model>;
export const modelPage = pageOf(model);
export const modelVersionPage = pageOf(modelVersion);

export const aliasName = z.enum(['champion', 'challenger']);
/** A version of a model that is named already: its number, or the alias it bears. */
export const versionName = z
  .union([z.coerce.number().int().positive(), aliasName], 'must be a version number, `champion` or `challenger`')
  .meta({ description: 'Version number, or the alias that it bears.', example: 'champion' });
export const setAlias = z.object({ version: versionName, reason: z.string().max(500).default('') });
export const aliasHistoryQuery = pageQuery.extend({
  at: time.optional().meta({ description: 'Only which version bore which alias at this instant.' }),
});
const tagName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be 1 to 100 letters, digits, ".", "_" or "-"');
export const tagPatch = z.object({
  tags: z.record(tagName, z.string().max(500).nullable()).meta({ description: 'Those named are set; null takes one away.' }),
});
export const versionsQuery = pageQuery.extend({
  tag: z.string().optional().meta({ description: 'Only versions with this tag, or this value of it (`region=north`).' }),
});
export const aliasChange = z
  .object({
    alias: aliasName,
    version: z.number().int(),
    reason: z.string(),
    rollback: z
      .boolean()
      .meta({ description: 'Monitoring gave the alias back, because the version that bore it was worse than seasonal naive.' }),
    from: instant,
    to: instant.nullable(),
  })
  .meta({ id: 'AliasChange', description: 'Immutable history: which version bore the alias from when to when.' });
export type AliasChange = z.infer<typeof aliasChange>;
export const aliasChangePage = pageOf(aliasChange);

export const byVersion = z.object({ model: name, version: versionName });
export const importQuery = z.object({
  dataset: name
    .optional()
    .meta({ description: 'What it will forecast, with the same frequency and zone; the dataset it was trained on unless given.' }),
  model: name.optional().meta({ description: 'Its name here; the one it had unless given.' }),
});
export const deleteModelQuery = z.object({
  forecasts: z.stringbool().default(false).meta({ description: 'Delete the forecasts that rest on it, too; else they keep it.' }),
});

export const modelKind = z
  .object({
    kind: z.string(),
    summary: z.string(),
    trainable: z.boolean().meta({ description: 'False: a baseline, which learns nothing.' }),
    compared: z
      .enum(['always', 'suggested'])
      .optional()
      .meta({ description: '`always`: every backtest has it; `suggested`: worth comparing where nobody chooses.' }),
    searchable: z.boolean().default(false).meta({ description: 'A search can look for its settings (`POST /v1/searches`).' }),
    covariates: z.array(z.enum(['static', 'past', 'future'])).meta({ description: 'Covariates that it reads.' }),
    settings: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of `config`: every setting that can be overridden.' }),
  })
  .meta({ id: 'ModelKind' });
export type ModelKind = z.infer<typeof modelKind>;
export const modelKinds = z.object({ items: z.array(modelKind) });
