/** LSTM over a whole sequence, forward and backward, in plain JavaScript. The meaning of every argument is in `kernels.ts`. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct, sigmoid } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function lstmForward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, b, h0, c0, keepH, keepC] = inputs;
  const [h, hT, cT, gates, c, tanhC] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  for (let row = 0; row < T! * B!; row++) gates.set(b!, row * 4 * H!);
  addProduct(x!, 0, wx!, 0, gates, 0, T! * B!, I!, 4 * H!);
  const zeros = new Float32Array(B! * H!);
  let hPrev: Float32Array = h0 ?? zeros;
  let cPrev: Float32Array = c0 ?? zeros;
  for (let step = 0; step < T!; step++) {
    const t = reverse ? T! - 1 - step : step;
    addProduct(hPrev, 0, wh!, 0, gates, t * B! * 4 * H!, B!, H!, 4 * H!);
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 4 * H! + j;
        const at = (t * B! + row) * H! + j;
        const prev = row * H! + j;
        const input = (gates[g] = sigmoid(gates[g]!));
        const forget = (gates[g + H!] = sigmoid(gates[g + H!]!));
        const candidate = (gates[g + 2 * H!] = Math.tanh(gates[g + 2 * H!]!));
        const output = (gates[g + 3 * H!] = sigmoid(gates[g + 3 * H!]!));
        const kc = keepC ? keepC[at]! : 0;
        const kh = keepH ? keepH[at]! : 0;
        const cell = forget * cPrev[prev]! + input * candidate;
        tanhC[at] = Math.tanh(cell);
        c[at] = kc * cPrev[prev]! + (1 - kc) * cell;
        h[at] = kh * hPrev[prev]! + (1 - kh) * output * tanhC[at]!;
      }
    hPrev = h.subarray(t * B! * H!, (t + 1) * B! * H!);
    cPrev = c.subarray(t * B! * H!, (t + 1) * B! * H!);
  }
  hT.set(hPrev);
  cT.set(cPrev);
}

export function lstmBackward(inputs: Arrays, outputs: Float32Array[], { T, B, I, H, reverse }: Dims): void {
  const [x, wx, wh, h0, c0, keepH, keepC, h, gates, c, tanhC, dh, dhT, dcT] = inputs;
  const [dx, dwx, dwh, db, dh0, dc0] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const zeros = new Float32Array(B! * H!);
  const dGates = new Float32Array(T! * B! * 4 * H!);
  const at0 = (t: number): number => t * B! * H!;
  if (dhT) dh0.set(dhT);
  if (dcT) dc0.set(dcT);
  for (let step = T! - 1; step >= 0; step--) {
    const t = reverse ? T! - 1 - step : step;
    const before = reverse ? t + 1 : t - 1;
    const hPrev = step === 0 ? (h0 ?? zeros) : h!.subarray(at0(before), at0(before + 1));
    const cPrev = step === 0 ? (c0 ?? zeros) : c!.subarray(at0(before), at0(before + 1));
    for (let row = 0; row < B!; row++)
      for (let j = 0; j < H!; j++) {
        const g = (t * B! + row) * 4 * H! + j;
        const at = (t * B! + row) * H! + j;
        const prev = row * H! + j;
        const [input, forget, candidate, output] = [gates![g]!, gates![g + H!]!, gates![g + 2 * H!]!, gates![g + 3 * H!]!];
        const kc = keepC ? keepC[at]! : 0;
        const kh = keepH ? keepH[at]! : 0;
        const total = dh0[prev]! + (dh ? dh[at]! : 0);
        const dHidden = (1 - kh) * total;
        const dCell = dHidden * output * (1 - tanhC![at]! ** 2) + (1 - kc) * dc0[prev]!;
        dGates[g] = dCell * candidate * input * (1 - input);
        dGates[g + H!] = dCell * cPrev[prev]! * forget * (1 - forget);
        dGates[g + 2 * H!] = dCell * input * (1 - candidate ** 2);
        dGates[g + 3 * H!] = dHidden * tanhC![at]! * output * (1 - output);
        dc0[prev] = dCell * forget + kc * dc0[prev]!;
        dh0[prev] = kh * total;
      }
    addProductTransposed(dGates, t * B! * 4 * H!, wh!, 0, dh0, 0, B!, 4 * H!, H!);
    addTransposedProduct(hPrev, 0, dGates, t * B! * 4 * H!, dwh, 0, B!, H!, 4 * H!);
  }
  addProductTransposed(dGates, 0, wx!, 0, dx, 0, T! * B!, 4 * H!, I!);
  addTransposedProduct(x!, 0, dGates, 0, dwx, 0, T! * B!, I!, 4 * H!);
  addColumnSums(dGates, db, T! * B!, 4 * H!);
}
