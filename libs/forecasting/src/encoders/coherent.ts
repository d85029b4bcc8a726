/**
 * Forecasts of a hierarchy that add up: the medians are reconciled (see `hierarchy`), each series trusted as much as its own forecast is
 * narrow, and the other quantiles and the sampled paths of a series move with its median. Paths of different series are drawn on their
 * own: it is their medians that add up.
 *
 * Invariants: a parent is the sum of its children only where all of them are there and forecast; other series stay as they are; what was
 * not negative anywhere stays so, and adds up.
 */
import type { Parents } from './families.js';
import { keepTo, type TargetKinds } from '../dataset/target.js';
import { type SeriesForecast } from '../forecaster.js';
import { type Hierarchy, reconcile, summedUp } from './hierarchy.js';

/** The hierarchy among these ids, parents that are elsewhere left out. */
export function hierarchyOf(ids: readonly string[], parents: Parents): Hierarchy {
  const index = new Map(ids.map((id, i) => [id, i]));
  return { parents: ids.map((id) => index.get(parents[id] ?? '') ?? -1) };
}

/** Relative to the series that knows most: less, and the sums could no longer be solved for. */
const LEAST_TRUST = 1e-8;

/** Levels that `coherent` needs beside those asked for. */
export const COHERENT_LEVELS = [0.1, 0.5, 0.9] as const;

const MOST_NAMED = 5;

/** @param levels of the forecasts' quantiles, the three of `COHERENT_LEVELS` among them */
export function coherent(
  forecasts: readonly SeriesForecast[],
  parents: Parents,
  levels: readonly number[],
  horizon: number,
  targets?: TargetKinds,
): SeriesForecast[] {
  const [low, middle, high] = COHERENT_LEVELS.map((level) => levels.indexOf(level)) as [number, number, number];
  const usable = new Set(forecasts.filter(({ quantiles }) => quantiles.every(Number.isFinite)).map(({ id }) => id));
  const incomplete = new Set(Object.entries(parents).flatMap(([child, parent]) => (usable.has(child) ? [] : [parent])));
  const within = Object.fromEntries(Object.entries(parents).filter(([, parent]) => usable.has(parent) && !incomplete.has(parent)));
  const members = forecasts.filter(({ id }) => id in within || Object.values(within).includes(id));
  if (members.length === 0) return withIncomplete(forecasts, parents, usable);
  const hierarchy = hierarchyOf(
    members.map(({ id }) => id),
    within,
  );
  const row = (values: Float64Array, k: number): Float64Array => values.subarray(k * horizon, (k + 1) * horizon);
  const weights = members.map(({ quantiles }) => {
    const width = row(quantiles, high).reduce((sum, value, t) => sum + value - row(quantiles, low)[t]!, 0) / horizon;
    const size = row(quantiles, middle).reduce((sum, value) => sum + Math.abs(value), 0) / horizon;
    return 1 / Math.max(width, 1e-6 * size, Number.MIN_VALUE ** 0.25) ** 2;
  });
  const largest = Math.max(...weights);
  const given = new Float64Array(members.length * horizon);
  members.forEach(({ quantiles }, i) => given.set(row(quantiles, middle), i * horizon));
  const together = reconcile(
    hierarchy,
    given,
    weights.map((weight) => Math.max(weight / largest, LEAST_TRUST)),
  );
  const medians = addedUp(
    hierarchy,
    together,
    horizon,
    given.every((value) => value >= 0),
    members.map(({ id }) => targets?.get(id)?.whole ?? false),
  );
  const result = new Map(
    members.map((forecast, i) => {
      const [before, after] = [row(forecast.quantiles, middle).slice(), row(medians, i)];
      const nonNegative = forecast.quantiles.every((value) => value >= 0);
      const moved = (values: Float64Array): Float64Array =>
        values.map((value, at) => {
          const there = value + after[at % horizon]! - before[at % horizon]!;
          return nonNegative ? Math.max(0, there) : there;
        });
      // The median is the sum to the last bit, and no rounding puts a neighbour on its other side.
      const quantiles = moved(forecast.quantiles).map((value, at) => {
        const [q, median] = [Math.floor(at / horizon), after[at % horizon]!];
        return q === middle ? median : q < middle ? Math.min(value, median) : Math.max(value, median);
      });
      const target = targets?.get(forecast.id);
      const paths = forecast.paths && keepTo(target, moved(forecast.paths));
      return [forecast.id, { ...forecast, quantiles: keepTo(target, quantiles), ...(paths ? { paths } : {}) }] as const;
    }),
  );
  return withIncomplete(
    forecasts.map((forecast) => result.get(forecast.id) ?? forecast),
    parents,
    usable,
  );
}

/** Sums of the leaves, once these keep to what they can be. */
function addedUp(
  hierarchy: Hierarchy,
  together: Float64Array,
  horizon: number,
  nonNegative: boolean,
  whole: readonly boolean[],
): Float64Array {
  const kept = new Float64Array(together.length);
  whole.forEach((one, node) =>
    kept.set(keepTo({ nonNegative, whole: one }, together.slice(node * horizon, (node + 1) * horizon)), node * horizon),
  );
  return summedUp(hierarchy, kept);
}

/** Says of each parent that has parts without a forecast here that it is no sum of them. */
function withIncomplete(forecasts: readonly SeriesForecast[], parents: Parents, usable: ReadonlySet<string>): SeriesForecast[] {
  const missing = new Map<string, string[]>();
  for (const [child, parent] of Object.entries(parents))
    if (usable.has(parent) && !usable.has(child)) missing.set(parent, [...(missing.get(parent) ?? []), child]);
  const given = new Set(forecasts.map(({ id }) => id));
  return forecasts.map((forecast) => {
    const parent = parents[forecast.id];
    if (parent !== undefined && !given.has(parent))
      return noted(forecast, `It was not made to add up with its relatives: "${parent}" is not forecast here.`);
    const absent = missing.get(forecast.id);
    if (!absent) return forecast;
    const named = absent.slice(0, MOST_NAMED).join('", "');
    const detail =
      `It was not made the sum of its parts: ${absent.length} of them ${absent.length === 1 ? 'has' : 'have'} no forecast here ("${named}"` +
      `${absent.length > MOST_NAMED ? ' and more' : ''}).`;
    return noted(forecast, detail);
  });
}

function noted(forecast: SeriesForecast, detail: string): SeriesForecast {
  return { ...forecast, notes: [...(forecast.notes ?? []), { code: 'HIERARCHY_INCOMPLETE', detail }] };
}
