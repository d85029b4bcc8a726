/**
 * `npm run test:gpu`: the conformance suite of the kernels on TensorFlow with a GPU. Provides the engine first, and fails
 * where no GPU is seen, so that a pass means that a GPU computed it.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const bin = (name) => join(root, 'node_modules/.bin', name);
// Memory grows as it is needed; otherwise TensorFlow takes the whole card.
const env = { ...process.env, TF_FORCE_GPU_ALLOW_GROWTH: 'true', PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
const steps = [
  [bin('node'), [join(root, 'infra/local/engine/tensorflow.mjs'), '--gpu']],
  [bin('vitest'), ['run', '--project', 'unit', 'libs/kernels']],
];
for (const [command, args] of steps) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
