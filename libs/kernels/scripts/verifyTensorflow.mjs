/** Loads the `tensorflow` engine and compares one LSTM layer with the wasm engine; ends with 1 where they differ. */
import { initEngine, lstm } from '../dist/index.js';
import * as tf from '@tensorflow/tfjs-core';

const x = Float32Array.from({ length: 6 * 3 * 4 }, (_, i) => Math.sin(i));
const weights = (size) => Float32Array.from({ length: size }, (_, i) => 0.3 * Math.cos(3 * i));
const outputs = async () => {
  const inputs = [tf.tensor(x, [6, 3, 4]), tf.tensor(weights(80), [4, 20]), tf.tensor(weights(100), [5, 20]), tf.tensor(weights(20))];
  const gradients = tf.grads((a, wx, wh, b) => tf.sum(tf.square(lstm({ x: a, wx, wh, b }).h)))(inputs);
  return (await Promise.all(gradients.map((tensor) => tensor.data()))).flatMap((data) => [...data]);
};

const engine = await initEngine({ engine: 'tensorflow' });
if (process.argv.includes('--gpu') && engine.variant !== 'gpu') throw new Error('TensorFlow runs, but sees no GPU');
const ours = await outputs();
await initEngine({ engine: 'wasm' });
const truth = await outputs();
const worst = Math.max(...ours.map((value, i) => Math.abs(value - truth[i])));
if (!(worst < 1e-3)) throw new Error(`the LSTM on tensorflow differs from the one on wasm by ${worst}`);
process.stdout.write(`${`TensorFlow runs (${engine.variant}), and its LSTM agrees with ours to ${worst.toExponential(0)}`}\n`);
