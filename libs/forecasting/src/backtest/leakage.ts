/**
 * The leakage certificate: proof, as data, that a forecast reads nothing from after its cutoff.
 *
 * For each cutoff the forecast is made once from the panel as it is and again from panels in which everything that cannot
 * have been known is altered, lost or absent. Not one bit of the forecast may change. What is tested is the whole way
 * from panel to forecast (cutting, fitting, predicting), because that is where leaks live.
 */
import { createHash } from 'node:crypto';
import { AlmanacError } from '@almanac/series';
import { Random } from '../dataset/random.js';
import { type Forecaster, type Panel, type SeriesData, type SeriesForecast } from '../forecaster.js';
import { cutPanel } from './cut.js';

export const ALTERATIONS = ['values', 'missing', 'pastCovariates', 'futureCovariates', 'removed'] as const;

/**
 * What is done to everything after the cutoff (future covariates: after the cutoff and horizon). `everything`: values and covariates at
 * once. `stored`: the same in the rows that the panel was read from.
 */
export type Alteration = (typeof ALTERATIONS)[number] | 'everything' | 'stored';

export interface LeakageCheck {
  cutoff: number;
  alteration: Alteration;
  /** How many numbers were changed or taken away. */
  altered: number;
  /** SHA-256 of the forecast from the panel as it is, and from the altered one. */
  expected: string;
  got: string;
  same: boolean;
}

export interface LeakageCertificate {
  format: 'almanac-leakage-certificate';
  version: 1;
  /** The model, as it names itself. */
  model: string;
  horizon: number;
  levels: number[];
  seed: number;
  /** SHA-256 of the panel's values, ids and covariates. */
  panel: string;
  checks: LeakageCheck[];
  /** True where every check is the same and every cutoff had something to alter. */
  passed: boolean;
}

/** The whole way from a panel with a future to forecasts at a cutoff. */
export type ForecastAt = (panel: Panel, cutoff: number) => Promise<SeriesForecast[]>;

export interface LeakageOptions {
  cutoffs: readonly number[];
  /** Each alteration by itself at the last cutoff only; at the others everything at once, which finds as much and says less. */
  brief?: boolean;
  /** The panel as it is read where the stored rows after a cutoff are altered. */
  stored?: readonly { cutoff: number; panel: Panel }[];
  horizon: number;
  levels: readonly number[];
  seed: number;
  signal?: AbortSignal;
}

/** The way a backtest goes: cut, fit, predict. */
export function cutFitPredict(create: () => Forecaster, options: LeakageOptions): ForecastAt {
  const { horizon, levels, seed, signal } = options;
  return async (panel, cutoff) => {
    const known = cutPanel(panel, cutoff, horizon);
    const forecaster = create();
    try {
      await forecaster.fit(known, { seed, ...(signal ? { signal } : {}) });
      return await forecaster.predict(known, { horizon, levels, ...(signal ? { signal } : {}) });
    } finally {
      forecaster.dispose();
    }
  };
}

/**
 * Certifies a model, or any other way of making forecasts.
 *
 * @example const certificate = await certifyNoLeakage('theta', panel, () => createBaseline('theta'), { cutoffs: [700, 724], horizon: 48,
 * levels: [0.1, 0.5, 0.9], seed: 0 })
 */
export async function certifyNoLeakage(
  model: string,
  panel: Panel,
  create: () => Forecaster,
  options: LeakageOptions,
): Promise<LeakageCertificate> {
  return certifyForecasts(model, panel, cutFitPredict(create, options), options);
}

export async function certifyForecasts(
  model: string,
  panel: Panel,
  forecastAt: ForecastAt,
  options: LeakageOptions,
): Promise<LeakageCertificate> {
  const checks: LeakageCheck[] = [];
  for (const cutoff of options.cutoffs) {
    const expected = hashForecasts(await forecastAt(panel, cutoff));
    const compare = async (alteration: Alteration, { panel: other, altered }: ReturnType<typeof alter>): Promise<void> => {
      options.signal?.throwIfAborted();
      if (altered === 0) return;
      const got = hashForecasts(await forecastAt(other, cutoff));
      checks.push({ cutoff, alteration, altered, expected, got, same: got === expected });
    };
    const each = options.brief && cutoff !== options.cutoffs.at(-1) ? (['everything'] as const) : ALTERATIONS;
    for (const alteration of each) await compare(alteration, alter(panel, cutoff, options.horizon, alteration));
    for (const one of options.stored ?? [])
      if (one.cutoff === cutoff) await compare('stored', { panel: one.panel, altered: countDifferent(panel, one.panel) });
  }
  const tested = options.cutoffs.every((cutoff) => checks.some((check) => check.cutoff === cutoff));
  return {
    format: 'almanac-leakage-certificate',
    version: 1,
    model,
    horizon: options.horizon,
    levels: [...options.levels],
    seed: options.seed,
    panel: hashPanel(panel),
    checks,
    passed: tested && checks.every((check) => check.same),
  };
}

/** Numbers of one panel that the other has not. */
function countDifferent(panel: Panel, other: Panel): number {
  const channelsOf = ({ values, pastCovariates, futureCovariates }: SeriesData): Record<string, Float64Array> => ({
    values,
    ...prefixed('past', pastCovariates),
    ...prefixed('future', futureCovariates),
  });
  const byId = new Map(other.series.map((series) => [series.id, channelsOf(series)]));
  let count = 0;
  for (const series of panel.series)
    for (const [name, values] of Object.entries(channelsOf(series))) {
      const theirs = byId.get(series.id)?.[name];
      values.forEach((value, t) => (count += Number(!Object.is(value, theirs?.[t]))));
    }
  return count;
}

const prefixed = (kind: string, channels: Record<string, Float64Array> = {}): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(channels).map(([name, values]) => [`${kind} ${name}`, values]));

/** @throws LEAKAGE_FOUND names the model, the cutoff and what it read */
export function requireNoLeakage(certificate: LeakageCertificate): void {
  if (certificate.passed) return;
  const leak = certificate.checks.find((check) => !check.same);
  throw new AlmanacError(
    'LEAKAGE_FOUND',
    leak
      ? `The forecast of ${certificate.model} at step ${leak.cutoff} reads what came after it (${leak.alteration}).`
      : `No cutoff of ${certificate.model} had later values to alter.`,
    {
      hint: leak ? 'Scalers, covariates and fits may use nothing after the cutoff.' : 'Choose cutoffs before the end of the panel.',
      subject: { model: certificate.model, ...(leak ? { cutoff: leak.cutoff, alteration: leak.alteration } : {}) },
    },
  );
}

/** A copy of the panel with everything unknowable at the cutoff altered, and how many numbers that were. */
export function alter(
  panel: Panel,
  cutoff: number,
  horizon: number,
  alteration: Exclude<Alteration, 'stored'>,
): { panel: Panel; altered: number } {
  const random = new Random(cutoff, alteration === 'everything' ? ALTERATIONS.length : ALTERATIONS.indexOf(alteration));
  let altered = 0;
  const disturb = (values: Float64Array, from: number): Float64Array => {
    const copy = values.slice();
    const size = values.reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 1);
    for (let t = Math.max(0, from); t < copy.length; t++) {
      // Far outside anything seen, and different at every step: a leak through a maximum or a mean shows too.
      copy[t] = size * (10 + 90 * random.next()) * (random.next() < 0.5 ? -1 : 1);
      altered++;
    }
    return copy;
  };
  const lose = (values: Float64Array, from: number): Float64Array => {
    const copy = values.slice();
    for (let t = Math.max(0, from); t < copy.length; t++) {
      copy[t] = Number.NaN;
      altered++;
    }
    return copy;
  };
  const each = (
    channels: Record<string, Float64Array> | undefined,
    change: (values: Float64Array) => Float64Array,
  ): Record<string, Float64Array> => Object.fromEntries(Object.entries(channels ?? {}).map(([name, values]) => [name, change(values)]));
  const one = (series: SeriesData): SeriesData => {
    const from = cutoff + 1 - series.firstStep;
    switch (alteration) {
      case 'values':
        return { ...series, values: disturb(series.values, from) };
      case 'missing':
        return { ...series, values: lose(series.values, from) };
      case 'pastCovariates':
        return series.pastCovariates
          ? { ...series, pastCovariates: each(series.pastCovariates, (values) => disturb(values, from)) }
          : series;
      case 'futureCovariates':
        return series.futureCovariates
          ? { ...series, futureCovariates: each(series.futureCovariates, (values) => disturb(values, from + horizon)) }
          : series;
      case 'everything':
        return {
          ...series,
          values: disturb(series.values, from),
          ...(series.pastCovariates ? { pastCovariates: each(series.pastCovariates, (values) => disturb(values, from)) } : {}),
          ...(series.futureCovariates
            ? { futureCovariates: each(series.futureCovariates, (values) => disturb(values, from + horizon)) }
            : {}),
        };
      case 'removed': {
        const end = Math.max(0, Math.min(series.values.length, from));
        altered += series.values.length - end;
        return {
          ...series,
          values: series.values.slice(0, end),
          ...(series.pastCovariates ? { pastCovariates: each(series.pastCovariates, (values) => values.slice(0, end)) } : {}),
        };
      }
    }
  };
  const changed = { ...panel, series: panel.series.map(one) };
  return { panel: changed, altered };
}

/** SHA-256 over ids, cutoffs, quantiles and attention, bit for bit. */
export function hashForecasts(forecasts: readonly SeriesForecast[]): string {
  const hash = createHash('sha256');
  for (const { id, cutoff, quantiles, attention } of forecasts) {
    hash.update(`${id.length}:${id}:${cutoff}:`);
    hash.update(bytes(quantiles));
    if (!attention) continue;
    for (const [name, map] of Object.entries(attention.maps)) hash.update(name).update(bytes(map));
    hash.update(bytes(attention.gate));
  }
  return hash.digest('hex');
}

function hashPanel(panel: Panel): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([panel.frequency, panel.timeZone, panel.seasonLengths]));
  for (const series of panel.series) {
    hash.update(JSON.stringify([series.id, series.firstStep, series.staticCovariates ?? {}]));
    hash.update(bytes(series.values));
    for (const channels of [series.pastCovariates, series.futureCovariates]) {
      for (const [name, values] of Object.entries(channels ?? {})) hash.update(name).update(bytes(values));
    }
  }
  return hash.digest('hex');
}

function bytes(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
