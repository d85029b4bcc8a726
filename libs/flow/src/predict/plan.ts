/**
 * The plan of a prediction. What was asked may be large and is kept only until it is answered, beside the run; the run itself
 * says what it is about.
 */
import { covariateChange, forecastNote } from '@almanac/contracts';
import { z } from 'zod';

const values = z.array(z.number().nullable());

/** A series of a panel as JSON; null is a gap. Future covariates reach beyond `values` by the horizon at least. */
export const laidSeries = z.object({
  id: z.string(),
  firstStep: z.number().int(),
  values,
  staticCovariates: z.record(z.string(), z.number()).optional(),
  pastCovariates: z.record(z.string(), values).optional(),
  futureCovariates: z.record(z.string(), values).optional(),
});
export type LaidSeries = z.infer<typeof laidSeries>;

export const inlinePlan = z.object({
  kind: z.literal('inline'),
  frequency: z.string(),
  timeZone: z.string(),
  /** Shortest first. */
  seasonLengths: z.array(z.number().int()),
  /** What was taken that the times do not say by themselves, and what looks wrong. */
  warnings: z.array(z.string()).default([]),
  series: z.array(laidSeries),
  /** What must be known of the forecasts before they are made. */
  notes: z.array(forecastNote.extend({ uniqueId: z.string().nullable() })).default([]),
  horizon: z.number().int(),
  levels: z.array(z.number()),
  /** Name and level of each column but the first three. */
  columns: z.array(z.object({ name: z.string(), level: z.number() })),
  /** What each member of a mix says is wanted, too. */
  members: z.boolean().default(false),
  /** A version of the registry, or a kind that needs no training. */
  versionId: z.uuid().nullable(),
  untrained: z.object({ kind: z.string(), config: z.record(z.string(), z.unknown()) }).nullable(),
});
export type InlinePlan = z.infer<typeof inlinePlan>;

export const whatIfPlan = z.object({
  kind: z.literal('whatIf'),
  uniqueIds: z.array(z.string()),
  changes: z.array(covariateChange),
  versionId: z.uuid(),
  dataset: z.string(),
  datasetVersion: z.number().int(),
  horizon: z.number().int(),
  levels: z.array(z.number()),
  cutoffStep: z.number().int().nullable(),
});
export type WhatIfPlan = z.infer<typeof whatIfPlan>;

export const firstLookPlan = z.object({
  kind: z.literal('firstLook'),
  uniqueIds: z.array(z.string()),
  /** A kind that needs no training. */
  model: z.string(),
  dataset: z.string(),
  datasetVersion: z.number().int(),
  seriesCount: z.number().int(),
  horizon: z.number().int(),
  levels: z.array(z.number()),
});
export type FirstLookPlan = z.infer<typeof firstLookPlan>;

/** Stored forecasts, to be taken apart. */
export const explainPlan = z.object({ kind: z.literal('explain'), runId: z.uuid(), uniqueIds: z.array(z.string()) });
export type ExplainPlan = z.infer<typeof explainPlan>;

/** What a worker is asked. */
export const predictionPlan = z.discriminatedUnion('kind', [inlinePlan, whatIfPlan, firstLookPlan, explainPlan]);
export type PredictionPlan = z.infer<typeof predictionPlan>;

/** What stays on the run. */
export const predictPlan = z.object({
  model: z.string(),
  series: z.number().int(),
  horizon: z.number().int(),
  frequency: z.string().optional(),
  dataset: z.string().optional(),
});
export type PredictPlan = z.infer<typeof predictPlan>;
