/**
 * The point-wise attention network: an encoder reads the look-back step by step, a GRU runs over the horizon, and up to three
 * alignments tell each horizon step where in the look-back to read. Interpretable, and able to copy.
 *
 * Decoders: `parallel` knows the horizon's covariates and positions only, so all its states come at once; `recursive` is fed the
 * value of the step before, the true one in training, a forecast otherwise; `forking` decodes in training from many steps of the
 * look-back at once. The pointer compares the last values before each horizon step with the look-back. In training those are the
 * true ones (teacher forcing of that buffer); a forecast fills the buffer with its own points, step by step.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { forked, forkStarts } from '../decoders/forking.js';
import type { DecoderKind } from '../decoders/kinds.js';
import { fillBuffer, recurse, type Recursion } from '../decoders/recursive.js';
import { type Encoder } from '../encoders/encoder.js';
import { stackedEncoder } from '../encoders/stacked.js';
import { type HeadKind } from '../heads/head.js';
import { stepHead } from '../heads/stepHead.js';
import { type ParameterSpec } from '../training/parameters.js';
import { align, gateSpecs, readable } from './align.js';
import { type Branch } from './branches.js';
import { contextualKeys, contextualScores, contextualSpecs } from './contextual.js';
import { pointerScores, pointerSpecs, windowsBefore } from './pointer.js';
import { temporalScores, temporalSpecs } from './temporal.js';
import type { PointwiseInputs, PointwiseNetwork, PointwiseOutput, Question } from './shapes.js';

export interface PointwiseSettings {
  name: string;
  contextLength: number;
  horizon: number;
  hidden: number;
  /** Covariates per step, known through the horizon; may be 0. */
  covariates: number;
  /** At least one. */
  branches: readonly Branch[];
  periods: readonly number[];
  /** How strongly the temporal alignment believes in `periods` at the start; above 1 the gate leans to it too. */
  periodStrength?: number;
  /** Values per pointer window, at most the context. */
  window: number;
  /** Ascending; [.5] by default. */
  levels?: readonly number[];
  /** Reads value, mask and covariates of each look-back step; a GRU by default. */
  encoder?: (name: string, inputs: number) => Encoder;
  /** `parallel` by default. */
  decoder?: DecoderKind;
  /** `quantile` by default; `vocabulary` needs the pointer. */
  head?: HeadKind;
}

export function pointwiseNetwork(settings: PointwiseSettings): PointwiseNetwork {
  const { name, contextLength: L, horizon: H, hidden: D, covariates: F, branches, window: K, levels = [0.5], decoder: kind } = settings;
  const recursive = kind === 'recursive';
  const pointing = branches.indexOf('pointer');
  const makeEncoder = settings.encoder ?? ((id, inputs): Encoder => stackedEncoder({ name: id, cell: 'gru', inputs, hidden: D }));
  const encoder = makeEncoder(`${name}.encoder`, 2 + F);
  const decoder = recurrentLayer({ name: `${name}.decoder`, cell: 'gru', inputs: (recursive ? 2 : 1) + F, hidden: D });
  const head = stepHead(settings.head ?? 'quantile', { name, hidden: D, levels });
  const specs: ParameterSpec[] = [
    ...encoder.specs,
    { name: `${name}.state`, shape: [encoder.width, D], init: { kind: 'glorot' }, decay: true },
    ...decoder.specs,
    ...(branches.includes('contextual') ? contextualSpecs(`${name}.contextual`, encoder.width, D, F) : []),
    ...(branches.includes('temporal') ? temporalSpecs(`${name}.temporal`, settings) : []),
    ...(pointing >= 0 ? pointerSpecs(`${name}.pointer`) : []),
    ...gateSpecs(
      `${name}.gate`,
      encoder.width,
      D,
      branches.map((branch) => (branch === 'temporal' && (settings.periodStrength ?? 0) > 1 && settings.periods.length > 0 ? 2 : 0)),
    ),
    ...head.specs,
  ];
  const swap = (z: tf.Tensor): tf.Tensor3D => tf.transpose(z, [1, 0, 2]) as tf.Tensor3D;

  const lookBack = ({
    x,
    mask,
    covariates,
  }: PointwiseInputs): { values: tf.Tensor3D; known: tf.Tensor3D; past: tf.Tensor3D; sequence: tf.Tensor3D } => {
    const values = tf.expandDims(x, 2) as tf.Tensor3D;
    const known = tf.expandDims(mask ?? tf.onesLike(x), 2) as tf.Tensor3D;
    const past = tf.slice(covariates, [0, 0, 0], [x.shape[0], L, F]);
    return { values, known, past, sequence: swap(tf.concat([values, known, past], 2)) };
  };

  return {
    specs,
    head,
    reach(p, inputs, random) {
      return tf.tidy(() => {
        const { sequence } = lookBack(inputs);
        const [, B, I] = sequence.shape;
        const direction = tf.tensor2d(
          Float32Array.from({ length: B * encoder.width }, () => random.normal()),
          [B, encoder.width],
        );
        const gradient = tf.grad((x) => tf.sum(tf.mul(direction, encoder.encode(p, x as tf.Tensor3D).last)))(sequence);
        const [first, last] = [0, L - 1].map((t) => tf.norm(tf.slice(gradient, [t, 0, 0], [1, B, I])).dataSync()[0]!) as [number, number];
        return last > 0 ? first / last : 0;
      });
    },
    run(p, { x, mask, covariates, truth, known: observed, windows }, options = {}) {
      const { forced, random, forks, copies = 1 } = options;
      const { values, known, past, sequence } = lookBack({ x, mask, covariates });
      const encoded = encoder.encode(p, sequence, {
        ...(random ? { random } : {}),
        ...(windows?.parents ? { parents: windows.parents } : {}),
      });
      const h = swap(encoded.h); // [B,L,W]
      const before = tf.concat(
        [tf.zeros([x.shape[0], 1, encoder.width]), tf.slice(h, [0, 0, 0], [-1, L - 1, encoder.width])],
        1,
      ) as tf.Tensor3D;
      const again = <T extends tf.Tensor>(z: T): T => (copies > 1 ? (tf.tile(z, [copies, ...z.shape.slice(1).map(() => 1)]) as T) : z);
      const memory = {
        values: again(values),
        keys: branches.includes('contextual') ? again(contextualKeys(p, `${name}.contextual`, before, past)) : undefined,
        read: again(readable(p, `${name}.gate`, tf.concat([h, values], 2))),
        windows: again(windowsBefore(x, K)),
        // No alignment points at what was not observed.
        hidden: mask && again(tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [x.shape[0], 1, L])),
        prepared: head.prepare && again(head.prepare(x)),
        future: again(tf.slice(covariates, [0, L, 0], [x.shape[0], H, F])),
        x: again(x),
      };
      const B = x.shape[0] * copies;
      const begin = (last: tf.Tensor): tf.Tensor2D => tf.tanh(dense(last, p[`${name}.state`]!)) as tf.Tensor2D;
      const scoresOf = (states: tf.Tensor3D, future: tf.Tensor3D, lags: tf.Tensor2D | undefined): Question['scores'] =>
        branches.map((branch) => {
          if (branch === 'contextual') return contextualScores(p, `${name}.contextual`, memory.keys!, states, future);
          return branch === 'temporal' ? lags : undefined;
        });

      const answer = ({ states, scores: fixed, windows, barred }: Question): PointwiseOutput => {
        const n = states.shape[1];
        const pointed = pointing >= 0 ? pointerScores(p, `${name}.pointer`, memory.windows, windows) : undefined;
        const scores = fixed
          .map((score) => score ?? pointed!.scores)
          .map((score) => (memory.hidden ? tf.add(score, memory.hidden) : score))
          .map((score) => (barred ? tf.add(score, barred) : score));
        const distances = pointed && (barred ? tf.sub(pointed.distances, barred) : pointed.distances);
        const nearest = (distances ? tf.min(distances, 2, true) : tf.zeros([B, n, 1])) as tf.Tensor3D;
        const alignment = align(p, `${name}.gate`, scores, states, memory.read, nearest, forced);
        const pointedAt = alignment.maps
          .map((map, k) => tf.mul(map, tf.slice(alignment.gate, [0, 0, k], [B, n, 1])))
          .reduce((sum, map) => tf.add(sum, map));
        const { raw, centre } = head.outputs(p, {
          mixed: tf.concat([states, alignment.context], 2),
          copied: tf.matMul(pointedAt, memory.values) as tf.Tensor3D,
          ...(pointing >= 0 ? { pointed: alignment.maps[pointing]! } : {}),
          ...(memory.prepared ? { prepared: memory.prepared } : {}),
        });
        return { ...alignment, raw, forecast: centre };
      };

      const temporal = branches.includes('temporal') ? temporalScores(p, `${name}.temporal`, settings) : undefined;
      const position = (rows: number): tf.Tensor => tf.tile(tf.reshape(tf.linspace(1 / H, 1, H), [1, H, 1]), [rows, 1, 1]);
      const sweep = (inputs: tf.Tensor, state: tf.Tensor2D): tf.Tensor3D => swap(decoder.run(p, swap(inputs), { state: { h: state } }).h);
      if (forks && truth) {
        const parts = forked({ forks, H, K, x, truth, covariates });
        const states = parts.byRow(
          sweep(tf.concat([position(forks.length * B), parts.future], 2), begin(forkStarts(h, encoded.last, forks))),
        );
        const scores = scoresOf(states, parts.byRow(parts.future), temporal && parts.shifted(temporal));
        return answer({ states, scores, windows: parts.windows, barred: parts.barred });
      }
      const start = again(begin(encoded.last));
      if (recursive) {
        const end = [0, L - 1, 0];
        const net: Recursion = {
          x: memory.x,
          first: again(tf.reshape(tf.concat([tf.slice(values, end), tf.slice(known, end)], 2), [x.shape[0], 2])),
          future: memory.future,
          window: K,
          start,
          sweep,
          scores: (states, from) => {
            const n = states.shape[1];
            return scoresOf(states, tf.slice(memory.future, [0, from, 0], [B, n, F]), temporal && tf.slice(temporal, [from, 0], [n, L]));
          },
          answer,
        };
        return recurse(net, { truth, known: observed }, options);
      }
      const states = sweep(tf.concat([position(B), memory.future], 2), start); // [B,H,D]
      const scores = scoresOf(states, memory.future, temporal);
      if (!truth && pointing >= 0) return fillBuffer(states, scores, memory.x, { window: K, answer });
      const filled = tf.concat([tf.slice(memory.x, [0, L - K], [B, K]), truth ?? tf.zeros([B, H])], 1) as tf.Tensor2D;
      return answer({ states, scores, windows: tf.slice(windowsBefore(filled, K), [0, K, 0], [B, H, K]) });
    },
  };
}
