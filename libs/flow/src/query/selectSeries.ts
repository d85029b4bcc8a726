/** Which series of a dataset a request means. */
import type { ForecastRequest } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { DatasetRecord, SeriesRecord, Store } from '@almanac/store';

const PAGE = 1000;

/**
 * Ids of the series that fulfil every condition; undefined: all of them.
 * @param startsCold whether series without an observation can be meant
 * @throws AlmanacError SERIES_NOT_FOUND, SERIES_EMPTY, NOTHING_TO_FORECAST
 */
export async function selectSeries(
  store: Store,
  dataset: DatasetRecord,
  { uniqueIds, search, where }: Pick<ForecastRequest, 'uniqueIds' | 'search' | 'where'>,
  startsCold: boolean,
): Promise<string[] | undefined> {
  const conditions = Object.entries(where ?? {});
  // Uploads may hold a number as text or as a number; a filter means either.
  const fits = ({ staticCovariates }: SeriesRecord): boolean =>
    conditions.every(([name, value]) => String(staticCovariates[name] ?? '') === String(value));
  for (const uniqueId of uniqueIds ?? []) {
    const { length } = await store.series.get(dataset.id, uniqueId);
    if (length === 0 && !startsCold) throw neverObserved(dataset.name, uniqueId);
  }
  if (search === undefined && conditions.length === 0) return uniqueIds;
  const among = uniqueIds && new Set(uniqueIds);
  const found: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.series.list(dataset.id, { search, after, limit: PAGE, places: startsCold });
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

/** It has a place for its static covariates, and a model that needs a history is asked. */
export function neverObserved(dataset: string, series: string): AlmanacError {
  return new AlmanacError('SERIES_EMPTY', `The series "${series}" of "${dataset}" has no observation.`, {
    hint: 'A model of the kind coldStart forecasts it from its static covariates; leave it out of this request.',
    subject: { dataset, series },
  });
}
