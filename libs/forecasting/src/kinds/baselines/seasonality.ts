/**
 * Is there a season, and what does it look like? As the M4 benchmarks decide it.
 *
 * Source: the M4 competition's benchmark code (Makridakis, Spiliotis and Assimakopoulos 2018): a one-sided 90 % test of
 * the autocorrelation at the season length, then a classical decomposition by centred moving average (Kendall and
 * Stuart). Missing values are left out of every mean.
 */

export interface SeasonalIndex {
  /** Multiplicative where all observations are positive, additive otherwise. */
  multiplicative: boolean;
  /** [seasonLength], phase 0 at the first value; averages 1 (multiplicative) or 0 (additive). */
  index: Float64Array;
}

/** True where |r_m| > 1.645 √((1 + 2 Σ_{k<m} r_k²) / n), asked only of at least three full seasons. */
export function isSeasonal(values: Float64Array, seasonLength: number): boolean {
  if (seasonLength < 2) return false;
  const correlations = autocorrelations(values, seasonLength);
  const count = values.reduce((sum, value) => sum + Number(!Number.isNaN(value)), 0);
  if (count < 3 * seasonLength) return false;
  const squares = correlations.slice(0, -1).reduce((sum, r) => sum + r * r, 0);
  return Math.abs(correlations[seasonLength - 1]!) > 1.645 * Math.sqrt((1 + 2 * squares) / count);
}

/** r_1 … r_lags; NaN for a constant series. */
function autocorrelations(values: Float64Array, lags: number): Float64Array {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  const mean = sum / count;
  const covariance = (lag: number): number => {
    let total = 0;
    let pairs = 0;
    for (let t = lag; t < values.length; t++) {
      const product = (values[t]! - mean) * (values[t - lag]! - mean);
      if (Number.isNaN(product)) continue;
      total += product;
      pairs++;
    }
    // Complete series divide by n at every lag, as R's acf does; gaps scale the sum up to that.
    return pairs === 0 ? Number.NaN : (total / pairs) * (1 - lag / values.length);
  };
  const variance = covariance(0);
  return Float64Array.from({ length: lags }, (_, k) => covariance(k + 1) / variance);
}

/** Classical decomposition: the mean ratio to (or distance from) the centred moving average, per phase, normalised. */
export function seasonalIndex(values: Float64Array, seasonLength: number, multiplicative: boolean): SeasonalIndex {
  const sums = new Float64Array(seasonLength);
  const counts = new Float64Array(seasonLength);
  const half = Math.floor(seasonLength / 2);
  const even = seasonLength % 2 === 0;
  for (let t = half; t < values.length - half; t++) {
    if (Number.isNaN(values[t]!)) continue;
    let sum = 0;
    let weight = 0;
    for (let k = -half; k <= half; k++) {
      const value = values[t + k]!;
      if (Number.isNaN(value)) continue;
      const w = even && Math.abs(k) === half ? 0.5 : 1;
      sum += w * value;
      weight += w;
    }
    const trend = sum / weight;
    sums[t % seasonLength]! += multiplicative ? values[t]! / trend : values[t]! - trend;
    counts[t % seasonLength]!++;
  }
  const neutral = multiplicative ? 1 : 0;
  const raw = sums.map((sum, phase) => (counts[phase]! > 0 ? sum / counts[phase]! : neutral));
  const level = raw.reduce((sum, value) => sum + value, 0) / seasonLength;
  return { multiplicative, index: raw.map((value) => (multiplicative ? value / level : value - level)) };
}

/** The series' seasonal index, or null where the test finds none. */
export function findSeason(values: Float64Array, seasonLength: number): SeasonalIndex | null {
  if (!isSeasonal(values, seasonLength)) return null;
  return seasonalIndex(values, seasonLength, !values.some((value) => value <= 0));
}

/** Values with the season taken out. */
export function deseasonalise(values: Float64Array, season: SeasonalIndex | null): Float64Array {
  if (!season) return values;
  const { index, multiplicative } = season;
  return values.map((value, t) => (multiplicative ? value / index[t % index.length]! : value - index[t % index.length]!));
}

/** A value at position `t` (counted like the history's) with the season put back. */
export function reseasonalise(value: number, t: number, season: SeasonalIndex | null): number {
  if (!season) return value;
  const factor = season.index[t % season.index.length]!;
  return season.multiplicative ? value * factor : value + factor;
}
