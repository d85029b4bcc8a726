/** minGRU over a whole sequence, forward and backward, in plain JavaScript. Arguments: `kernels.ts`. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct, sigmoid } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function minGruForward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, b, h0, keepH] = inputs;
  const [h, hT, gates] = outputs as [Float32Array, Float32Array, Float32Array];
  for (let row = 0; row < T! * B!; row++) gates.set(b!, row * 2 * H!);
  addProduct(x!, 0, wx!, 0, gates, 0, T! * B!, I!, 2 * H!);
  let hPrev: Float32Array = h0 ?? new Float32Array(B! * H!);
  for (let step = 0; step < T!; step++) {
    const t = reverse ? T! - 1 - step : step;
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 2 * H! + j;
        const at = (t * B! + row) * H! + j;
        const prev = hPrev[row * H! + j]!;
        const update = (gates[g] = sigmoid(gates[g]!));
        const kh = keepH ? keepH[at]! : 0;
        h[at] = prev + (1 - kh) * update * (gates[g + H!]! - prev);
      }
    hPrev = h.subarray(t * B! * H!, (t + 1) * B! * H!);
  }
  hT.set(hPrev);
}

export function minGruBackward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, h0, keepH, h, gates, dh, dhT] = inputs;
  const [dx, dwx, db, dh0] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  const zeros = new Float32Array(B! * H!);
  const dGates = new Float32Array(T! * B! * 2 * H!);
  if (dhT) dh0.set(dhT);
  for (let step = T! - 1; step >= 0; step--) {
    const t = reverse ? T! - 1 - step : step;
    const before = reverse ? t + 1 : t - 1;
    const hPrev = step === 0 ? (h0 ?? zeros) : h!.subarray(before * B! * H!, (before + 1) * B! * H!);
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 2 * H! + j;
        const at = (t * B! + row) * H! + j;
        const prev = row * H! + j;
        const [update, candidate] = [gates![g]!, gates![g + H!]!];
        const total = dh0[prev]! + (dh ? dh[at]! : 0);
        const dNew = (keepH ? 1 - keepH[at]! : 1) * total;
        dGates[g] = dNew * (candidate - hPrev[prev]!) * update * (1 - update);
        dGates[g + H!] = dNew * update;
        dh0[prev] = total - dNew * update;
      }
  }
  addProductTransposed(dGates, 0, wx!, 0, dx, 0, T! * B!, 2 * H!, I!);
  addTransposedProduct(x!, 0, dGates, 0, dwx, 0, T! * B!, I!, 2 * H!);
  addColumnSums(dGates, db, T! * B!, 2 * H!);
}
