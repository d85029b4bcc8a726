/** How the series of a forecast run are shared out: by number, the series of a hierarchy together. */
import { familiesOf } from '@almanac/forecasting/plan';
import type { Store } from '@almanac/store';
import type { PartOf } from '../../part/plan.js';

export type Shares = readonly PartOf<'forecast'>['share'][];

interface Wanted {
  uniqueIds?: readonly string[] | undefined;
  /** Series of a share; a hierarchy that has more is in one all the same. */
  size: number;
  /** Child to parent, where forecasts add up. */
  hierarchy: Readonly<Record<string, string>> | undefined;
}

export async function sharesOf(store: Store, datasetId: string, { uniqueIds, size, hierarchy }: Wanted): Promise<Shares> {
  if (hierarchy)
    return sharesByFamily(
      (await store.series.spans(datasetId)).map(({ uniqueId }) => uniqueId),
      uniqueIds,
      size,
      hierarchy,
    );
  if (!uniqueIds) return (await store.series.groups(datasetId, size)).map((between) => ({ between }));
  return pieces(uniqueIds, size).map((ids) => ({ ids }));
}

/** Each family of which anything is wanted is there whole. */
function sharesByFamily(
  all: readonly string[],
  uniqueIds: readonly string[] | undefined,
  size: number,
  hierarchy: Readonly<Record<string, string>>,
): Shares {
  const wanted = new Set(uniqueIds ?? all);
  const families = familiesOf([...all].sort(), hierarchy);
  const related = new Set(families.flat());
  const shares: string[][] = [];
  for (const family of families) {
    if (!family.some((id) => wanted.has(id))) continue;
    const last = shares.at(-1);
    if (last && last.length + family.length <= size) last.push(...family);
    else shares.push([...family]);
  }
  return [...shares, ...pieces([...wanted].filter((id) => !related.has(id)).sort(), size)].map((ids) => ({ ids }));
}

function pieces(ids: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, no) => ids.slice(no * size, (no + 1) * size));
}
