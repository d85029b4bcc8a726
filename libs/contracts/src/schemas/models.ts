/** The registry: models, their versions, and the names that point at versions. */
import { z } from 'zod';
import { device, instant, name, pageOf, uuid } from './common.js';
import { score } from './runs.js';

/** What to train. `config` overrides the defaults that one rule derives from frequency, length and size. */
export const trainRequest = z
  .object({
    dataset: name,
    datasetVersion: z.number().int().positive().optional(),
    model: name.optional().meta({ description: 'Name in the registry; `<dataset>-<kind>` unless given.' }),
    kind: z.string().default('segment').meta({ description: '`segment`, `seasonalNaive`, `theta`, … `GET /v1/model-kinds` lists them.' }),
    horizon: z.number().int().positive().max(10_000).optional().meta({ description: 'Steps ahead; two shortest seasons unless given.' }),
    contextLength: z.number().int().positive().max(100_000).optional(),
    holdout: z
      .number()
      .int()
      .positive()
      .optional()
      .meta({ description: 'Last steps that training never sees and accuracy is measured on; the horizon unless given.' }),
    steps: z.number().int().positive().max(1_000_000).optional(),
    config: z.record(z.string(), z.unknown()).default({}),
    seed: z.number().int().nonnegative().default(1),
    device: device.default('auto').meta({ description: '`auto` takes a GPU where a worker offers one; `gpu` insists on it.' }),
    promote: z.boolean().default(true).meta({ description: 'Make it `champion` when the model has none yet.' }),
    gate: z.boolean().default(false).meta({
      description:
        'Where there is a champion: make it `challenger`, and `champion` if it beats both that one and seasonal naive on the held-out steps by a Diebold-Mariano test. Hold out several horizons for it.',
    }),
  })
  .meta({ id: 'TrainRequest' });
export type TrainRequest = z.infer<typeof trainRequest>;
export type TrainRequestInput = z.input<typeof trainRequest>;

export const modelVersion = z
  .object({
    model: name,
    version: z.number().int(),
    kind: z.string(),
    runId: uuid,
    aliases: z.array(z.string()),
    horizon: z.number().int(),
    futureCovariates: z.array(z.string()).default([]).meta({ description: 'Those it was trained with; what-if changes them.' }),
    score: score.nullable(),
    baselines: z.array(score),
    wqlRatio: z.number().nullable(),
    lineage: z.object({
      dataset: name,
      datasetVersion: z.number().int(),
      uploads: z.array(z.string()).meta({ description: 'sha256 of each upload the version rests on.' }),
      seed: z.number().int(),
      codeVersion: z.string(),
      engine: z.string(),
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
  .object({ name, dataset: name, latest: z.number().int(), champion: z.number().int().nullable(), createdAt: instant })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof model>;
export const modelPage = pageOf(model);
export const modelVersionPage = pageOf(modelVersion);

export const aliasName = z.enum(['champion', 'challenger']);
export const setAlias = z.object({ version: z.number().int().positive(), reason: z.string().max(500).default('') });
export const aliasChange = z
  .object({ alias: aliasName, version: z.number().int(), reason: z.string(), from: instant, to: instant.nullable() })
  .meta({ id: 'AliasChange', description: 'Immutable history: which version bore the alias from when to when.' });
export type AliasChange = z.infer<typeof aliasChange>;
export const aliasChangePage = pageOf(aliasChange);

export const exportedVersion = z.object({ model: name, version: z.coerce.number().int().positive() });
export const importQuery = z.object({
  dataset: name
    .optional()
    .meta({ description: 'What it will forecast, with the same frequency and zone; the dataset it was trained on unless given.' }),
  model: name.optional().meta({ description: 'Its name here; the one it had unless given.' }),
});
export const deleteModelQuery = z.object({
  forecasts: z.stringbool().default(false).meta({ description: 'Delete the forecasts that rest on it, too; else they keep it.' }),
});

export const modelKinds = z.object({ items: z.array(z.object({ kind: z.string(), summary: z.string(), trainable: z.boolean() })) });
