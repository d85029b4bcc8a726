/**
 * Zoneout (Krueger et al. 2017): a state element keeps its previous value with a given probability. Training draws which
 * do; a forecast uses the expectation, so that it is not random.
 */
import { type Zoneout } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';

/** @param random draws the masks [T,B,H]; without it the rate itself is the factor */
export function zoneoutFactor(rate: number | undefined, shape: [number, number, number], random: Random | undefined): Zoneout | undefined {
  if (!rate) return undefined;
  if (!random) return rate;
  const mask = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (let i = 0; i < mask.length; i++) mask[i] = random.next() < rate ? 1 : 0;
  return tf.tensor3d(mask, shape);
}
