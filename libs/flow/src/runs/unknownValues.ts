/**
 * Values of text covariates that a model has not learned. Where a series has one, it is none of those that the model knows, and "none of
 * them" would be a statement of its own: the covariate is masked there (NaN, which models read as its mean), and the forecast says so.
 */
import type { CovariateNames, ForecastNote, SeriesData } from '@almanac/forecasting';
import { categoryOf } from './categories.js';

const MOST_NAMED = 5;

/** @param names what the model reads */
export function withoutUnknownValues(
  series: SeriesData,
  names: Pick<CovariateNames, 'past' | 'future'>,
): { series: SeriesData; notes: ForecastNote[] } {
  const [past, future] = [masked(series.pastCovariates, names.past), masked(series.futureCovariates, names.future)];
  const unknown = [...past.unknown, ...future.unknown];
  if (unknown.length === 0) return { series, notes: [] };
  const { length } = series.values;
  const notes = unknown.map(({ name, steps }): ForecastNote => {
    const ahead = steps.filter((t) => t >= length).length;
    const places = [
      ...(ahead > 0 ? [`${counted(ahead)} of the horizon`] : []),
      ...(steps.length > ahead ? [`${counted(steps.length - ahead)} of the history`] : []),
    ];
    return {
      code: 'CATEGORY_UNKNOWN',
      detail: `The model has not learned the value of ${name}; the forecast was made without ${categoryOf(name)} at ${places.join(' and ')}.`,
    };
  });
  const more = notes.length - MOST_NAMED;
  const said =
    more > 0 ? [...notes.slice(0, MOST_NAMED), { code: 'CATEGORY_UNKNOWN', detail: `So it is for ${more} more values.` }] : notes;
  return {
    series: {
      ...series,
      ...(past.channels ? { pastCovariates: past.channels } : {}),
      ...(future.channels ? { futureCovariates: future.channels } : {}),
    },
    notes: said,
  };
}

const counted = (steps: number): string => (steps === 1 ? 'one step' : `${steps.toLocaleString('en')} steps`);

function masked(
  channels: Record<string, Float64Array> | undefined,
  learned: readonly string[],
): { channels: Record<string, Float64Array> | undefined; unknown: { name: string; steps: number[] }[] } {
  const texts = new Set(learned.flatMap((name) => categoryOf(name) ?? []));
  const unknown = Object.entries(channels ?? {}).flatMap(([name, values]) => {
    if (learned.includes(name) || !texts.has(categoryOf(name) ?? '')) return [];
    const steps = [...values.keys()].filter((t) => values[t] === 1);
    return steps.length === 0 ? [] : [{ name, steps }];
  });
  if (!channels || unknown.length === 0) return { channels, unknown };
  const without = { ...channels };
  for (const { name, steps } of unknown)
    for (const known of learned) {
      if (categoryOf(known) !== categoryOf(name) || !channels[known]) continue;
      const values = without[known] === channels[known] ? (without[known] = channels[known].slice()) : without[known]!;
      for (const t of steps) if (t < values.length) values[t] = Number.NaN;
    }
  return { channels: without, unknown };
}
