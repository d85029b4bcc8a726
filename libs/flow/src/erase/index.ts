/**
 * erase: what is deleted is deleted everywhere. Rows go with the request; the files that only they used go right after it, and
 * where that fails a worker tries again every minute until they are gone. The certificate says what went and when.
 */
import type { Erasure, Page } from '@almanac/contracts';
import type { ErasureRecord, PageQuery } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';

type Context = Pick<FlowContext, 'store' | 'objects' | 'logger'>;

/** @throws AlmanacError DATASET_NOT_FOUND */
export async function eraseDataset(context: Context, name: string): Promise<Erasure> {
  return certificate(context, await context.store.erasures.dataset(name));
}

/**
 * From every version of the dataset, those that runs rest on as well: a replay of such a run says that it is gone. The raw files of
 * the dataset go too, for they hold it, or may; what they said of the other series is stored.
 * @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND
 */
export async function eraseSeries(context: Context, name: string, uniqueId: string): Promise<Erasure> {
  const { store } = context;
  const { id } = await store.datasets.get(name);
  await store.datasets.cut(id, { uniqueIds: [uniqueId] });
  const erasure = await store.erasures.series(id, name, uniqueId);
  await store.datasets.compact(id);
  return certificate(context, erasure);
}

/** By the operator, whose the certificate is. @throws AlmanacError WORKSPACE_NOT_FOUND, WORKSPACE_BUSY */
export async function eraseWorkspace(context: Context, name: string): Promise<Erasure> {
  return certificate(context, await context.store.workspaces.delete(name));
}

/** Of every workspace; returns the number of erasures that had something left to do. */
export function carryOutErasures({ store, objects }: Pick<Context, 'store' | 'objects'>): Promise<number> {
  return store.erasures.carryOut((sha256) => objects.delete(sha256));
}

/** What was stored before its request was refused: nothing else would ever name it. */
export async function forgetContent({ store, objects, logger }: Context, sha256: string): Promise<void> {
  await store.erasures
    .forget(sha256, (key) => objects.delete(key))
    .catch((error: unknown) => logger.warn({ error, sha256 }, 'the file of a refused upload could not be deleted'));
}

/** @throws AlmanacError ERASURE_NOT_FOUND */
export async function getErasure({ store }: Pick<Context, 'store'>, id: string): Promise<Erasure> {
  return toErasure(await store.erasures.get(id));
}

/** Newest first. */
export async function listErasures({ store }: Pick<Context, 'store'>, query: PageQuery): Promise<Page<Erasure>> {
  const { items, next } = await store.erasures.list(query);
  return { items: items.map(toErasure), next };
}

async function certificate(context: Context, id: string): Promise<Erasure> {
  await context.store.afterCommit((store) =>
    carryOutErasures({ ...context, store }).catch((error: unknown) =>
      context.logger.warn({ error, erasure: id }, 'not all files are gone yet; a worker tries again'),
    ),
  );
  return getErasure(context, id);
}

function toErasure({ id, kind, name, rows, objects, requestedAt, completedAt }: ErasureRecord): Erasure {
  return {
    ...{ id, kind, name, rows, objects },
    requestedAt: requestedAt.toISOString(),
    completedAt: completedAt?.toISOString() ?? null,
  };
}
