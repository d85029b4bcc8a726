/**
 * Deleting from the registry. What somebody may still rely on stays: a version that bears an alias or that stored forecasts
 * rest on, a model that a schedule names or that a run is at.
 */
import { AlmanacError } from '@almanac/series';
import type { FlowContext } from '../runs/context.js';
import { parseReference } from './reference.js';

type Context = Pick<FlowContext, 'store' | 'objects'>;

/** With its weights, unless another version has the same. The history of aliases stays. @throws AlmanacError MODEL_VERSION_NOT_FOUND, MODEL_VERSION_IN_USE */
export async function deleteVersion({ store, objects }: Context, model: string, no: number): Promise<void> {
  for (const key of await store.models.deleteVersion(model, no)) await objects.delete(key);
}

/**
 * With all its versions.
 * @param options.forecasts delete the forecasts that rest on it, too
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_IN_USE
 */
export async function deleteModel({ store, objects }: Context, model: string, options: { forecasts: boolean }): Promise<void> {
  await store.models.get(model);
  const { items } = await store.schedules.list({ limit: 1000 });
  const schedule = items.find(({ action }) => {
    const { request } = action as { request?: { model?: string } };
    return request?.model !== undefined && parseReference(request.model).name === model;
  });
  if (schedule)
    throw new AlmanacError('MODEL_IN_USE', `The schedule "${schedule.name}" uses the model "${model}".`, {
      hint: 'Delete the schedule first, or have it use another model.',
      subject: { model, schedule: schedule.name },
      status: 409,
    });
  for (const key of await store.models.delete(model, options)) await objects.delete(key);
}
