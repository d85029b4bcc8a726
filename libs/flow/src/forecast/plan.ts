/** The plan of a forecast run: a request with everything decided that its run rests on. */
import { forecastRequest, name, uuid } from '@almanac/contracts';
import { z } from 'zod';

export const forecastPlan = z.object({
  ...forecastRequest.shape,
  /** A run that was planned before there were calibrations says nothing of them. */
  calibrate: z.boolean().default(false),
  modelName: name,
  modelVersion: z.number().int(),
  modelVersionId: uuid,
  dataset: name,
  datasetVersion: z.number().int(),
  horizon: z.number().int(),
  cutoffStep: z.number().int().optional(),
  /** Nothing is stored: the result tells how this forecast differs from that of the run. */
  replayOf: uuid.optional(),
});
export type ForecastPlan = z.infer<typeof forecastPlan>;

/** Series that are forecast in one go. */
export const SHARD = 512;

/** Whether any worker shares in it; the run itself then waits for its parts. */
export const isInParts = ({ uniqueIds, replayOf }: ForecastPlan, seriesCount: number): boolean =>
  replayOf === undefined && (uniqueIds?.length ?? seriesCount) > SHARD;
