/** Numbers in a tensor of this shape; a scalar's shape is empty. Loads no TensorFlow.js. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
