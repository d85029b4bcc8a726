/** The `tensorflow` engine: tfjs-node-gpu's JavaScript over a native TensorFlow, where `npm run engine:tensorflow` has put one. */

/** Whether a native binding is installed here. */
export function tensorflowPresent(): boolean {
  return false;
}
