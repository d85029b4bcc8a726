/**
 * A module of its own, on memory that threads share: what the ranks of a run do with each other's gradients. Without fused
 * multiply-adds and with whole vectors alone, so that neither the variant nor where the slices begin changes a bit.
 */
export { adamStep } from './adam';

/** Replaces the first of `ranks` arrays, `stride` bytes apart, by their sum in rank order; n is a multiple of 4. Returns its sum of squares. */
export function sumRanks(first: usize, stride: usize, ranks: i32, n: i32): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  const end = first + <usize>(4 * n);
  for (let at = first; at < end; at += 16) {
    let sum = v128.load(at);
    let other = at;
    for (let rank = 1; rank < ranks; rank++) {
      other += stride;
      sum = f32x4.add(sum, v128.load(other));
    }
    v128.store(at, sum);
    const a = f64x2.promote_low_f32x4(sum);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f64>(sum, sum, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const total = f64x2.add(low, high);
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}
