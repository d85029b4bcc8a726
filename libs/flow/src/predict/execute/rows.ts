/** Quantiles of a forecast as JSON has them: NaN is null, since JSON has no word for it. */

export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** One array over the horizon for each level. */
export const rowsOf = (quantiles: Float64Array, horizon: number): (number | null)[][] =>
  Array.from({ length: quantiles.length / horizon }, (_, level) =>
    Array.from(quantiles.subarray(level * horizon, (level + 1) * horizon), finite),
  );
