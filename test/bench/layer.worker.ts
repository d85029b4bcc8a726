/** Ranks 1, 2, … of the kernel bench: the same steps as rank 0 until they are ended. */
import { joinReplicas } from '@almanac/kernels';
import { type LayerData, LayerStep } from './layer.js';

const { group, data } = joinReplicas<LayerData>();
const step = await LayerStep.start(data, group.rank, group.size);
step.run(true);
for (;;) {
  await group.sum(step.gradient);
  // Waits for the word to go on, so that this thread is asleep while the peer is timed.
  await group.barrier();
  step.run();
}
