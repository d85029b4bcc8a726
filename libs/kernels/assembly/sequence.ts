/** What the recurrent kernels share: the order of time, and how much is done at once so that it stays in cache. */

/** The step of the sequence that comes `step`-th. */
// @ts-ignore: decorator
@inline
export function stepAt(step: i32, T: i32, reverse: i32): i32 {
  return reverse ? T - 1 - step : step;
}

/** The step before t in the direction of travel. */
// @ts-ignore: decorator
@inline
export function previous(t: usize, reverse: i32): usize {
  return reverse ? t + 1 : t - 1;
}

/** Rows of a forward step whose inputs and states (K floats a row) fill half a first-level cache; a multiple of 12. */
export function chunkRows(K: i32): i32 {
  return max(24, 6144 / max(1, K) / 12 * 12);
}

/** Rows of gate gradients (n floats each) that wait for the weight products: about 256 KB, whole steps. */
export function backRows(n: i32, B: i32, T: i32): i32 {
  return B * max(1, min(T, 65536 / n / B));
}

export function fill(to: usize, bytes: usize, value: u8): void {
  memory.fill(to, value, bytes);
}
