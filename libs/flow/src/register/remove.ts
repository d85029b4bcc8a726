/**
 * Deleting from the registry. What somebody may still rely on stays: a version that bears an alias or that stored forecasts
 * rest on, what a schedule names or an open run is at.
 */
import { AlmanacError } from '@almanac/series';
import type { FlowContext } from '../runs/context.js';
import type { AliasName } from '@almanac/store';
import { type ModelReference, namedVersion, parseReference } from './reference.js';

type Context = Pick<FlowContext, 'store' | 'objects'>;

/**
 * With its weights, unless another version has the same. The history of aliases stays.
 * @throws AlmanacError MODEL_VERSION_NOT_FOUND, MODEL_VERSION_IN_USE
 */
export async function deleteVersion(context: Context, model: string, version: number | AliasName): Promise<void> {
  const { store } = context;
  const { no } = await namedVersion({ store }, model, version);
  const schedule = await scheduleOf(store, (named) => named.name === model && named.no === no);
  if (schedule !== undefined)
    throw new AlmanacError('MODEL_VERSION_IN_USE', `The schedule "${schedule}" uses version ${no} of "${model}".`, {
      hint: 'Delete the schedule first, or have it use another version.',
      subject: { model, version: no, schedule },
      status: 409,
    });
  await forget(context, await store.models.deleteVersion(model, no));
}

/**
 * With all its versions.
 * @param options.forecasts delete the forecasts that rest on it, too
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_IN_USE
 */
export async function deleteModel(context: Context, model: string, options: { forecasts: boolean }): Promise<void> {
  const { store } = context;
  await store.models.get(model);
  const schedule = await scheduleOf(store, ({ name }) => name === model);
  if (schedule !== undefined)
    throw new AlmanacError('MODEL_IN_USE', `The schedule "${schedule}" uses the model "${model}".`, {
      hint: 'Delete the schedule first, or have it use another model.',
      subject: { model, schedule },
      status: 409,
    });
  await forget(context, await store.models.delete(model, options));
}

/** Name of the first schedule whose action names such a model. */
async function scheduleOf(store: Context['store'], uses: (named: ModelReference) => boolean): Promise<string | undefined> {
  for (let after: string | undefined; ;) {
    const page = await store.schedules.list({ limit: 1000, after });
    const found = page.items.find(({ action }) => {
      const { request } = action as { request?: { model?: string } };
      return request?.model !== undefined && uses(parseReference(request.model));
    });
    if (found || page.next === null) return found?.name;
    after = page.next;
  }
}

/** Files whose rows are gone for certain. */
const forget = ({ store, objects }: Context, keys: readonly string[]): Promise<void> =>
  store.afterCommit(async () => {
    for (const key of keys) await objects.delete(key);
  });
