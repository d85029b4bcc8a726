/** The plan of a training run, and its rules: a request with everything decided that its run rests on. */
import { name, type TrainRequest, trainRequest, uuid } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';
import { type GateFacts, gateWindows, planGate } from './windows.js';

export const trainPlan = z.object({
  ...trainRequest.shape,
  datasetVersion: z.number().int(),
  model: name,
  horizon: z.number().int(),
  holdout: z.number().int(),
  /** First steps of each forecast that the gate judges; all of them unless given. */
  judged: z.number().int().optional(),
  /** The version whose weights it starts from, where it does; its settings are in `config`. */
  startVersionId: uuid.optional(),
  /** The search that found its settings. */
  search: uuid.optional(),
  /** The cancelled or failed run that this one goes on from. */
  resumes: uuid.optional(),
});
export type TrainPlan = z.infer<typeof trainPlan>;

/** What the rules look at. */
export interface TrainedOn extends Omit<GateFacts, 'length'> {
  /** Steps of the shortest season; undefined where there is none. */
  season: number | undefined;
  version: number;
  /** Steps from the first to the last observation; 0 where nobody knows. */
  span: number;
}

/** Horizon of a frequency without a season. */
const PLAIN_HORIZON = 12;

/** Two of the shortest season: two days of hours, two weeks of days, two years of months. */
export function defaultHorizon(season: number | undefined): number {
  return season === undefined ? PLAIN_HORIZON : 2 * season;
}

/** The name of what a request trains. */
export const modelOf = ({ model, dataset, kind }: Pick<TrainRequest, 'model' | 'dataset' | 'kind'>): string =>
  model ?? `${dataset}-${kind}`;

/** Steps from the first to the last observation of a dataset version; 0 where it has none. */
export const spanOf = ({ firstStep, lastStep }: { firstStep: number | null; lastStep: number | null }): number =>
  firstStep === null || lastStep === null ? 0 : lastStep - firstStep + 1;

/** @throws AlmanacError HOLDOUT_TOO_SHORT, SERIES_TOO_SHORT */
export function trainPlanOf(request: TrainRequest, on: TrainedOn): TrainPlan {
  const { season } = on;
  const horizon = request.horizon ?? defaultHorizon(season);
  const { holdout, judged } =
    request.gate && request.holdout === undefined
      ? planGate(horizon, season, { ...on, length: on.span })
      : { holdout: request.holdout ?? horizon, judged: horizon };
  if (holdout < horizon)
    throw new AlmanacError('HOLDOUT_TOO_SHORT', `A holdout of ${holdout} steps cannot measure a horizon of ${horizon}.`, {
      hint: 'Hold out at least as many steps as the model forecasts.',
      subject: { holdout, horizon },
    });
  const { count, needed, stepSize } = gateWindows(horizon, season, holdout, judged);
  if (request.gate && count < needed)
    throw new AlmanacError(
      'HOLDOUT_TOO_SHORT',
      `A holdout of ${holdout} steps has room for ${count} forecasts of ${horizon}; the gate compares ${needed} at least.`,
      { hint: `Hold out ${horizon + (needed - 1) * stepSize} steps or more, or leave holdout out.`, subject: { holdout, horizon, needed } },
    );
  // The panel spans too little for any of its series; the run looks at each.
  if (on.span > 0 && on.span <= holdout)
    throw new AlmanacError('SERIES_TOO_SHORT', `The dataset spans ${on.span} steps, and ${holdout} of them are held out.`, {
      hint: 'Upload more history, or ask for a shorter horizon.',
      subject: { length: on.span, holdout },
    });
  return {
    ...request,
    datasetVersion: on.version,
    model: modelOf(request),
    horizon,
    holdout,
    ...(judged === horizon ? {} : { judged }),
  };
}
