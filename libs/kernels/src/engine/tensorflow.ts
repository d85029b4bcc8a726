/** The `tensorflow` engine: tfjs-node-gpu's JavaScript over a native TensorFlow, where `npm run engine:tensorflow` has put one. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { kernels } from '../kernel/all.js';
import { type Dims } from '../kernel/kernel.js';
import { type Tensors } from '../kernel/compose.js';
import { registerComposed, registerOnCpu } from '../kernel/register.js';
import { lstmGradKernel, lstmKernel } from '../lstm/kernels.js';
import { blockLstm, blockLstmGrad } from '../lstm/tensorflow.js';
import { NodeBackend } from './nodeBackend.js';

const require = createRequire(import.meta.url);
const PACKAGE = '@tensorflow/tfjs-node-gpu';

/** Whether a native binding is installed here. */
export function tensorflowPresent(): boolean {
  try {
    return existsSync(join(dirname(require.resolve(`${PACKAGE}/package.json`)), 'lib/napi-v8/tfjs_binding.node'));
  } catch {
    return false;
  }
}

let node: NodeBackend | undefined;

/**
 * Loads TensorFlow and makes it the current engine.
 *
 * @returns `gpu` or `cpu`
 * @throws what the loader says, when the binding or a library it needs does not load
 */
export async function startTensorflow(): Promise<'gpu' | 'cpu'> {
  if (!node) {
    restoreUtilities();
    // Loading it registers the backend, and the standard gradients with it.
    require(PACKAGE);
    const { Int64Scalar } = require(`${PACKAGE}/dist/int64_tensors.js`) as { Int64Scalar: new (value: number) => unknown };
    node = new NodeBackend(Int64Scalar);
    for (const kernel of kernels) {
      registerComposed(kernel, 'tensorflow');
      registerOnCpu(kernel);
    }
    registerBlocks(node);
  }
  await tf.setBackend('tensorflow');
  return node.gpu ? 'gpu' : 'cpu';
}

function registerBlocks(on: NodeBackend): void {
  const blocks = [
    { ...lstmKernel, compose: (inputs: Tensors, dims: Dims) => blockLstm(on, inputs, dims) },
    { ...lstmGradKernel, compose: (inputs: Tensors, dims: Dims) => blockLstmGrad(on, inputs, dims) },
  ];
  for (const kernel of blocks) registerComposed(kernel, 'tensorflow');
}

/** tfjs-node 4.22 calls two functions that Node 23 removed. */
function restoreUtilities(): void {
  const util = require('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}
