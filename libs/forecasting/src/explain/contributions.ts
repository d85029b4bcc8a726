/**
 * What a forecast is made of: level, trend, each season, each covariate, holidays, and the rest, which add up to the median.
 *
 * The history is taken apart (`decompose`), and the model forecasts histories in which some parts are other than they were. All of these
 * look like histories that it knows: noise stays in them, and a season is not removed but turned to another phase, together with the
 * clock, which tells a model its seasons too. What is left of a forecast on average over all phases has no season in it; what each season
 * makes of it follows. A trend that is absent stays at the last level, a covariate that is absent stands at its reference ahead.
 *
 * Trend, covariates and holidays have their Shapley values: the mean change that each makes, over all orders in which they can come in
 * (Shapley 1953; Lundberg and Lee 2017); with many of them, over a sample of orders in pairs, each the other backwards. What seasons and
 * the others do only together is shared half and half. For a model that is a weighted sum, such as `linear`, all this is its closed form.
 *
 * Level is where the series stands at the cutoff, without seasons, at the reference of the covariates. Trend is also where the model
 * goes from a level history; rest is what it makes of the noise, and what rounding and learned widths change.
 */
import { AlmanacError, decompose } from '@almanac/series';
import { Random } from '../dataset/random.js';
import type { Forecaster, Panel, SeriesData } from '../forecaster.js';

export type PartKind = 'level' | 'trend' | 'season' | 'holidays' | 'covariate' | 'rest';

export interface ForecastPart {
  kind: PartKind;
  /** Of a covariate its name, of a season its length in steps; otherwise the kind. */
  name: string;
  /** Over the horizon. */
  values: Float64Array;
}

export interface PartsOptions {
  horizon: number;
  /** As they were forecast with: the median is one of them. */
  levels: readonly number[];
  signal?: AbortSignal | undefined;
}

/** Parts of which every combination is forecast; of more, a sample of orders. */
const MOST_EXACT = 6;
const ORDERS = 24;
const MOST_PARTS = 30;
const SEED = 20;
/** Phases to which a season is turned. */
const MOST_PHASES = 8;
/** Last steps that are taken apart. */
const MOST_HISTORY = 20_000;
/** Histories that are forecast in one go. */
const BATCH = 128;

/** A part that can be there or not. */
interface Player {
  kind: 'trend' | 'holidays' | 'covariate';
  name: string;
  /** The series without it; holidays are left out by the panel. */
  without?: (series: SeriesData) => SeriesData;
}

/** How a history is to be: with which players (bits), turned by so many steps, its noise as it was or upside down. */
interface Variant {
  mask: number;
  shift?: number;
  mirrored?: boolean;
}

/**
 * @param medians over the horizon as they are to be added up to, in the order of the panel; NaN where they are not known
 * @returns for each series its parts: level first, rest last; null where its median is not known or nothing was observed
 */
export async function contributionsOf(
  forecaster: Pick<Forecaster, 'predict' | 'config'>,
  panel: Panel,
  medians: readonly Float64Array[],
  options: PartsOptions,
): Promise<(ForecastPart[] | null)[]> {
  const all: (ForecastPart[] | null)[] = [];
  const holidays = readsHolidays(forecaster.config);
  for (const [i, series] of panel.series.entries()) {
    options.signal?.throwIfAborted();
    const median = medians[i]!;
    const known = series.values.some((value) => !Number.isNaN(value)) && !median.some(Number.isNaN);
    all.push(known ? await partsOf(forecaster, panel, series, median, holidays, options) : null);
  }
  return all;
}

async function partsOf(
  forecaster: Pick<Forecaster, 'predict'>,
  panel: Panel,
  series: SeriesData,
  median: Float64Array,
  holidays: boolean,
  options: PartsOptions,
): Promise<ForecastPart[]> {
  const { horizon } = options;
  const { level, noise, seasons, players } = takeApart(series, panel.seasonLengths, horizon, holidays);
  const asked = new Asked(forecaster, panel, options);
  const all = (1 << players.length) - 1;
  const holidayBit = players.findIndex(({ kind }) => kind === 'holidays');
  const ordinary = holidayBit < 0 ? all : all & ~(1 << holidayBit);
  const variant = ({ mask, shift = 0, mirrored = false }: Variant): [SeriesData, boolean] => {
    let made = { ...series, firstStep: series.firstStep + shift };
    if (shift > 0 || mirrored)
      made.values = series.values.map((value, t) => value + turned(seasons, t, shift) - (mirrored ? 2 * noise[t]! : 0));
    players.forEach(({ without }, k) => {
      if (without && ((mask >> k) & 1) === 0) made = without(made);
    });
    return [made, holidayBit >= 0 && ((mask >> holidayBit) & 1) === 0];
  };
  const forecast = (variants: readonly Variant[]): Promise<Float64Array[]> => asked.all(variants.map(variant));
  const { values, of } = await shapley(players.length, (masks) => forecast(masks.map((mask) => ({ mask }))));
  const lengths = seasons.map(({ length }) => length);
  // What seasons make where all else is there, and where nothing else is.
  const [within, alone] = [
    await seasonsOf(lengths, (shifts) => forecast(shifts.map((shift) => ({ mask: ordinary, shift })))),
    await seasonsOf(lengths, (shifts) => forecast(shifts.map((shift) => ({ mask: 0, shift })))),
  ];
  const [mirror] = await forecast([{ mask: 0, mirrored: true }]);
  const bare = of(0);
  const own = lengths.map((_, i) => within[i]!.map((value, h) => (value + alone[i]![h]!) / 2));
  const entangled = await entanglement(players.length, lengths, forecast);
  const parts: ForecastPart[] = [{ kind: 'level', name: 'level', values: new Float64Array(horizon).fill(level) }];
  const [trend, ...others] = players.map(({ kind, name }, k): ForecastPart => ({
    kind,
    name,
    values: values[k]!.map((value, h) => {
      const together = lengths.reduce((sum, _, i) => sum + within[i]![h]! - alone[i]![h]!, 0);
      const sum = entangled.reduce((all, one) => all + one[h]!, 0);
      return value - (together / 2) * (sum > 0 ? entangled[k]![h]! / sum : 1 / players.length);
    }),
  }));
  const followed = bare.map((value, h) => (value - mirror![h]!) / 2);
  trend!.values.forEach((_, h) => {
    const level_ = bare[h]! - lengths.reduce((sum, __, i) => sum + alone[i]![h]!, 0);
    trend!.values[h]! += level_ - followed[h]! - level;
  });
  parts.push(trend!, ...lengths.map((length, i): ForecastPart => ({ kind: 'season', name: String(length), values: own[i]! })), ...others);
  const rest = median.map((value, h) => value - parts.reduce((sum, part) => sum + part.values[h]!, 0));
  return [...parts, { kind: 'rest', name: 'rest', values: rest }];
}

/** How much each player changes of what turning the seasons by half of them does, [player][horizon]; all 0 where nothing is shared. */
async function entanglement(
  count: number,
  lengths: readonly number[],
  forecast: (variants: readonly Variant[]) => Promise<Float64Array[]>,
): Promise<Float64Array[]> {
  const shifts = [0, ...lengths.map((length) => length >> 1)];
  const masks = [0, ...Array.from({ length: count }, (_, k) => 1 << k)];
  const forecasts = await forecast(masks.flatMap((mask) => shifts.map((shift) => ({ mask, shift }))));
  const turn = (m: number, s: number, h: number): number => forecasts[m * shifts.length + s]![h]! - forecasts[m * shifts.length]![h]!;
  return Array.from({ length: count }, (_, k) =>
    forecasts[0]!.map((__, h) => lengths.reduce((sum, ___, i) => sum + Math.abs(turn(k + 1, i + 1, h) - turn(0, i + 1, h)), 0)),
  );
}

/** What turning the clock by some steps changes of the seasons at a step. */
function turned(seasons: readonly Season[], t: number, shift: number): number {
  let change = 0;
  for (const { length, history } of seasons) {
    if (!history) continue;
    const to = t + (shift % length);
    change += history[to < history.length ? to : to - length]! - history[t]!;
  }
  return change;
}

/** Forecasts medians, many histories at a time. */
class Asked {
  constructor(
    private readonly forecaster: Pick<Forecaster, 'predict'>,
    private readonly panel: Panel,
    private readonly options: PartsOptions,
  ) {}

  async all(wanted: readonly [SeriesData, boolean][]): Promise<Float64Array[]> {
    const { horizon, levels, signal } = this.options;
    const row = levels.indexOf(0.5);
    const out = new Array<Float64Array>(wanted.length);
    for (const holidaysIgnored of [false, true]) {
      const places = wanted.map((_, i) => i).filter((i) => wanted[i]![1] === holidaysIgnored);
      for (let from = 0; from < places.length; from += BATCH) {
        const some = places.slice(from, from + BATCH);
        const panel = { ...this.panel, series: some.map((i) => wanted[i]![0]), ...(holidaysIgnored ? { holidaysIgnored } : {}) };
        const forecasts = await this.forecaster.predict(panel, { horizon, levels, ...(signal ? { signal } : {}) });
        forecasts.forEach(({ quantiles }, k) => (out[some[k]!] = quantiles.slice(row * horizon, (row + 1) * horizon)));
      }
    }
    return out;
  }
}

/** @param worth of combinations of `count` players, at least one @returns of each player its value, and what combinations are worth */
async function shapley(
  count: number,
  worth: (masks: readonly number[]) => Promise<Float64Array[]>,
): Promise<{ values: Float64Array[]; of: (mask: number) => Float64Array }> {
  const orders = count <= MOST_EXACT ? undefined : sampledOrders(count);
  const masks = orders
    ? [...new Set(orders.flatMap((order) => order.reduce<number[]>((all, k) => [...all, all.at(-1)! | (1 << k)], [0])))]
    : Array.from({ length: 1 << count }, (_, mask) => mask);
  const worths = await worth(masks);
  const of = new Map(masks.map((mask, i) => [mask, worths[i]!]));
  const values = Array.from({ length: count }, () => new Float64Array(worths[0]!.length));
  const add = (k: number, mask: number, weight: number): void => {
    const [without, with_] = [of.get(mask)!, of.get(mask | (1 << k))!];
    for (let h = 0; h < without.length; h++) values[k]![h]! += weight * (with_[h]! - without[h]!);
  };
  if (orders)
    for (const order of orders) {
      let mask = 0;
      for (const k of order) {
        add(k, mask, 1 / orders.length);
        mask |= 1 << k;
      }
    }
  else
    for (const mask of masks) {
      const size = bits(mask);
      for (let k = 0; k < count; k++) if (((mask >> k) & 1) === 0) add(k, mask, 1 / (count * choose(count - 1, size)));
    }
  return { values, of: (mask) => of.get(mask)! };
}

/** Each with the same backwards: what one order gives too much to those that come first, the other takes back. */
function sampledOrders(count: number): number[][] {
  const random = new Random(SEED);
  return Array.from({ length: ORDERS / 2 }, () => {
    const order = Array.from({ length: count }, (_, k) => k);
    for (let k = count - 1; k > 0; k--) {
      const other = Math.floor(random.next() * (k + 1));
      [order[k], order[other]] = [order[other]!, order[k]!];
    }
    return [order, order.toReversed()];
  }).flat();
}

const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length;
const choose = (n: number, k: number): number => Array.from({ length: k }, (_, i) => (n - i) / (i + 1)).reduce((all, one) => all * one, 1);

/** What each season makes of a forecast, [season][horizon], from forecasts at all phases. */
async function seasonsOf(lengths: readonly number[], at: (shifts: readonly number[]) => Promise<Float64Array[]>): Promise<Float64Array[]> {
  if (lengths.length === 0) return [];
  // By season, shifts that turn it and leave shorter ones as they are, where it is a multiple of them.
  const axes = lengths.map((length, i) => {
    const inner = i > 0 && length % lengths[i - 1]! === 0 ? lengths[i - 1]! : 1;
    const step = inner * Math.max(1, Math.round(length / inner / MOST_PHASES));
    return Array.from({ length: Math.max(1, Math.floor(length / step)) }, (_, k) => k * step);
  });
  let shifts = [0];
  for (const axis of axes) shifts = axis.flatMap((by) => shifts.map((shift) => shift + by));
  const forecasts = await at(shifts);
  // The mean over the phases of the shortest season, of that and the next, …: what each step changes is its season's.
  let before = forecasts[0]!;
  let size = 1;
  return axes.map((axis) => {
    size *= axis.length;
    const after = before.map((_, h) => forecasts.slice(0, size).reduce((sum, one) => sum + one[h]!, 0) / size);
    const own = before.map((value, h) => value - after[h]!);
    before = after;
    return own;
  });
}

interface Season {
  length: number;
  /** [history]; undefined where the history does not show it, but the clock may. */
  history: Float64Array | undefined;
}

interface Apart {
  level: number;
  /** [history] what no part explains; 0 before what was taken apart, NaN at gaps. */
  noise: Float64Array;
  seasons: Season[];
  /** The trend first. */
  players: Player[];
}

function takeApart(series: SeriesData, seasonLengths: readonly number[], horizon: number, holidays: boolean): Apart {
  const { values } = series;
  const from = Math.max(0, values.length - MOST_HISTORY);
  const recent = values.subarray(from);
  const future = Object.entries(series.futureCovariates ?? {})
    .map(([name, channel]) => ({ name, channel, reference: referenceOf(channel.subarray(from, values.length)) }))
    .filter(({ reference }) => !Number.isNaN(reference));
  const effects = new Float64Array(recent.length);
  const columns = future.map(({ channel, reference }) =>
    Float64Array.from(recent, (_, t) => {
      const apart = channel[from + t]! - reference;
      return Number.isNaN(apart) ? 0 : apart;
    }),
  );
  let parts = decompose(recent, { seasonLengths });
  for (let round = 0; round < 3 && columns.length > 0; round++) {
    const left = parts.rest.map((value, t) => value + effects[t]!);
    const slopes = leastSquares(columns, left);
    effects.forEach((_, t) => (effects[t] = slopes.reduce((sum, slope, j) => sum + slope * columns[j]![t]!, 0)));
    parts = decompose(
      recent.map((value, t) => value - effects[t]!),
      { seasonLengths },
    );
  }
  const level = parts.trend.at(-1)!;
  /** Steps before those that were taken apart stay as they are. */
  const whole = (of: (t: number) => number): Float64Array => Float64Array.from(values, (_, t) => (t < from ? 0 : of(t - from)));
  const trend = whole((t) => parts.trend[t]! - level);
  const seasons = seasonLengths.map((length): Season => {
    const found = parts.seasons.find((one) => one.length === length);
    return { length, history: found && whole((t) => found.values[t]!) };
  });
  const players: Player[] = [
    { kind: 'trend', name: 'trend', without: (one) => ({ ...one, values: one.values.map((value, t) => value - trend[t]!) }) },
    ...(holidays ? [{ kind: 'holidays', name: 'holidays' } as const] : []),
    ...future.map(({ name, reference }): Player => ({
      kind: 'covariate',
      name,
      without: (one) => atReference(one, name, reference, horizon),
    })),
    ...Object.entries(series.pastCovariates ?? {}).map(([name, channel]): Player => ({
      kind: 'covariate',
      name,
      without: (one) => ({
        ...one,
        pastCovariates: { ...one.pastCovariates, [name]: new Float64Array(channel.length).fill(meanOf(channel)) },
      }),
    })),
  ];
  if (players.length > MOST_PARTS)
    throw new AlmanacError(
      'CONTRIBUTIONS_TOO_MANY',
      `The forecast of "${series.id}" has ${players.length} parts; ${MOST_PARTS} can be attributed.`,
      {
        hint: 'Train with fewer covariates.',
        subject: { series: series.id, parts: players.length },
      },
    );
  return { level, noise: whole((t) => parts.rest[t]!), seasons, players };
}

/** Where a covariate stands when nothing is said of it: 0 of one that is yes or no, else its mean. */
const referenceOf = (values: Float64Array): number =>
  values.every((value) => value === 0 || value === 1 || Number.isNaN(value)) ? 0 : meanOf(values);

function meanOf(values: Float64Array): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Only ahead: what it did to the history has happened. */
function atReference(series: SeriesData, name: string, reference: number, horizon: number): SeriesData {
  const channel = series.futureCovariates![name]!.slice();
  channel.fill(reference, series.values.length, series.values.length + horizon);
  return { ...series, futureCovariates: { ...series.futureCovariates, [name]: channel } };
}

/** Slopes of the columns, by the normal equations with a trace of a ridge; rows without a value are left out. */
function leastSquares(columns: readonly Float64Array[], y: Float64Array): number[] {
  const n = columns.length;
  const rows = Array.from(y, (_, t) => t).filter((t) => !Number.isNaN(y[t]!));
  const dot = (a: Float64Array, b: Float64Array): number => rows.reduce((sum, t) => sum + a[t]! * b[t]!, 0);
  const a = columns.map((one, i) => columns.map((other, j) => dot(one, other) * (i === j ? 1 + 1e-6 : 1)));
  const b = columns.map((one) => dot(one, y));
  for (let i = 0; i < n; i++) {
    const pivot = a[i]![i]!;
    if (!(pivot > 1e-12)) {
      // Never anything but its reference.
      a[i]!.fill(0);
      a[i]![i] = 1;
      b[i] = 0;
      continue;
    }
    for (let k = i + 1; k < n; k++) {
      const factor = a[k]![i]! / pivot;
      for (let j = i; j < n; j++) a[k]![j]! -= factor * a[i]![j]!;
      b[k]! -= factor * b[i]!;
    }
  }
  const slopes = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let j = i + 1; j < n; j++) sum -= a[i]![j]! * slopes[j]!;
    slopes[i] = sum / a[i]![i]!;
  }
  return slopes;
}

/** Whether a model, or one that it is made of, reads public holidays. */
function readsHolidays(config: unknown): boolean {
  if (typeof config !== 'object' || config === null) return false;
  const { calendar } = config as { calendar?: { holidays?: unknown[] } };
  return (calendar?.holidays?.length ?? 0) > 0 || Object.values(config).some(readsHolidays);
}
