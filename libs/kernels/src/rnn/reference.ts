/** tanh RNN over a whole sequence, forward and backward, in plain JavaScript. Arguments: `kernels.ts`. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function rnnForward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, b, h0, keepH] = inputs;
  const [h, hT, gates] = outputs as [Float32Array, Float32Array, Float32Array];
  for (let row = 0; row < T! * B!; row++) gates.set(b!, row * H!);
  addProduct(x!, 0, wx!, 0, gates, 0, T! * B!, I!, H!);
  let hPrev: Float32Array = h0 ?? new Float32Array(B! * H!);
  for (let step = 0; step < T!; step++) {
    const t = reverse ? T! - 1 - step : step;
    addProduct(hPrev, 0, wh!, 0, gates, t * B! * H!, B!, H!, H!);
    for (let i = 0; i < B! * H!; i++) {
      const at = t * B! * H! + i;
      const kh = keepH ? keepH[at]! : 0;
      gates[at] = Math.tanh(gates[at]!);
      h[at] = kh * hPrev[i]! + (1 - kh) * gates[at]!;
    }
    hPrev = h.subarray(t * B! * H!, (t + 1) * B! * H!);
  }
  hT.set(hPrev);
}

export function rnnBackward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, h0, keepH, h, gates, dh, dhT] = inputs;
  const [dx, dwx, dwh, db, dh0] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const zeros = new Float32Array(B! * H!);
  const dGates = new Float32Array(T! * B! * H!);
  if (dhT) dh0.set(dhT);
  for (let step = T! - 1; step >= 0; step--) {
    const t = reverse ? T! - 1 - step : step;
    const before = reverse ? t + 1 : t - 1;
    const hPrev = step === 0 ? (h0 ?? zeros) : h!.subarray(before * B! * H!, (before + 1) * B! * H!);
    for (let i = 0; i < B! * H!; i++) {
      const at = t * B! * H! + i;
      const kh = keepH ? keepH[at]! : 0;
      const total = dh0[i]! + (dh ? dh[at]! : 0);
      dGates[at] = (1 - kh) * total * (1 - gates![at]! ** 2);
      dh0[i] = kh * total;
    }
    addProductTransposed(dGates, t * B! * H!, wh!, 0, dh0, 0, B!, H!, H!);
    addTransposedProduct(hPrev, 0, dGates, t * B! * H!, dwh, 0, B!, H!, H!);
  }
  addProductTransposed(dGates, 0, wx!, 0, dx, 0, T! * B!, H!, I!);
  addTransposedProduct(x!, 0, dGates, 0, dwx, 0, T! * B!, I!, H!);
  addColumnSums(dGates, db, T! * B!, H!);
}
