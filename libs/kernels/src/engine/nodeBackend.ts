/** What this library uses of tfjs-node's backend: TensorFlow operations by name. */
import * as tf from '@tensorflow/tfjs-core';

interface Binding {
  TF_ATTR_FLOAT: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_TYPE: number;
  TF_FLOAT: number;
}

interface RawBackend {
  binding: Binding;
  isUsingGpuDevice: boolean;
  executeMultipleOutputs(name: string, attributes: object[], inputs: unknown[], outputs: number): tf.Tensor[];
}

export class NodeBackend {
  constructor(private readonly int64Scalar: new (value: number) => unknown) {}

  get gpu(): boolean {
    return this.raw.isUsingGpuDevice;
  }

  /** An input of type int64, which tfjs has no tensor for. */
  int64(value: number): unknown {
    return new this.int64Scalar(value);
  }

  floatAttribute(name: string, value: number): object {
    return { name, type: this.raw.binding.TF_ATTR_FLOAT, value };
  }

  boolAttribute(name: string, value: boolean): object {
    return { name, type: this.raw.binding.TF_ATTR_BOOL, value };
  }

  typeAttribute(name: string): object {
    return { name, type: this.raw.binding.TF_ATTR_TYPE, value: this.raw.binding.TF_FLOAT };
  }

  run(operation: string, attributes: object[], inputs: unknown[], outputs: number): tf.Tensor[] {
    return this.raw.executeMultipleOutputs(operation, attributes, inputs, outputs);
  }

  private get raw(): RawBackend {
    return tf.backend() as unknown as RawBackend;
  }
}
