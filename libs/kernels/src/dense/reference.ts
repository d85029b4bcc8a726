/** y = x·w + b and its gradients in plain JavaScript. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function denseForward([x, w, b]: Arrays, [y]: Float32Array[], { N, I, O, relu }: Dims): void {
  if (b) for (let row = 0; row < N!; row++) y!.set(b, row * O!);
  addProduct(x!, 0, w!, 0, y!, 0, N!, I!, O!);
  if (relu) for (let i = 0; i < y!.length; i++) y![i] = Math.max(0, y![i]!);
}

export function denseBackward([x, w, dy, y]: Arrays, [dw, db, dx]: Float32Array[], { N, I, O }: Dims): void {
  const d = y ? dy!.map((slope, i) => (y[i]! > 0 ? slope : 0)) : dy!;
  addTransposedProduct(x!, 0, d, 0, dw!, 0, N!, I!, O!);
  addColumnSums(d, db!, N!, O!);
  if (dx) addProductTransposed(d, 0, w!, 0, dx, 0, N!, O!, I!);
}
