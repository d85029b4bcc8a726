/** Which series of a dataset a request means. */
import type { ForecastRequest } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { DatasetRecord, SeriesRecord, Store } from '@almanac/store';

const PAGE = 1000;

/** Ids of the series that fulfil every condition; undefined: all of them. @throws AlmanacError SERIES_NOT_FOUND, NOTHING_TO_FORECAST */
export async function selectSeries(
  store: Store,
  dataset: DatasetRecord,
  { uniqueIds, search, where }: Pick<ForecastRequest, 'uniqueIds' | 'search' | 'where'>,
): Promise<string[] | undefined> {
  const conditions = Object.entries(where ?? {});
  // Uploads may hold a number as text or as a number; a filter means either.
  const fits = ({ staticCovariates }: SeriesRecord): boolean =>
    conditions.every(([name, value]) => String(staticCovariates[name] ?? '') === String(value));
  if (uniqueIds) for (const uniqueId of uniqueIds) await store.series.get(dataset.id, uniqueId);
  if (search === undefined && conditions.length === 0) return uniqueIds;
  const among = uniqueIds && new Set(uniqueIds);
  const found: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.series.list(dataset.id, { search, after, limit: PAGE });
    for (const one of page.items) if (fits(one) && (among?.has(one.uniqueId) ?? true)) found.push(one.uniqueId);
    if (page.next === null) break;
    after = page.next;
  }
  if (found.length > 0) return found;
  throw new AlmanacError('NOTHING_TO_FORECAST', `No series of "${dataset.name}" is what the filter asks for.`, {
    hint: 'GET /v1/datasets/{dataset}/series lists them with their static covariates.',
    subject: { dataset: dataset.name, ...(search === undefined ? {} : { search }), ...(where ? { where } : {}) },
  });
}
