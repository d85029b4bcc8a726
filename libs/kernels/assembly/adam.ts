/** AdamW with a clipped gradient norm and a running average of the weights; arguments as in src/adam/kernels.ts. */

export function adam(values: usize, gradient: usize, m: usize, v: usize, average: usize, decay: usize, newValues: usize, newM: usize, newV: usize, newAverage: usize, norm: usize, n: i32, clip: f32, rate: f32, correction: f32, weightDecay: f32, beta1: f32, beta2: f32, epsilon: f32, ema: f32, _scratch: usize): void {
  let squares: f64 = 0;
  for (let j = 0; j < n; j++) {
    const g = <f64>load<f32>(gradient + <usize>(4 * j));
    squares += g * g;
  }
  const length = f32(Math.sqrt(squares));
  store<f32>(norm, length);
  const shrink: f32 = length > clip ? clip / length : 1;
  adamStep(values, gradient, m, v, average, decay, newValues, newM, newV, newAverage, n, shrink, rate, correction, weightDecay, beta1, beta2, epsilon, ema);
}

/** One update by `shrink` times the gradient; new arrays may be the old ones. */
export function adamStep(values: usize, gradient: usize, m: usize, v: usize, average: usize, decay: usize, newValues: usize, newM: usize, newV: usize, newAverage: usize, n: i32, shrink: f32, rate: f32, correction: f32, weightDecay: f32, beta1: f32, beta2: f32, epsilon: f32, ema: f32): void {
  const s = f32x4.splat(shrink), b1 = f32x4.splat(beta1), b2 = f32x4.splat(beta2), d = f32x4.splat(weightDecay);
  const r = f32x4.splat(rate), c = f32x4.splat(correction), e = f32x4.splat(epsilon), k = f32x4.splat(1 - ema);
  const rest1 = f32x4.splat(1 - beta1), rest2 = f32x4.splat(1 - beta2);
  let j: usize = 0;
  const end = <usize>(4 * n);
  for (; j + 16 <= end; j += 16) {
    const g = f32x4.mul(v128.load(gradient + j), s);
    const m1 = f32x4.add(f32x4.mul(b1, v128.load(m + j)), f32x4.mul(rest1, g));
    const v1 = f32x4.add(f32x4.mul(b2, v128.load(v + j)), f32x4.mul(rest2, f32x4.mul(g, g)));
    const old = v128.load(values + j);
    const shrunk = f32x4.sub(old, f32x4.mul(f32x4.mul(old, d), v128.load(decay + j)));
    const value = f32x4.sub(shrunk, f32x4.div(f32x4.mul(r, m1), f32x4.add(f32x4.mul(f32x4.sqrt(v1), c), e)));
    const a = v128.load(average + j);
    v128.store(newM + j, m1);
    v128.store(newV + j, v1);
    v128.store(newValues + j, value);
    v128.store(newAverage + j, f32x4.add(a, f32x4.mul(k, f32x4.sub(value, a))));
  }
  const one: f32 = 1;
  for (; j < end; j += 4) {
    const g = load<f32>(gradient + j) * shrink;
    const m1 = beta1 * load<f32>(m + j) + (one - beta1) * g;
    const v1 = beta2 * load<f32>(v + j) + (one - beta2) * (g * g);
    const old = load<f32>(values + j);
    const value = old - old * weightDecay * load<f32>(decay + j) - (rate * m1) / (f32(Math.sqrt(v1)) * correction + epsilon);
    const a = load<f32>(average + j);
    store<f32>(newM + j, m1);
    store<f32>(newV + j, v1);
    store<f32>(newValues + j, value);
    store<f32>(newAverage + j, a + (one - ema) * (value - a));
  }
}
