/** y = x·w + b and its gradients in plain JavaScript. */
import { addColumnSums, addProduct, addProductTransposed, addTransposedProduct } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function denseForward([x, w, b]: Arrays, [y]: Float32Array[], { N, I, O }: Dims): void {
  if (b) for (let row = 0; row < N!; row++) y!.set(b, row * O!);
  addProduct(x!, 0, w!, 0, y!, 0, N!, I!, O!);
}

export function denseBackward([x, w, dy]: Arrays, [dx, dw, db]: Float32Array[], { N, I, O }: Dims): void {
  addProductTransposed(dy!, 0, w!, 0, dx!, 0, N!, O!, I!);
  addTransposedProduct(x!, 0, dy!, 0, dw!, 0, N!, I!, O!);
  addColumnSums(dy!, db!, N!, O!);
}
