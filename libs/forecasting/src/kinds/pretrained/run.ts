/** The network over many windows: alike ones share a batch, and a forecast does not depend on which. */
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../../training/parameters.js';
import { forward } from './network.js';
import { LEVELS, SEGMENT } from './shape.js';
import type { Window } from './window.js';
import { contextSegments, type WindowReader, type Batch } from './windows.js';

export const PREDICTION_BATCH = 256;

/** What the network says of one batch. */
export interface Values {
  batch: Batch;
  /** [m, B, w, Q] in z. */
  quantiles: Float32Array;
  /** [B, m, n]; where asked for. */
  contextual?: Float32Array;
  /** [m, B, w, K] */
  temporal?: Float32Array;
  /** [m, B, w] */
  gate?: Float32Array;
}

/** Windows of one batch: their places in the list that was given. */
export interface Group {
  n: number;
  places: number[];
}

/** Windows by the segments of context that they fill, so that each is read as it would be alone. */
export function groupsOf(windows: readonly Window[]): Group[] {
  const byLength = new Map<number, Group[]>();
  windows.forEach(({ history }, place) => {
    const n = contextSegments(history.length);
    const groups = byLength.get(n) ?? [];
    byLength.set(n, groups);
    if (groups.length === 0 || groups.at(-1)!.places.length === PREDICTION_BATCH) groups.push({ n, places: [] });
    groups.at(-1)!.places.push(place);
  });
  return [...byLength.values()].flat();
}

export function runNetwork(
  parameters: Parameters,
  weights: Float32Array,
  reader: WindowReader,
  windows: readonly Window[],
  { n, horizon, attention }: { n: number; horizon: number; attention: boolean },
): Values {
  const batch = reader.read(windows, n, Math.ceil(horizon / SEGMENT));
  let values: Values | undefined;
  // Nothing is returned from tidy: it would look for tensors in every number of an array.
  tf.tidy(() => {
    const output = forward(parameters.named(parameters.tensors(weights)), batch);
    const data = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>().slice();
    values = {
      batch,
      quantiles: data(output.quantiles),
      ...(attention ? { contextual: data(output.contextual), temporal: data(output.temporal), gate: data(output.gate) } : {}),
    };
  });
  return values!;
}

/** The learned quantiles of step `h` (0, 1, …) of the window `b`, in the series' units, into `out`. */
export function rowOf({ batch, quantiles }: Values, b: number, h: number, out: Float64Array): Float64Array {
  const Q = LEVELS.length;
  const at = ((Math.floor(h / SEGMENT) * batch.size + b) * SEGMENT + (h % SEGMENT)) * Q;
  for (let q = 0; q < Q; q++) out[q] = batch.location[b]! + batch.scale[b]! * Math.sinh(quantiles[at + q]!);
  return out;
}
