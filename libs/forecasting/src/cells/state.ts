/** What a recurrent cell hands from one step to the next. */
import type * as tf from '@tensorflow/tfjs-core';

/** Each [B,H]; `c` of LSTM and sLSTM, `n` and `m` of sLSTM. */
export interface CellState {
  h: tf.Tensor2D;
  c?: tf.Tensor2D;
  n?: tf.Tensor2D;
  m?: tf.Tensor2D;
}
