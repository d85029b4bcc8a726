/**
 * Centre and scale of one context window, so that one network serves series of every size. Reads nothing but the observed
 * values of the window; the arithmetic is float64, so that values of 1e30 and 1e-30 both arrive as ordinary float32.
 */
export const SCALER_KINDS = ['seasonalDifference', 'lastValue', 'seriesDeviation', 'meanAbs', 'revin', 'robustArcsinh'] as const;
export type ScalerKind = (typeof SCALER_KINDS)[number];

export interface WindowScale {
  center: number;
  /** Positive and finite, also for a constant or empty window. */
  scale: number;
}

/**
 * @param values series; the window is [from, to)
 * @param season steps of the season that differences and the centre are taken over; 1 when there is none
 *
 * `seasonalDifference`: centre = mean of the last season, scale = ½ mean|x_t − x_{t−season}| + ½ standard deviation.
 * `lastValue`: centre = last observation, scale = standard deviation. `seriesDeviation`: the same with one scale for the whole
 * series, so that errors of all its windows weigh alike. `meanAbs`: centre 0, scale = mean|x|. `revin`: mean and standard deviation
 * (Kim et al. 2022, without its affine weights). `robustArcsinh`: median and interquartile range, which no outlier moves; what is
 * scaled is then bent, see `bend`.
 */
export function windowScale(
  kind: ScalerKind,
  values: Float64Array,
  from: number,
  to: number,
  season: number,
  seriesDeviation?: number,
): WindowScale {
  const start = Math.max(0, from);
  // Short loops with one purpose each: this runs for every window of every training step, and one loop for all took longer.
  let newest = to - 1;
  while (newest >= start && Number.isNaN(values[newest]!)) newest--;
  // The last observation is also what sums are taken from, so that a large level costs them no digits.
  const last = newest >= start ? values[newest]! : NaN;
  let count = 0;
  let sum = 0;
  let squares = 0;
  let largest = 0;
  for (let t = newest; t >= start; t--) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    const moved = value - last;
    count++;
    sum += moved;
    squares += moved * moved;
    const size = value < 0 ? -value : value;
    if (size > largest) largest = size;
  }
  if (count === 0) return { center: 0, scale: 1 };
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const [center, scale] = ((): [number, number] => {
    // No object with a property for each kind: a name that came from another thread, as a key, keeps V8 from optimising this.
    switch (kind) {
      case 'seasonalDifference':
        return [
          last + meanOfLast(values, start, newest, season, last),
          0.5 * (meanDifference(values, start, newest, season) ?? deviation) + 0.5 * deviation,
        ];
      case 'lastValue':
        return [last, deviation];
      case 'seriesDeviation':
        return [last, seriesDeviation ?? deviation];
      case 'meanAbs':
        return [0, meanSize(values, start, newest)];
      case 'revin':
        return [last + sum / count, deviation];
      case 'robustArcsinh': {
        const [lower, middle, upper] = quartiles(values.subarray(start, to)) as [number, number, number];
        // Where most values are equal, the few others tell the scale.
        return [middle, upper - lower > largest * 1e-6 ? upper - lower : deviation];
      }
    }
  })();
  // A constant window has no spread of its own: a thousandth of its level keeps its forecast narrow but finite.
  const floor = largest * 1e-6;
  return { center, scale: scale > floor && Number.isFinite(scale) ? scale : largest > 0 ? largest * 1e-3 : 1 };
}

/** Mean of the last `count` observations up to `newest`, less `shift`. */
function meanOfLast(values: Float64Array, start: number, newest: number, count: number, shift: number): number {
  let sum = 0;
  let seen = 0;
  for (let t = newest; t >= start && seen < count; t--) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    sum += value - shift;
    seen++;
  }
  return sum / seen;
}

/** Mean of |x_t − x_{t−season}| over the pairs of which both are observed; undefined where there is none. */
function meanDifference(values: Float64Array, start: number, newest: number, season: number): number | undefined {
  let sum = 0;
  let pairs = 0;
  for (let t = newest; t >= start + season; t--) {
    const apart = Math.abs(values[t]! - values[t - season]!);
    if (Number.isNaN(apart)) continue;
    sum += apart;
    pairs++;
  }
  return pairs > 0 ? sum / pairs : undefined;
}

function meanSize(values: Float64Array, start: number, newest: number): number {
  let sum = 0;
  let count = 0;
  for (let t = newest; t >= start; t--) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    sum += Math.abs(value);
    count++;
  }
  return sum / count;
}

/** Beyond this a forecast is no longer believed: sinh(12) is 80,000 interquartile ranges. */
const STEEPEST = 12;

/** A scaled value as a network sees it: its arcsinh for `robustArcsinh`, so that a spike is a word among others; itself otherwise. */
export function bend(kind: ScalerKind, scaled: number): number {
  return kind === 'robustArcsinh' ? Math.asinh(scaled) : scaled;
}

/** The inverse of `bend`; rises with its argument, so that quantiles stay in order. */
export function unbend(kind: ScalerKind, bent: number): number {
  return kind === 'robustArcsinh' ? Math.sinh(Math.min(STEEPEST, Math.max(-STEEPEST, bent))) : bent;
}

function quartiles(values: Float64Array): number[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return [0.25, 0.5, 0.75].map((share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)]!;
    return below + (place % 1) * (sorted[Math.ceil(place)]! - below);
  });
}

/** Standard deviation of the observed values of a series; 0 where there are fewer than two. */
export function deviationOf(values: Float64Array): number {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    const apart = value - mean;
    mean += apart / count;
    squares += apart * (value - mean);
  }
  return count > 1 ? Math.sqrt(squares / count) : 0;
}

/** Share of the variance that a straight line may leave of a series that it is said to explain. */
const LINE_LEAVES = 0.1;
/**
 * Of what the line moves within a horizon: a series that keeps nearer to it than this has the line taken out. Of others it is not: what a
 * line leaves of a random walk seems to return to the line, and a network learns that.
 */
const NEAR = 0.1;
/** Of the same: what is left of an exact line is rounding, and no scale for anything. */
const LEAST_LEFT = 0.05;

/** What all windows of a series share. */
export interface SeriesScale {
  /** What values are divided by. */
  deviation: number;
  /** What the series rises in a step, taken out of values before the network sees them and put back into forecasts; 0 for most. */
  slope: number;
}

/**
 * The scale of the windows of a series: its deviation. Of a series that a straight line explains, the deviation from the line, or half of
 * what the line moves within a horizon where that is more: in units of the whole deviation the steps of a long line are so small that a
 * network is content with a part of them. A series that is nearly a line has it taken out.
 *
 * @param values of which the last `unseen` are not looked at for the line: those that validation asks for
 */
export function seriesScale(values: Float64Array, horizon: number, unseen = 0): SeriesScale {
  const deviation = deviationOf(values);
  const seen = values.subarray(0, Math.max(0, values.length - unseen));
  let [count, t, x] = [0, 0, 0];
  seen.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    count++;
    t += at;
    x += value;
  });
  let [tt, tx, xx] = [0, 0, 0];
  seen.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    const [dt, dx] = [at - t / count, value - x / count];
    tt += dt * dt;
    tx += dt * dx;
    xx += dx * dx;
  });
  const slope = tt > 0 ? tx / tt : 0;
  const left = xx - slope * tx;
  if (!(count > 2 && left < LINE_LEAVES * xx)) return { deviation, slope: 0 };
  const apart = Math.sqrt(Math.max(0, left) / count);
  const moved = Math.abs(slope) * horizon;
  return apart < NEAR * moved
    ? { deviation: Math.max(apart, LEAST_LEFT * moved), slope }
    : { deviation: Math.min(deviation, Math.max(apart, moved / 2)), slope: 0 };
}
