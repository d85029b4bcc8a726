/** GRU (reset after) over a whole sequence, forward and backward, in plain JavaScript. Arguments: `kernels.ts`. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct, sigmoid } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function gruForward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, b, bu, h0, keepH] = inputs;
  const [h, hT, gates, un] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let row = 0; row < T! * B!; row++) gates.set(b!, row * 3 * H!);
  addProduct(x!, 0, wx!, 0, gates, 0, T! * B!, I!, 3 * H!);
  const u = new Float32Array(B! * 3 * H!);
  let hPrev: Float32Array = h0 ?? new Float32Array(B! * H!);
  for (let step = 0; step < T!; step++) {
    const t = reverse ? T! - 1 - step : step;
    for (let row = 0; row < B!; row++) u.set(bu!, row * 3 * H!);
    addProduct(hPrev, 0, wh!, 0, u, 0, B!, H!, 3 * H!);
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 3 * H! + j;
        const at = (t * B! + row) * H! + j;
        const ug = row * 3 * H! + j;
        const reset = (gates[g] = sigmoid(gates[g]! + u[ug]!));
        const update = (gates[g + H!] = sigmoid(gates[g + H!]! + u[ug + H!]!));
        un[at] = u[ug + 2 * H!]!;
        const candidate = (gates[g + 2 * H!] = Math.tanh(gates[g + 2 * H!]! + reset * un[at]!));
        const kh = keepH ? keepH[at]! : 0;
        const prev = hPrev[row * H! + j]!;
        h[at] = kh * prev + (1 - kh) * ((1 - update) * candidate + update * prev);
      }
    hPrev = h.subarray(t * B! * H!, (t + 1) * B! * H!);
  }
  hT.set(hPrev);
}

export function gruBackward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, h0, keepH, h, gates, un, dh, dhT] = inputs;
  const [dx, dwx, dwh, db, dbu, dh0] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const zeros = new Float32Array(B! * H!);
  const dGates = new Float32Array(T! * B! * 3 * H!);
  const dU = new Float32Array(B! * 3 * H!);
  if (dhT) dh0.set(dhT);
  for (let step = T! - 1; step >= 0; step--) {
    const t = reverse ? T! - 1 - step : step;
    const before = reverse ? t + 1 : t - 1;
    const hPrev = step === 0 ? (h0 ?? zeros) : h!.subarray(before * B! * H!, (before + 1) * B! * H!);
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 3 * H! + j;
        const at = (t * B! + row) * H! + j;
        const prev = row * H! + j;
        const ug = row * 3 * H! + j;
        const [reset, update, candidate] = [gates![g]!, gates![g + H!]!, gates![g + 2 * H!]!];
        const kh = keepH ? keepH[at]! : 0;
        const total = dh0[prev]! + (dh ? dh[at]! : 0);
        const dNew = (1 - kh) * total;
        const dCandidate = dNew * (1 - update) * (1 - candidate ** 2);
        dGates[g + 2 * H!] = dCandidate;
        dU[ug + 2 * H!] = dCandidate * reset;
        dGates[g] = dU[ug] = dCandidate * un![at]! * reset * (1 - reset);
        dGates[g + H!] = dU[ug + H!] = dNew * (hPrev[prev]! - candidate) * update * (1 - update);
        dh0[prev] = dNew * update + kh * total;
      }
    addProductTransposed(dU, 0, wh!, 0, dh0, 0, B!, 3 * H!, H!);
    addTransposedProduct(hPrev, 0, dU, 0, dwh, 0, B!, H!, 3 * H!);
    addColumnSums(dU, dbu, B!, 3 * H!);
  }
  addProductTransposed(dGates, 0, wx!, 0, dx, 0, T! * B!, 3 * H!, I!);
  addTransposedProduct(x!, 0, dGates, 0, dwx, 0, T! * B!, I!, 3 * H!);
  addColumnSums(dGates, db, T! * B!, 3 * H!);
}
