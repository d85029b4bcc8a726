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
  let count = 0;
  let shift = NaN;
  let sum = 0;
  let squares = 0;
  let absolute = 0;
  let largest = 0;
  let differences = 0;
  let pairs = 0;
  let last = NaN;
  let recentSum = 0;
  let recent = 0;
  for (let t = to - 1; t >= start; t--) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    if (count === 0) {
      last = value;
      shift = value;
    }
    const moved = value - shift;
    count++;
    sum += moved;
    squares += moved * moved;
    absolute += Math.abs(value);
    largest = Math.max(largest, Math.abs(value));
    if (recent < season) {
      recentSum += moved;
      recent++;
    }
    const before = t - season >= start ? values[t - season]! : NaN;
    if (!Number.isNaN(before)) {
      differences += Math.abs(value - before);
      pairs++;
    }
  }
  if (count === 0) return { center: 0, scale: 1 };
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const difference = pairs > 0 ? differences / pairs : deviation;
  const [center, scale] = ((): [number, number] => {
    // No object with a property for each kind: a name that came from another thread, as a key, keeps V8 from optimising this.
    switch (kind) {
      case 'seasonalDifference':
        return [shift + recentSum / recent, 0.5 * difference + 0.5 * deviation];
      case 'lastValue':
        return [last, deviation];
      case 'seriesDeviation':
        return [last, seriesDeviation ?? deviation];
      case 'meanAbs':
        return [0, absolute / count];
      case 'revin':
        return [shift + sum / count, deviation];
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
