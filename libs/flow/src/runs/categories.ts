/**
 * Categories: static covariates that are text (region, format, brand). Models read them as indicators, one number for each value,
 * called `region = north`: 1 for a series of that value, 0 for the others, so that what a network learns about a value is an embedding of
 * it. The settings of a model list the values that it learned; of any other value a forecast is made without, and says so.
 *
 * A value is read if two series have it: the effect of a value that one series has cannot be separated from the series itself. A category
 * with very many values is no category.
 */
import type { CovariateNames, ForecastNote, SeriesData } from '@almanac/forecasting';

const SEPARATOR = ' = ';
export const MOST_CATEGORIES = 50;
const FEWEST_SERIES = 2;

export const indicator = (name: string, value: string): string => `${name}${SEPARATOR}${value}`;
/** The covariate that a name is a value of; undefined where it is a number by itself. */
export function categoryOf(name: string): string | undefined {
  const at = name.indexOf(SEPARATOR);
  return at > 0 ? name.slice(0, at) : undefined;
}

/** The values of text covariates among the names of channels, by covariate. */
export function textsAmong(names: readonly string[]): Record<string, string[]> {
  // Without a prototype: a covariate may be called "constructor", which is no text for that.
  const texts = Object.create(null) as Record<string, string[]>;
  for (const name of names) {
    const category = categoryOf(name);
    if (category !== undefined) (texts[category] ??= []).push(name.slice(indicator(category, '').length));
  }
  return texts;
}

/**
 * The series with every value of a text covariate that changes over time, among `names`: 0 where it has another value. Rows from before a
 * value was first met did not have it.
 */
export function withOtherValues(series: SeriesData, names: Pick<CovariateNames, 'past' | 'future'>): SeriesData {
  const each = (
    channels: Record<string, Float64Array> | undefined,
    wanted: readonly string[],
  ): Record<string, Float64Array> | undefined => {
    const own = Object.keys(channels ?? {}).filter((name) => categoryOf(name) !== undefined);
    if (!channels || own.length === 0) return channels;
    const filled = { ...channels };
    for (const name of new Set([...own, ...wanted.filter((one) => own.some((other) => categoryOf(other) === categoryOf(one)))])) {
      const others = own.filter((other) => other !== name && categoryOf(other) === categoryOf(name)).map((other) => channels[other]!);
      const values = channels[name];
      const length = Math.max(values?.length ?? 0, ...others.map((other) => other.length));
      filled[name] = Float64Array.from({ length }, (_, t) => {
        const known = values?.[t] ?? Number.NaN;
        return Number.isNaN(known) && others.some((other) => !Number.isNaN(other[t] ?? Number.NaN)) ? 0 : known;
      });
    }
    return filled;
  };
  const [past, future] = [each(series.pastCovariates, names.past), each(series.futureCovariates, names.future)];
  return { ...series, ...(past ? { pastCovariates: past } : {}), ...(future ? { futureCovariates: future } : {}) };
}

/** Numbers as they are, a text as the indicator of its value. */
export function asNumbers(covariates: Readonly<Record<string, string | number | boolean | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(covariates).flatMap(([name, value]): [string, number][] => {
      if (typeof value === 'string') return value === '' ? [] : [[indicator(name, value), 1]];
      return value === null ? [] : [[name, Number(value)]];
    }),
  );
}

export interface Categories {
  /** Names of indicators, those of a category together, the most frequent value first. */
  read: string[];
  leftOut: { name: string; reason: string }[];
}

/** How many series have each value of each text. */
export type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Which categories of a panel a model can learn from. */
export function readableCategories(counts: Counts): Categories {
  const categories: Categories = { read: [], leftOut: [] };
  for (const [name, values] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const several = [...values].filter(([, series]) => series >= FEWEST_SERIES).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const refuse = (reason: string): void => void categories.leftOut.push({ name, reason });
    if (values.size === 1) refuse('every series has the same value');
    else if (several.length === 0) refuse('every series has a value of its own, which says no more than its name');
    else if (several.length > MOST_CATEGORIES)
      refuse(`it has ${values.size.toLocaleString('en')} values, and at most ${MOST_CATEGORIES} are read`);
    else categories.read.push(...several.map(([value]) => indicator(name, value)));
  }
  return categories;
}

export function countTexts(counts: Map<string, Map<string, number>>, covariates: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(covariates)) {
    if (typeof value !== 'string' || value === '') continue;
    const values = counts.get(name) ?? new Map<string, number>();
    values.set(value, (values.get(value) ?? 0) + 1);
    counts.set(name, values);
  }
}

const valueOf = ({ staticCovariates }: SeriesData, category: string): string | undefined =>
  Object.keys(staticCovariates ?? {}).find((name) => categoryOf(name) === category && staticCovariates![name] === 1);

/** The series with 0 for each value, among `names`, of a category of which it has another. */
export function withOtherCategories(series: SeriesData, names: readonly string[]): SeriesData {
  const others = names.filter((name) => {
    const category = categoryOf(name);
    return category !== undefined && !(name in (series.staticCovariates ?? {})) && valueOf(series, category) !== undefined;
  });
  if (others.length === 0) return series;
  return { ...series, staticCovariates: { ...series.staticCovariates, ...Object.fromEntries(others.map((name) => [name, 0])) } };
}

/** The series without these categories. */
export function withoutCategories(series: SeriesData, categories: ReadonlySet<string>): SeriesData {
  const { staticCovariates, ...rest } = series;
  if (!staticCovariates || categories.size === 0) return series;
  const kept = Object.entries(staticCovariates).filter(([name]) => !categories.has(categoryOf(name) ?? ''));
  return { ...rest, ...(kept.length > 0 ? { staticCovariates: Object.fromEntries(kept) } : {}) };
}

/** What is said of a series whose category has a value that the model has not learned. */
export function unknownCategories(series: SeriesData, { static: names }: CovariateNames): ForecastNote[] {
  const learned = new Set(names);
  const categories = new Set(names.flatMap((name) => categoryOf(name) ?? []));
  return [...categories].flatMap((category) => {
    const own = valueOf(series, category);
    if (own === undefined || learned.has(own)) return [];
    return [{ code: 'CATEGORY_UNKNOWN', detail: `The model has not learned the value of ${own}; the series was forecast without it.` }];
  });
}
