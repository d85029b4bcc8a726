import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_STEPS, blockOf, CHUNK_STEPS, toChunk } from './layout.js';

describe('a chunk', () => {
  it('keeps every value, trims what is missing at its ends, and knows the extremes of each block', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -3, max: 3 }),
        fc.array(
          fc.tuple(
            fc.nat(CHUNK_STEPS - 1),
            fc.double({ noNaN: true }).map((value) => value + 0),
          ),
          { maxLength: 200 },
        ),
        (no, given) => {
          const dense = new Float64Array(CHUNK_STEPS).fill(NaN);
          for (const [at, value] of given) dense[at] = value;
          const present = [...dense.keys()].filter((i) => !Number.isNaN(dense[i]));
          const chunk = toChunk(no, dense);
          if (present.length === 0) {
            expect(chunk).toBeUndefined();
            return;
          }
          const values = present.map((i) => dense[i]!);
          expect(chunk).toMatchObject({
            firstStep: no * CHUNK_STEPS + present[0]!,
            count: present.length,
            min: Math.min(...values),
            max: Math.max(...values),
          });
          expect(chunk!.values).toEqual(dense.slice(present[0]!, present.at(-1)! + 1));
          chunk!.lows?.forEach((low, i) => {
            const block = blockOf(chunk!.firstStep) + i;
            const inside = present.filter((at) => blockOf(no * CHUNK_STEPS + at) === block).map((at) => dense[at]!);
            expect([low, chunk!.highs![i]]).toEqual(inside.length === 0 ? [NaN, NaN] : [Math.min(...inside), Math.max(...inside)]);
          });
          expect(chunk!.lows === null).toBe(chunk!.values.length < 2 * BLOCK_STEPS);
        },
      ),
    );
  });
});
