/**
 * Where a series began to behave differently: its level, or the slope of its trend.
 *
 * The season is taken out first: the series is cut into whole shortest seasons, of which only the means are looked at (a week
 * of days of hours: less the usual mean of that weekday). The means are then split into pieces of straight lines by PELT
 * (Killick, Fearnhead & Eckley 2012, "Optimal detection of changepoints with a linear computational cost"), with a penalty in
 * units of the noise of neighbouring means. Last, each change is placed between two steps where two levels fit best.
 *
 * Invariants: gaps (NaN) count for nothing; at most `MAX_BINS` means are looked at, so that the time does not grow with the
 * square of the length; a series that is too short has no changepoints.
 */
export interface Changepoint {
  /** First step of the new behaviour, as an index into the values. */
  index: number;
  /** Mean of up to seven seasons before it, and from it on. */
  before: number;
  after: number;
}

const MAX_BINS = 2000;
/** Fewest means in a piece: three points say little of a line, and a single odd season is none. */
const SHORTEST_PIECE = 4;
/** In units of variance times log(bins). Schwarz would have 3 for a line and its place; neighbouring seasons are alike, so more. */
const PENALTY = 12;
const AROUND = 7;
/** The weather of a date is that of the fortnight about it. */
const SMOOTH = 1 / 26;

/**
 * @param values one per step; NaN is a gap
 * @param seasonLengths in steps, ascending; none for a series without a season
 * @param year steps in a year, where years are long beside the seasons: over three years and more their cycle is taken out too
 * @example changepoints(hours, [24, 168], 8766) // [{ index: 960, before: 41.2, after: 63.9 }]
 */
export function changepoints(values: Float64Array, seasonLengths: readonly number[] = [], year = Infinity): Changepoint[] {
  const season = seasonLengths[0] ?? 1;
  const width = season * Math.max(1, Math.ceil(values.length / season / MAX_BINS));
  const means = binMeans(values, width);
  const longest = seasonLengths.findLast((length) => length % width === 0 && length >= 2 * width && means.length >= (4 * length) / width);
  if (longest !== undefined) removePhases(means, longest / width);
  if (means.length * width >= 3 * year && year >= 12 * width) removePhases(means, Math.round(year / width), SMOOTH);
  const borders = split(means);
  const plain = deseasonalised(values, longest ?? season);
  return borders.map((border, k) => {
    const from = Math.max(0, border - SHORTEST_PIECE, borders[k - 1] ?? 0);
    const to = Math.min(means.length, border + SHORTEST_PIECE, borders[k + 1] ?? means.length);
    const index = bestCut(plain, from * width, Math.min(values.length, to * width), (border - 1) * width, (border + 1) * width);
    const reach = AROUND * width;
    return {
      index,
      before: mean(values.subarray(Math.max(0, (borders[k - 1] ?? 0) * width, index - reach), index)),
      after: mean(values.subarray(index, Math.min(index + reach, (borders[k + 1] ?? Infinity) * width))),
    };
  });
}

function mean(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

function median(values: number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length === 0 ? NaN : sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The last, incomplete season is left out: its mean would be of some phases only. NaN where less than half is observed. */
function binMeans(values: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / width) }, (_, bin) => {
    const inside = values.subarray(bin * width, (bin + 1) * width);
    return inside.reduce((count, value) => count + Number(!Number.isNaN(value)), 0) >= width / 2 ? mean(inside) : NaN;
  });
}

/**
 * Takes the usual distance of each phase from the mean of the cycle about it, so that a trend stays a line. Medians over the
 * cycles: one that has a change in it counts for little.
 * @param smooth share of the cycle on either side over which neighbouring phases are alike
 */
function removePhases(means: Float64Array, phases: number, smooth = 0): void {
  const distances: number[][] = Array.from({ length: phases }, () => []);
  const half = phases >> 1;
  let sum = 0;
  let count = 0;
  const enter = (value: number, sign: 1 | -1): void => {
    if (Number.isNaN(value)) return;
    sum += sign * value;
    count += sign;
  };
  for (let end = 0; end < means.length; end += 1) {
    enter(means[end]!, 1);
    if (end >= phases) enter(means[end - phases]!, -1);
    const middle = end - half;
    if (end >= phases - 1 && count > 0) distances[middle % phases]!.push(means[middle]! - sum / count);
  }
  const reach = Math.round(phases * smooth);
  const medians = distances.map(median);
  const usual = medians.map((_, phase) =>
    mean(Float64Array.from({ length: 2 * reach + 1 }, (__, k) => medians[(phase + k - reach + phases) % phases]!)),
  );
  means.forEach((value, bin) => (means[bin] = value - (usual[bin % phases]! || 0)));
}

/** Each step less the usual distance of its phase from the mean of the season about it. */
function deseasonalised(values: Float64Array, season: number): Float64Array {
  if (season === 1) return values;
  const plain = Float64Array.from(values);
  removePhases(plain, season);
  return plain;
}

/** Sums over a prefix of the means, from which the squared error of a line over any stretch follows at once. */
class Lines {
  private readonly sums: Float64Array[];

  constructor(means: Float64Array) {
    this.sums = Array.from({ length: 6 }, () => new Float64Array(means.length + 1));
    const level = mean(means);
    means.forEach((value, x) => {
      const y = value - level;
      const terms = Number.isNaN(y) ? [0, 0, 0, 0, 0, 0] : [1, x, x * x, y, x * y, y * y];
      terms.forEach((term, k) => (this.sums[k]![x + 1] = this.sums[k]![x]! + term));
    });
  }

  /** Of the best line over bins from..to-1. */
  error(from: number, to: number): number {
    const [n, x, xx, y, xy, yy] = this.sums.map((sum) => sum[to]! - sum[from]!) as [number, number, number, number, number, number];
    if (n < 3) return 0;
    const sxx = xx - (x * x) / n;
    const sxy = xy - (x * y) / n;
    const syy = yy - (y * y) / n;
    return Math.max(0, syy - (sxx > 0 ? (sxy * sxy) / sxx : 0));
  }
}

/** PELT: first bins of the pieces but the first. */
function split(means: Float64Array): number[] {
  const n = means.length;
  if (n < 2 * SHORTEST_PIECE) return [];
  const variance = noise(means);
  if (Number.isNaN(variance)) return [];
  const penalty = PENALTY * variance * Math.log(n);
  const lines = new Lines(means);
  const best = new Float64Array(n + 1).fill(Infinity);
  const before = new Int32Array(n + 1);
  best[0] = -penalty;
  let candidates = [0];
  for (let to = SHORTEST_PIECE; to <= n; to += 1) {
    const costs = candidates.map((from) => best[from]! + lines.error(from, to));
    costs.forEach((cost, k) => {
      if (cost + penalty < best[to]!) {
        best[to] = cost + penalty;
        before[to] = candidates[k]!;
      }
    });
    // One that is worse now can never be better again.
    candidates = candidates.filter((_, k) => costs[k]! <= best[to]!);
    const next = to + 1 - SHORTEST_PIECE;
    if (next >= SHORTEST_PIECE && Number.isFinite(best[next]!)) candidates.push(next);
  }
  const borders: number[] = [];
  for (let at = before[n]!; at > 0; at = before[at]!) borders.unshift(at);
  return borders;
}

/** Variance of a mean about its trend, from its differences, so that a few changes do not count. */
function noise(means: Float64Array): number {
  const first: number[] = [];
  const second: number[] = [];
  for (let k = 1; k < means.length; k += 1) {
    first.push(means[k]! - means[k - 1]!);
    if (k > 1) second.push(means[k]! - 2 * means[k - 1]! + means[k - 2]!);
  }
  const spread = (differences: number[], of: number): number => {
    const middle = median(differences);
    return (median(differences.map((value) => Math.abs(value - middle))) / 0.6745) ** 2 / of;
  };
  const known = means.filter((value) => !Number.isNaN(value));
  // A series that repeats exactly has no noise; what rounding leaves over is no change.
  const floor = (1e-6 * known.reduce((most, value) => Math.max(most, Math.abs(value)), 0)) ** 2;
  return Math.max(spread(first, 2), spread(second, 6), floor);
}

/** The step in earliest..latest at which two levels fit the steps from..to-1 best. */
function bestCut(values: Float64Array, from: number, to: number, earliest: number, latest: number): number {
  const total = { sum: 0, count: 0 };
  for (let i = from; i < to; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    total.sum += values[i]!;
    total.count += 1;
  }
  let [sum, count, best, at] = [0, 0, -1, Math.round((earliest + latest) / 2)];
  for (let i = from; i < Math.min(to, latest); i += 1) {
    if (i > earliest && count > 0 && count < total.count) {
      const gain = (sum / count - (total.sum - sum) / (total.count - count)) ** 2 * ((count * (total.count - count)) / total.count);
      if (gain > best) [best, at] = [gain, i];
    }
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]!;
    count += 1;
  }
  return at;
}
