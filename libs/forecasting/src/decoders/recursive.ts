/**
 * Decoding one step after the other, each fed what the one before gave: the recursive decoder, and the buffer that a pointer compares
 * with the past. In training what is fed may be the truth, now and then the net's own forecast (scheduled sampling, Bengio et al.
 * 2015); in a forecast it is the net's own points, or draws from its distributions (ancestral sampling, as in DeepAR).
 */
import * as tf from '@tensorflow/tfjs-core';
import { windowsBefore } from '../attention/pointer.js';
import type { FeedOptions, PointwiseOutput, Question } from '../attention/shapes.js';

export interface Teacher {
  /** [B,H] */
  truth?: tf.Tensor2D | undefined;
  /** [B,H], 1 where `truth` was observed; all by default. */
  known?: tf.Tensor2D | undefined;
}

type Answer = (question: Question) => PointwiseOutput;

/** A decoder whose states do not depend on its forecasts: only the pointer's buffer does. */
export function fillBuffer(
  states: tf.Tensor3D,
  scores: Question['scores'],
  x: tf.Tensor2D,
  { window: K, answer }: { window: number; answer: Answer },
): PointwiseOutput {
  const [B, H] = states.shape;
  const L = x.shape[1];
  let buffer = tf.slice(x, [0, L - K], [B, K]);
  const steps: PointwiseOutput[] = [];
  for (let i = 0; i < H; i++) {
    const one = answer({
      states: tf.slice(states, [0, i, 0], [B, 1, states.shape[2]]),
      scores: scores.map((score) => score && (score.rank === 2 ? tf.slice(score, [i, 0], [1, L]) : tf.slice(score, [0, i, 0], [B, 1, L]))),
      windows: tf.reshape(tf.slice(buffer, [0, i], [B, K]), [B, 1, K]),
    });
    buffer = tf.concat([buffer, one.forecast], 1);
    steps.push(one);
  }
  return joined(steps);
}

export interface Recursion {
  /** [B,L] */
  x: tf.Tensor2D;
  /** [B,2], the last value of the look-back and whether it was observed. */
  first: tf.Tensor2D;
  /** [B,H,F] */
  future: tf.Tensor3D;
  window: number;
  /** [B,D] */
  start: tf.Tensor2D;
  /** inputs [B,n,2 + F]: value before, whether it is known, covariates → states [B,n,D] */
  sweep(inputs: tf.Tensor3D, state: tf.Tensor2D): tf.Tensor3D;
  /** Scores of the states of steps from `from` on. */
  scores(states: tf.Tensor3D, from: number): Question['scores'];
  answer: Answer;
}

export function recurse(net: Recursion, { truth, known }: Teacher, options: FeedOptions): PointwiseOutput {
  const { x, first, future, window: K, answer } = net;
  const [B, H, F] = future.shape;
  const tail = tf.slice(x, [0, x.shape[1] - K], [B, K]);
  const { truthProbability = 1, draw, random } = options;
  if (truth && truthProbability >= 1) {
    const before = (own: tf.Tensor2D, column: number): tf.Tensor =>
      tf.expandDims(tf.concat([tf.slice(first, [0, column], [B, 1]), tf.slice(own, [0, 0], [B, H - 1])], 1), 2);
    const inputs = tf.concat([before(truth, 0), before(known ?? tf.onesLike(truth), 1), future], 2) as tf.Tensor3D;
    const states = net.sweep(inputs, net.start);
    const filled = tf.concat([tail, truth], 1) as tf.Tensor2D;
    return answer({ states, scores: net.scores(states, 0), windows: tf.slice(windowsBefore(filled, K), [0, K, 0], [B, H, K]) });
  }
  let buffer = tail;
  let state = net.start;
  let fed = first;
  const steps: PointwiseOutput[] = [];
  for (let i = 0; i < H; i++) {
    const input = tf.concat([fed, tf.reshape(tf.slice(future, [0, i, 0], [B, 1, F]), [B, F])], 1);
    const states = net.sweep(tf.expandDims(input, 1) as tf.Tensor3D, state);
    state = tf.reshape(states, [B, states.shape[2]]);
    const one = answer({
      states,
      scores: net.scores(states, i),
      windows: tf.reshape(tf.slice(buffer, [0, i], [B, K]), [B, 1, K]),
    });
    steps.push(one);
    let next = draw ? tf.tensor2d(draw(one.raw.dataSync<'float32'>(), i), [B, 1]) : one.forecast;
    if (truth && random && truthProbability > 0) {
      const chosen = tf.tensor2d(
        Float32Array.from({ length: B }, () => Number(random.next() < truthProbability)),
        [B, 1],
      );
      // A missing truth teaches nothing: the net goes on with its own forecast there.
      const forced = known ? tf.mul(chosen, tf.slice(known, [0, i], [B, 1])) : chosen;
      next = tf.add(next, tf.mul(forced, tf.sub(tf.slice(truth, [0, i], [B, 1]), next)));
    }
    buffer = tf.concat([buffer, next], 1);
    fed = tf.concat([next, tf.onesLike(next)], 1);
  }
  return joined(steps);
}

function joined(steps: readonly PointwiseOutput[]): PointwiseOutput {
  const join = (pick: (one: PointwiseOutput) => tf.Tensor): tf.Tensor => tf.concat(steps.map(pick), 1);
  return {
    forecast: join((one) => one.forecast) as tf.Tensor2D,
    raw: join((one) => one.raw) as tf.Tensor3D,
    context: join((one) => one.context) as tf.Tensor3D,
    gate: join((one) => one.gate) as tf.Tensor3D,
    maps: steps[0]!.maps.map((_, k) => join((one) => one.maps[k]!) as tf.Tensor3D),
  };
}
