/** One training step of one recurrent layer, as a share of a batch: what the kernel bench times on every thread. */
import { gru, initEngine, lstm } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';

export interface LayerCase {
  kind: 'lstm' | 'gru';
  T: number;
  B: number;
  I: number;
  H: number;
}

/** Row-major arrays of the whole batch, in shared memory. */
export interface LayerData {
  layer: LayerCase;
  x: Float32Array;
  wx: Float32Array;
  wh: Float32Array;
  b: Float32Array;
  bu: Float32Array;
  dy: Float32Array;
  /** Where each thread leaves h and the gradient of x. */
  h: Float32Array;
  dx: Float32Array;
}

export const gateCount = { lstm: 4, gru: 3 };

/** Numbers in the gradient that threads add up: wx, wh, b and, for a GRU, bu. */
export function gradientSize({ kind, I, H }: LayerCase): number {
  const gates = gateCount[kind];
  return gates * H * (I + H + (kind === 'gru' ? 2 : 1));
}

export class LayerStep {
  private readonly inputs: tf.Tensor[];
  private readonly dy: tf.Tensor;
  readonly gradient: Float32Array;
  private readonly from: number;
  private readonly rows: number;

  static async start(data: LayerData, rank: number, size: number): Promise<LayerStep> {
    await initEngine();
    return new LayerStep(data, rank, size);
  }

  private constructor(
    private readonly data: LayerData,
    rank: number,
    size: number,
  ) {
    const { layer, wx, wh, b, bu } = data;
    const { kind, I, H, B } = layer;
    const gates = gateCount[kind];
    this.from = Math.floor((rank * B) / size);
    this.rows = Math.floor(((rank + 1) * B) / size) - this.from;
    this.inputs = [
      this.share(data.x, I),
      tf.tensor2d(Float32Array.from(wx), [I, gates * H]),
      tf.tensor2d(Float32Array.from(wh), [H, gates * H]),
      tf.tensor1d(Float32Array.from(b)),
      ...(kind === 'gru' ? [tf.tensor1d(Float32Array.from(bu))] : []),
    ];
    this.dy = this.share(data.dy, H);
    this.gradient = new Float32Array(gradientSize(layer));
  }

  /** Forward and backward over this thread's rows; weight gradients end up in `gradient`. */
  run(keep = false): void {
    const gradients = this.backward(this.inputs, this.dy);
    const [dx, ...weights] = gradients;
    let at = 0;
    for (const tensor of weights) {
      this.gradient.set(tensor.dataSync<'float32'>(), at);
      at += tensor.size;
    }
    if (keep) {
      const h = this.layer(...(this.inputs as [tf.Tensor]));
      this.put(this.data.h, h);
      this.put(this.data.dx, dx!);
      h.dispose();
    }
    tf.dispose(gradients);
  }

  private readonly layer = (x: tf.Tensor, wx?: tf.Tensor, wh?: tf.Tensor, b?: tf.Tensor, bu?: tf.Tensor): tf.Tensor => {
    if (this.data.layer.kind === 'gru') return tf.tidy(() => gru({ x, wx: wx!, wh: wh!, b: b!, bu: bu! }).h);
    return tf.tidy(() => lstm({ x, wx: wx!, wh: wh!, b: b! }).h);
  };
  private readonly backward = (inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] => tf.grads(this.layer as never)(inputs, dy);

  /** This thread's rows of a [T,B,n] array. */
  private share(all: Float32Array, n: number): tf.Tensor3D {
    const { T, B } = this.data.layer;
    const out = new Float32Array(T * this.rows * n);
    for (let t = 0; t < T; t++) out.set(all.subarray((t * B + this.from) * n, (t * B + this.from + this.rows) * n), t * this.rows * n);
    return tf.tensor3d(out, [T, this.rows, n]);
  }

  private put(all: Float32Array, part: tf.Tensor): void {
    const { T, B } = this.data.layer;
    const n = part.shape[2]!;
    const values = part.dataSync<'float32'>();
    for (let t = 0; t < T; t++) all.set(values.subarray(t * this.rows * n, (t + 1) * this.rows * n), (t * B + this.from) * n);
  }
}
