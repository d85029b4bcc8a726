import { startCompute } from '@almanac/flow/compute';
import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { freeMemory } from './freeMemory.js';

const GIGABYTE = 2 ** 30;
const holding = (bytes: number): { residentBytes: () => number } => ({ residentBytes: () => bytes });

describe('the memory that a worker announces as free', () => {
  it('is all that it may use while the machine has as much', () => {
    expect(freeMemory(4 * GIGABYTE, [], 16 * GIGABYTE)).toBe(4 * GIGABYTE);
  });

  it('is what others have left where that is less', () => {
    expect(freeMemory(8 * GIGABYTE, [], GIGABYTE)).toBe(GIGABYTE);
  });

  it('counts what its own computations hold, of every device, but never beyond what it may use', () => {
    expect(freeMemory(8 * GIGABYTE, [holding(2 * GIGABYTE), holding(GIGABYTE)], GIGABYTE)).toBe(4 * GIGABYTE);
    expect(freeMemory(8 * GIGABYTE, [holding(6 * GIGABYTE), holding(3 * GIGABYTE)], GIGABYTE)).toBe(8 * GIGABYTE);
  });

  it('is measured: a process that has loaded its engine holds what it takes, and nothing once it is closed', async () => {
    const compute = startCompute({ threads: 1 });
    try {
      expect(compute.residentBytes()).toBe(0);
      await compute.run({ task: 'probe' }, { signal: new AbortController().signal, onEngine: () => undefined });
      const held = compute.residentBytes();
      expect(held).toBeGreaterThan(GIGABYTE / 32);
      expect(held).toBeLessThan(totalmem());
      const free = freeMemory(Infinity, [compute]);
      expect(free).toBeGreaterThan(held);
      expect(free).toBeLessThan(totalmem() + held);
    } finally {
      await compute.close();
    }
    expect(compute.residentBytes()).toBe(0);
  });
});
