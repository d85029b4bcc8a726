/** Ranks 1, 2, … of the kernel bench: the same steps as rank 0 until they are ended. */
import { joinReplicas } from '@almanac/kernels';
import { type LayerData, LayerStep } from './layer.js';

const { group, data } = joinReplicas<LayerData>();
const step = await LayerStep.start(data, group.rank, group.size);
step.run(true);
await group.sum(step.gradient);
for (;;) {
  // Asleep until rank 0 says how many steps to do, so that this thread is idle while the peer is timed.
  const steps = new Float32Array(1);
  await group.sum(steps);
  for (let i = 0; i < steps[0]!; i++) {
    step.run();
    await group.sum(step.gradient);
  }
}
