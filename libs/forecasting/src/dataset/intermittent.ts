/**
 * Series that are mostly 0: spare parts, rare events, a shop that opens on Saturdays. Their next value is 0 or one of a few sizes, so a
 * mean with a normal error, which most methods forecast, says a value that never occurs, and a median above 0 where 0 is the likeliest
 * value by far.
 *
 * The distribution is read off the latest values: how often they were 0, by phase of the season where the zeros follow one, and which
 * sizes they had else (the empirical distribution; Willemain, Smart and Schwarz 2004 resample the same two). Of several seasons it is
 * the one by which each zero is best foretold from the others. A phase that is not mostly 0 is no case for it, since nights without a
 * departure do not make noon one; but where the method knows no season so long, as the day that the shop's week is made of, the phase
 * has the distribution of its own values.
 */
export interface Intermittent {
  /** The smallest value above 0; undefined where every value is 0. */
  least: number | undefined;
  /** Values that say so. */
  observed: number;
  /** Steps of the season that the zeros follow; 1 where they follow none. */
  seasonLength: number;
  /** Share of zeros at a step after the last value, 0 being the next. */
  zeros: (step: number) => number;
  /** Quantile of the values above 0; of those in the phase of a step, where one is given and its phase had some. */
  size: (level: number, step?: number) => number;
}

const FEWEST = 8;
/** So many steps, or seasons, say what the series is like now. */
const WINDOW = { steps: 100, seasons: 8 };
/** The latest of these must not speak against it: what sells now is no rarity because it once did not. */
const LATEST = { steps: 14, seasons: 2 };

/**
 * Undefined for a series that is not mostly 0, or has a value below it.
 * @param seasonLengths those that the series may have, shortest first; of one that it does not show twice nothing is learned
 */
export function intermittentOf(values: Float64Array, seasonLengths: readonly number[]): Intermittent | undefined {
  const [shortest = 1, ...longer] = seasonLengths;
  const recent = windowOf(values, shortest);
  if (!recent || !mostlyZero(recent)) return undefined;
  // What is 0 since it ended is no winter: a longer season counts where the series is mostly 0 over that as well.
  const windows = new Map([[shortest, recent]]);
  for (const length of longer) {
    const window = 2 * length <= values.length ? windowOf(values, length) : undefined;
    if (window && mostlyZero(window)) windows.set(length, window);
  }
  const best = bestSeason(values, [...windows.keys()]);
  const { all, sizes } = windows.get(best?.seasonLength ?? shortest)!;
  sizes.sort((a, b) => a - b);
  return {
    least: sizes[0],
    observed: all.count,
    seasonLength: best?.seasonLength ?? 1,
    zeros: (step) => best?.phase(values.length + step)?.share ?? all.share,
    size(level, step) {
      const own = step === undefined ? [] : (best?.phase(values.length + step)?.sizes ?? []);
      return quantileOf(own.length > 0 ? own : sizes, level);
    },
  };
}

/**
 * A method's quantiles, but those of the count where 0 is the likeliest value.
 * @param known steps of the longest season that the method itself knows
 */
export function hurdled(
  quantile: (level: number, step: number) => number,
  intermittent: Intermittent | undefined,
  known: number,
): (level: number, step: number) => number {
  if (!intermittent) return quantile;
  const own = intermittent.seasonLength <= known;
  return (level, step) => {
    const zeros = intermittent.zeros(step);
    if (own && zeros <= 0.5) return quantile(level, step);
    return level <= zeros ? 0 : intermittent.size((level - zeros) / (1 - zeros), own ? undefined : step);
  };
}

interface Recent {
  all: Share;
  now: Share;
  sizes: number[];
}

/** What the latest seasons hold; undefined where a value is below 0. */
function windowOf(values: Float64Array, seasonLength: number): Recent | undefined {
  const latest = values.length - Math.max(LATEST.steps, LATEST.seasons * seasonLength);
  const recent: Recent = { all: new Share(), now: new Share(), sizes: [] };
  for (let t = startOf(values, seasonLength); t < values.length; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    if (value < 0) return undefined;
    if (value > 0) recent.sizes.push(value);
    recent.all.add(value);
    if (t >= latest) recent.now.add(value);
  }
  return recent;
}

const startOf = (values: Float64Array, seasonLength: number): number =>
  Math.max(0, values.length - Math.max(WINDOW.steps, WINDOW.seasons * seasonLength));

function mostlyZero({ all, now }: Recent): boolean {
  if (all.count < FEWEST || !(all.share > 0.5)) return false;
  const chance = 3 * Math.sqrt((all.share * (1 - all.share)) / now.count);
  return !(now.share <= 0.5 && now.share < all.share - chance);
}

interface Seasonal {
  seasonLength: number;
  /** Undefined for one without a value. */
  phase: (t: number) => Share | undefined;
}

/** Undefined where the zeros follow no season. */
function bestSeason(values: Float64Array, seasons: readonly number[]): Seasonal | undefined {
  const from = startOf(values, seasons.at(-1)!);
  let best: { seasonLength: number; wide: number; score: number } | undefined;
  for (const [i, seasonLength] of seasons.entries())
    // A long season has few values of each phase: those beside each other, as the days of a week of the year, may tell more together.
    for (const wide of i === 0 ? [1] : [1, seasons[i - 1]!]) {
      const { phases, all } = phasesOf(values, seasonLength, wide, from);
      if (!differ(phases, all)) continue;
      const score = foretold(phases, all);
      if (!best || score > best.score) best = { seasonLength, wide, score };
    }
  if (!best) return undefined;
  const { seasonLength, wide } = best;
  const { phases } = phasesOf(values, seasonLength, wide, startOf(values, seasonLength));
  for (const { sizes } of phases) sizes.sort((a, b) => a - b);
  return {
    seasonLength,
    phase(t) {
      const phase = phases[Math.floor((t % seasonLength) / wide)]!;
      return phase.count > 0 ? phase : undefined;
    },
  };
}

function phasesOf(values: Float64Array, seasonLength: number, wide: number, from: number): { phases: Share[]; all: Share } {
  const all = new Share();
  const phases = Array.from({ length: Math.ceil(seasonLength / wide) }, () => new Share());
  for (let t = from; t < values.length; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    all.add(value);
    phases[Math.floor((t % seasonLength) / wide)]!.add(value);
  }
  return { phases, all };
}

/** Mean logarithm of the chance that the others of its phase, and one of the whole, give to each value being 0 or not. */
function foretold(phases: readonly Share[], all: Share): number {
  let sum = 0;
  for (const { count, zeros } of phases) {
    if (count === 0) continue;
    const chance = (others: number): number => (others + all.share) / count;
    if (zeros > 0) sum += zeros * Math.log(chance(zeros - 1));
    if (count > zeros) sum += (count - zeros) * Math.log(1 - chance(zeros));
  }
  return sum / all.count;
}

class Share {
  count = 0;
  zeros = 0;
  /** The values above 0. */
  readonly sizes: number[] = [];

  add(value: number): void {
    this.count++;
    if (value === 0) this.zeros++;
    else this.sizes.push(value);
  }

  get share(): number {
    return this.count === 0 ? Number.NaN : this.zeros / this.count;
  }
}

/** χ² of the zeros by phase, three deviations above what chance makes of it. */
function differ(phases: readonly Share[], { share, count }: Share): boolean {
  if (phases.length < 2 || count < 2 * phases.length || share === 1) return false;
  const square = phases.reduce((sum, phase) => (phase.count === 0 ? sum : sum + phase.count * (phase.share - share) ** 2), 0);
  const freedom = phases.length - 1;
  return square / (share * (1 - share)) > freedom + 3 * Math.sqrt(2 * freedom);
}

const quantileOf = (sorted: readonly number[], level: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? 0;
