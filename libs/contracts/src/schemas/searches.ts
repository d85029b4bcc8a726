/** Searches for the settings of a model: many candidates trained briefly, the best of them longer, the winner as a version. */
import { z } from 'zod';
import { device, name, stepTime, uuid } from './common.js';
import { trainRequest } from './models.js';

const { dataset, datasetVersion, model, horizon, holdout, config, seed, promote, gate, forecast } = trainRequest.shape;

/** What may be varied: settings by their path, each with values to choose from or a range. */
export const searchChoices = z
  .record(
    z.string(),
    z.union([
      z.array(z.unknown()).min(1).max(100),
      z.object({ from: z.number().positive(), to: z.number().positive() }).meta({
        description: 'Drawn evenly over its logarithm; whole numbers where both ends are.',
      }),
    ]),
  )
  .meta({ id: 'SearchChoices', example: { hidden: [32, 64], 'train.learningRate': { from: 0.0005, to: 0.005 } } });
export type SearchChoices = z.infer<typeof searchChoices>;

export const searchRequest = z
  .object({
    dataset,
    datasetVersion,
    model,
    kind: z.string().optional().meta({ description: 'A kind that is trained step by step; a segment network unless given.' }),
    horizon,
    holdout: holdout.meta({
      description: 'Last steps that no trial sees: the accuracy of the winner is measured on them. The horizon unless given.',
    }),
    config: config.meta({ description: 'Settings that are not varied; the first candidate has them as they are.' }),
    space: searchChoices.optional().meta({ description: 'What is varied. `GET /v1/searches/space` shows the default.' }),
    trials: z.number().int().min(2).max(243).optional().meta({ description: 'Candidates of the first rung; 9 unless given.' }),
    steps: z.number().int().positive().max(1_000_000).optional().meta({
      description: 'Optimiser steps of the last rung and of the winner; chosen from the size of the dataset unless given.',
    }),
    budgetSteps: z.number().int().positive().optional().meta({
      description: 'Instead of `trials`: as many candidates as so many optimiser steps of all trials together allow.',
    }),
    budgetMinutes: z.number().positive().max(60_000).optional().meta({
      description:
        'Instead of `trials`: the same for so many minutes, at the pace that trainings here have had. An estimate, not a deadline.',
    }),
    windows: z
      .number()
      .int()
      .positive()
      .max(50)
      .default(3)
      .meta({ description: 'Cutoffs that each trial is scored at, the same for all.' }),
    stepSize: z.number().int().positive().optional().meta({ description: 'Steps between cutoffs; the horizon unless given.' }),
    seed,
    device: device.default('auto').meta({ description: '`auto` takes a GPU where a worker offers one; `gpu` insists on it.' }),
    promote,
    gate,
    forecast,
  })
  .meta({ id: 'SearchRequest' });
export type SearchRequest = z.infer<typeof searchRequest>;
export type SearchRequestInput = z.input<typeof searchRequest>;

export const searchSpaceQuery = z.object({
  dataset: name,
  kind: z.string().optional(),
  horizon: z.coerce.number().int().positive().max(10_000).optional(),
});
export const searchSpace = z
  .object({
    kind: z.string(),
    config: z.record(z.string(), z.unknown()).meta({ description: 'All settings of the kind for this dataset: what can be varied.' }),
    space: searchChoices.meta({ description: 'What a search varies unless told otherwise.' }),
    steps: z.number().int().meta({ description: 'Optimiser steps of the last rung unless told otherwise.' }),
  })
  .meta({ id: 'SearchSpace' });
export type SearchSpace = z.infer<typeof searchSpace>;

export const searchTrial = z.object({
  candidate: z.number().int().meta({ description: '0 has the settings as they are.' }),
  rung: z.number().int(),
  steps: z.number().int(),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'The varied settings by their path.' }),
  wql: z.number().nullable().meta({ description: 'Over all cutoffs; lower is better. Null where the trial failed.' }),
  overSeasonalNaive: z.number().nullable().meta({ description: 'WQL over that of seasonal naive at the same cutoffs.' }),
  seconds: z.number(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type SearchTrial = z.infer<typeof searchTrial>;

export const searchResult = z
  .object({
    kind: z.string(),
    horizon: z.number().int(),
    cutoffs: z.array(stepTime).meta({ description: 'Of every trial, oldest first. They come before what the winner holds out.' }),
    holdout: z.number().int(),
    rungs: z.array(z.object({ steps: z.number().int(), trials: z.number().int() })),
    trials: z.array(searchTrial).meta({ description: 'The last rung first, in it the best first.' }),
    winner: searchTrial,
    winnerConfig: z.record(z.string(), z.unknown()),
    trainRunId: uuid.meta({ description: 'The training of the winner, which registers it as a version of the model.' }),
  })
  .meta({ id: 'SearchResult' });
export type SearchResult = z.infer<typeof searchResult>;
