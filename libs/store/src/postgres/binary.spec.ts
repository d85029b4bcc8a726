import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copiedRows, CopyRows, type Field, readInt8, toFloat64Array } from './binary.js';

async function readBack(bytes: Buffer, cuts: number[]): Promise<Field[][]> {
  const parts: Buffer[] = [];
  let at = 0;
  for (const cut of cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b)) {
    parts.push(bytes.subarray(at, cut));
    at = cut;
  }
  parts.push(bytes.subarray(at));
  const rows: Field[][] = [];
  for await (const some of copiedRows(Readable.from(parts.filter((part) => part.length > 0)))) rows.push(...some);
  return rows;
}

describe("PostgreSQL's binary rows", () => {
  it('come back as they were written, however the network cuts them', async () => {
    const row = fc.record({
      id: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
      values: fc.array(fc.oneof(fc.double(), fc.constant(NaN)), { maxLength: 40 }),
      text: fc.option(fc.string()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 6 }), async (given, cuts) => {
        const rows = new CopyRows(64);
        for (const { id, values, text } of given) {
          rows.row(3);
          rows.int8(id);
          rows.float8Array(Float64Array.from(values));
          if (text === null) rows.null();
          else rows.bytes(Buffer.from(text));
        }
        const back = await readBack(rows.finish(), cuts);
        expect(
          back.map(([id, values, text]) => ({ id: readInt8(id!), values: [...toFloat64Array(values!)], text: text?.toString() ?? null })),
        ).toEqual(given);
      }),
    );
  });
});
