/**
 * Vector arithmetic: multiply-add, and 2^y, sigmoid and tanh to about 3e-7 (tanh: absolute). Their constants come from a
 * table in memory, because V8 rebuilds a literal vector from integers at every use; a function loads them once and
 * passes them on.
 */

let table: usize = 0;

/** Bytes of the table. */
export function constantBytes(): usize {
  return 64;
}

/** Fills the table at this address, which must stay allocated. Called once, after linking. */
export function setConstants(at: usize): void {
  table = at;
  store<f32>(at, -126, 0);
  store<f32>(at, 126, 4);
  store<f32>(at, 12582912, 8); // 1.5·2^23: the last mantissa bits of y + this are round(y)
  // 2^r on [-½, ½], least largest relative error
  store<f32>(at, 0.0013276464533093155, 12);
  store<f32>(at, 0.009675541274927243, 16);
  store<f32>(at, 0.055507132965728054, 20);
  store<f32>(at, 0.24022119725321972, 24);
  store<f32>(at, 0.693146967050633, 28);
  store<f32>(at, 1, 32);
  store<f32>(at, 2, 36);
  store<f32>(at, -1.4426950408889634, 40);
  store<f32>(at, 2.8853900817779268, 44);
  store<f32>(at, 1.4426950408889634, 48);
  store<f32>(at, 0.5, 52);
}

/** The constants by name, in bytes of the table. */
export const LOW: usize = 0, HIGH: usize = 4, MAGIC: usize = 8, P5: usize = 12, P4: usize = 16, P3: usize = 20, P2: usize = 24, P1: usize = 28;
export const ONE: usize = 32, TWO: usize = 36, MINUS_LOG2E: usize = 40, TWO_LOG2E: usize = 44, LOG2E: usize = 48, HALF: usize = 52;

// @ts-ignore: decorator
@inline
export function constant(name: usize): v128 {
  return v128.load_splat<f32>(table + name);
}

/** a·b + c */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (isDefined(RELAXED)) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

/** 2^y = 2^n·2^r with n whole and |r| ≤ ½. pmin and pmax are one instruction; min and max, with their care for NaN, are seven. */
// @ts-ignore: decorator
@inline
function exp2(low: v128, high: v128, magic: v128, p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, one: v128, y: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(y, high), low);
  const shifted = f32x4.add(clamped, magic);
  const r = f32x4.sub(clamped, f32x4.sub(shifted, magic));
  const p = fma(fma(fma(fma(fma(p5, r, p4), r, p3), r, p2), r, p1), r, one);
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** e^x */
// @ts-ignore: decorator
@inline
export function exp(log2e: v128, low: v128, high: v128, magic: v128, p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, one: v128, x: v128): v128 {
  return exp2(low, high, magic, p5, p4, p3, p2, p1, one, f32x4.mul(x, log2e));
}

/** 1 / (1 + e^−x) */
// @ts-ignore: decorator
@inline
export function sigmoid(minusLog2e: v128, low: v128, high: v128, magic: v128, p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, one: v128, x: v128): v128 {
  return f32x4.div(one, f32x4.add(one, exp2(low, high, magic, p5, p4, p3, p2, p1, one, f32x4.mul(x, minusLog2e))));
}

/** 1 − 2 / (1 + e^2x) */
// @ts-ignore: decorator
@inline
export function tanh(twoLog2e: v128, low: v128, high: v128, magic: v128, p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, one: v128, two: v128, x: v128): v128 {
  return f32x4.sub(one, f32x4.div(two, f32x4.add(one, exp2(low, high, magic, p5, p4, p3, p2, p1, one, f32x4.mul(x, twoLog2e)))));
}
