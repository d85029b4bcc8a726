/**
 * Where a step stands in its seasons, as one-hot features. Phases come from the season lengths alone: the position in the
 * shortest season, then, for each longer one, which of its shorter seasons it is in (hour of day, then day of week). A
 * grid's steps are aligned to its calendar, so equal phases mean equal clock positions in every series.
 */
export interface Cycle {
  /** Steps after which it repeats. */
  length: number;
  /** Steps per bucket of the one-hot feature. */
  bucketSteps: number;
  buckets: number;
}

const MAX_BUCKETS = 32;

/** The cycles of a list of season lengths, shortest first. */
export function cyclesOf(seasonLengths: readonly number[]): Cycle[] {
  let previous = 1;
  return seasonLengths.map((length) => {
    const nested = length % previous === 0 ? previous : 1;
    const bucketSteps = Math.max(nested, Math.ceil(length / MAX_BUCKETS / nested) * nested);
    previous = length;
    return { length, bucketSteps, buckets: Math.ceil(length / bucketSteps) };
  });
}

export function calendarSize(cycles: readonly Cycle[]): number {
  return cycles.reduce((sum, cycle) => sum + cycle.buckets, 0);
}

/** Sets the one-hot features of `step` in `out` from `offset` on; the caller has zeroed the range. */
export function writeCalendar(cycles: readonly Cycle[], step: number, out: Float32Array, offset: number): void {
  for (const cycle of cycles) {
    const phase = ((step % cycle.length) + cycle.length) % cycle.length;
    out[offset + Math.floor(phase / cycle.bucketSteps)] = 1;
    offset += cycle.buckets;
  }
}
