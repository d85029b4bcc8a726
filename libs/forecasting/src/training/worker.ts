/** The thread of a rank above 0: waits for a step, does its part, until the run is stopped. */
import { workerData } from 'node:worker_threads';
import { initEngine } from '@almanac/kernels';
import { Rank, type RankSetup } from './rank.js';

const { setup, rank: index, firstStep } = workerData as { setup: RankSetup; rank: number; firstStep: number };
await initEngine();
const rank = new Rank(setup, index);
try {
  for (let step = firstStep; rank.barrier.wait(); step++) {
    rank.differentiate(step);
    if (!rank.barrier.wait()) break;
    rank.reduce();
    if (!rank.barrier.wait()) break;
    rank.update(step);
    if (!rank.barrier.wait()) break;
  }
} catch (error) {
  rank.barrier.fail();
  throw error;
}
