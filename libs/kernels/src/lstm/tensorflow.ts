/**
 * The LSTM kernels on TensorFlow's block operations, which run a whole sequence in one call on CPU and GPU. They know
 * neither zoneout nor masks; with those the composed form runs. Gates come as i, f, g, o, which is their order too.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type NodeBackend } from '../engine/nodeBackend.js';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';
import { composeLstm, composeLstmGrad } from './compose.js';

const OUTPUTS = 7; // i, cs, f, o, ci, co, h
const GRADIENTS = 8; // x, cs_prev, h_prev, w, wci, wcf, wco, b

export function blockLstm(node: NodeBackend, inputs: Tensors, dims: Dims): tf.Tensor[] {
  const [x, wx, wh, b, h0, c0, keepH, keepC] = inputs;
  if (keepH || keepC) return composeLstm(inputs, dims);
  const { T, B, H, reverse } = dims;
  const state = (tensor: tf.Tensor | null | undefined): tf.Tensor => tensor ?? tf.zeros([B!, H!]);
  const turn = (tensor: tf.Tensor): tf.Tensor => (reverse ? tf.reverse(tensor, 0) : tensor);
  const peephole = tf.zeros([H!]);
  const attributes = [node.floatAttribute('cell_clip', 0), node.boolAttribute('use_peephole', false), node.typeAttribute('T')];
  const block = [node.int64(T!), turn(x!), state(c0), state(h0), tf.concat([wx!, wh!], 0), peephole, peephole, peephole, b!];
  const [i, cs, f, o, g, tanhC, h] = node.run('BlockLSTMV2', attributes, block, OUTPUTS);
  const last = (tensor: tf.Tensor): tf.Tensor => tf.reshape(tf.slice(tensor, [T! - 1, 0, 0], [1, B!, H!]), [B!, H!]);
  return [turn(h!), last(h!), last(cs!), turn(tf.concat([i!, f!, g!, o!], 2)), turn(cs!), turn(tanhC!)];
}

export function blockLstmGrad(node: NodeBackend, inputs: Tensors, dims: Dims): tf.Tensor[] {
  const [x, wx, wh, h0, c0, keepH, keepC, h, gates, c, tanhC, dh, dhT, dcT] = inputs;
  if (keepH || keepC) return composeLstmGrad(inputs, dims);
  const { T, B, I, H, reverse } = dims;
  const state = (tensor: tf.Tensor | null | undefined): tf.Tensor => tensor ?? tf.zeros([B!, H!]);
  const turn = (tensor: tf.Tensor): tf.Tensor => (reverse ? tf.reverse(tensor, 0) : tensor);
  /** A gradient of the last step only, as one of all steps. */
  const atEnd = (tensor: tf.Tensor): tf.Tensor => tf.pad(tf.reshape(tensor, [1, B!, H!]), [[T! - 1, 0], [0, 0], [0, 0]]); // prettier-ignore
  const peephole = tf.zeros([H!]);
  const [i, f, g, o] = tf.split(turn(gates!), 4, 2) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const all = dh ? turn(dh) : tf.zeros([T!, B!, H!]);
  const dhs = dhT ? tf.add(all, atEnd(dhT)) : all;
  const dcs = dcT ? atEnd(dcT) : tf.zeros([T!, B!, H!]);
  const attributes = [node.boolAttribute('use_peephole', false), node.typeAttribute('T')];
  const before = [node.int64(T!), turn(x!), state(c0), state(h0), tf.concat([wx!, wh!], 0), peephole, peephole, peephole];
  // The operation takes b for its shape alone.
  const block = [...before, tf.zeros([4 * H!]), i, turn(c!), f, o, g, turn(tanhC!), turn(h!), dcs, dhs];
  const [dx, dc0, dh0, dw, , , , db] = node.run('BlockLSTMGradV2', attributes, block, GRADIENTS);
  return [turn(dx!), tf.slice(dw!, [0, 0], [I!, 4 * H!]), tf.slice(dw!, [I!, 0], [H!, 4 * H!]), db!, dh0!, dc0!];
}
