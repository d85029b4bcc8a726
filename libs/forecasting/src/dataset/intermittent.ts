/**
 * Series that are mostly 0: spare parts, rare events. Their next value is 0 or one of a few sizes, so a mean with a normal error, which
 * most methods forecast, says a value that never occurs, and a median above 0 where 0 is the likeliest value by far.
 *
 * The distribution is read off the latest values: how often they were 0, by phase of the season where the zeros follow one, and which
 * sizes they had else (the empirical distribution; Willemain, Smart and Schwarz 2004 resample the same two). A phase of the season that
 * is not mostly 0 is no case for it: nights without a departure do not make noon one.
 */
export interface Intermittent {
  /** The smallest value above 0; undefined where every value is 0. */
  least: number | undefined;
  /** Share of zeros at a step after the last value, 0 being the next. */
  zeros: (step: number) => number;
  /** Quantile of the values above 0. */
  size: (level: number) => number;
}

const FEWEST = 8;
/** So many steps, or seasons, say what the series is like now. */
const WINDOW = { steps: 100, seasons: 8 };
/** The latest of these must not speak against it: what sells now is no rarity because it once did not. */
const LATEST = { steps: 14, seasons: 2 };

/** Undefined for a series that is not mostly 0, or has a value below it. */
export function intermittentOf(values: Float64Array, seasonLength: number): Intermittent | undefined {
  const from = Math.max(0, values.length - Math.max(WINDOW.steps, WINDOW.seasons * seasonLength));
  const latest = values.length - Math.max(LATEST.steps, LATEST.seasons * seasonLength);
  const sizes: number[] = [];
  const all = new Share();
  const now = new Share();
  const phases = Array.from({ length: seasonLength }, () => new Share());
  for (let t = from; t < values.length; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    if (value < 0) return undefined;
    if (value > 0) sizes.push(value);
    all.add(value === 0);
    phases[t % seasonLength]!.add(value === 0);
    if (t >= latest) now.add(value === 0);
  }
  if (all.count < FEWEST || !(all.share > 0.5)) return undefined;
  const chance = 3 * Math.sqrt((all.share * (1 - all.share)) / now.count);
  if (now.share <= 0.5 && now.share < all.share - chance) return undefined;
  sizes.sort((a, b) => a - b);
  const seasonal = differ(phases, all);
  return {
    least: sizes[0],
    zeros: (step) => {
      const phase = phases[(values.length + step) % seasonLength]!;
      return seasonal && phase.count > 0 ? phase.share : all.share;
    },
    size: (level) => sizes[Math.min(sizes.length - 1, Math.floor(level * sizes.length))] ?? 0,
  };
}

/** A method's quantiles, but those of the count where 0 is the likeliest value. */
export function hurdled(
  quantile: (level: number, step: number) => number,
  intermittent: Intermittent | undefined,
): (level: number, step: number) => number {
  if (!intermittent) return quantile;
  return (level, step) => {
    const zeros = intermittent.zeros(step);
    if (zeros <= 0.5) return quantile(level, step);
    return level <= zeros ? 0 : intermittent.size((level - zeros) / (1 - zeros));
  };
}

class Share {
  count = 0;
  private yes = 0;

  add(yes: boolean): void {
    this.count++;
    if (yes) this.yes++;
  }

  get share(): number {
    return this.count === 0 ? Number.NaN : this.yes / this.count;
  }
}

/** χ² of the zeros by phase, three deviations above what chance makes of it. */
function differ(phases: readonly Share[], { share, count }: Share): boolean {
  if (phases.length < 2 || count < 2 * phases.length || share === 1) return false;
  const square = phases.reduce((sum, phase) => (phase.count === 0 ? sum : sum + phase.count * (phase.share - share) ** 2), 0);
  const freedom = phases.length - 1;
  return square / (share * (1 - share)) > freedom + 3 * Math.sqrt(2 * freedom);
}
