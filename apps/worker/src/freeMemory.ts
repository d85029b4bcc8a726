/** The memory that a worker announces as free. */
import type { Compute } from '@almanac/flow/compute';

/**
 * What a run can have of a worker's memory: all that it may use, as far as nothing else on the machine has taken it. What its own
 * computations hold now is theirs to give back: a run that waits for them starts when they have ended.
 *
 * @param memoryBytes that the worker may use
 * @param availableBytes that the machine, or the container, has left for anybody
 */
export function freeMemory(
  memoryBytes: number,
  computes: readonly Pick<Compute, 'residentBytes'>[],
  availableBytes = process.availableMemory(),
): number {
  const own = computes.reduce((sum, one) => sum + one.residentBytes(), 0);
  return Math.min(memoryBytes, availableBytes + own);
}
