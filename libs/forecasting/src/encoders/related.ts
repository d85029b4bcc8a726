/**
 * Series that read their relatives: around any encoder, a recursive net goes over the hierarchy of the series of a batch, from the parts to
 * the whole and back, and adds what it learned to the last state of each.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Encoder } from './encoder.js';
import { treeEncoder } from './tree.js';

/** `EncodeOptions.parents` says who belongs to whom; without it every series stands for itself. */
export function relatedEncoder(inner: Encoder, name: string, hidden: number): Encoder {
  const { width } = inner;
  const settings = { name: `${name}.tree`, inputs: width, hidden };
  const { specs, width: size } = treeEncoder({ ...settings, hierarchy: { parents: [-1] } });
  return {
    width,
    specs: [...inner.specs, ...specs, { name: `${name}.related`, shape: [size, width], init: { kind: 'glorot' }, decay: true }],
    encode(p, x, options = {}) {
      const { h, last } = inner.encode(p, x, options);
      const B = last.shape[0];
      const parents = options.parents ?? Array.from({ length: B }, () => -1);
      const N = parents.length;
      const tree = treeEncoder({ ...settings, hierarchy: { parents } });
      const states = tree.encode(p, tf.reshape(last, [N, B / N, width]));
      return { h, last: tf.add(last, dense(tf.reshape(states, [B, size]), p[`${name}.related`]!)) as tf.Tensor2D };
    },
  };
}
