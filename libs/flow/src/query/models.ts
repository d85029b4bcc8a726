/** Models, versions and the history of their aliases. */
import type { AliasChange, BacktestSeries, Model, ModelVersion, Page, StandIn } from '@almanac/contracts';
import { type AliasName, type PageQuery, type Store, TRAINED } from '@almanac/store';
import { instantAt } from './grid.js';
import { namedVersion } from '../register/reference.js';
import { toModelVersion } from '../register/wire.js';

type Source = { store: Store };

export async function listModels({ store }: Source, query: PageQuery): Promise<Page<Model>> {
  const page = await store.models.list(query);
  const items = page.items.map(({ name, dataset, latest, champion, standsIn, createdAt }): Model => ({
    name,
    dataset,
    latest,
    champion,
    standsIn: standsIn as StandIn | null,
    createdAt: createdAt.toISOString(),
  }));
  return { items, next: page.next };
}

/** @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND */
export async function getModelVersion({ store }: Source, model: string, version: number | AliasName): Promise<ModelVersion> {
  return toModelVersion(store, await namedVersion({ store }, model, version));
}

/**
 * On what its training held out; nothing for versions that were imported, or from before this was kept.
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
 */
export async function listVersionSeries(
  { store }: Source,
  model: string,
  version: number | AliasName,
  query: PageQuery & { search?: string | undefined },
): Promise<Page<BacktestSeries>> {
  const { runId } = await namedVersion({ store }, model, version);
  return store.runs.seriesScores(runId, { ...query, label: TRAINED });
}

/** @throws AlmanacError MODEL_NOT_FOUND */
export async function listModelVersions(
  { store }: Source,
  model: string,
  query: PageQuery & { tag?: string | undefined },
): Promise<Page<ModelVersion>> {
  await store.models.get(model);
  const page = await store.models.versions(model, query);
  return { items: await Promise.all(page.items.map((version) => toModelVersion(store, version))), next: page.next };
}

/** @param query.at only which version bore which alias then. @throws AlmanacError MODEL_NOT_FOUND */
export async function listAliasHistory(
  { store }: Source,
  model: string,
  { at, ...query }: PageQuery & { at?: string | undefined },
): Promise<Page<AliasChange>> {
  const { timeZone } = await store.datasets.getById((await store.models.get(model)).datasetId);
  const page = await store.models.aliasHistory(model, { ...query, ...(at === undefined ? {} : { at: new Date(instantAt(at, timeZone)) }) });
  const items = page.items.map(({ alias, version, reason, rollback, fromAt, toAt }): AliasChange => ({
    alias,
    version,
    reason,
    rollback,
    from: fromAt.toISOString(),
    to: toAt?.toISOString() ?? null,
  }));
  return { items, next: page.next };
}
