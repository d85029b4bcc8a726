/**
 * PostgreSQL's binary format: rows for COPY FROM, rows of COPY TO, and float8 arrays, without an object per value.
 *
 * Invariant: NaN here is NULL there, in both directions; the store holds no float NaN.
 */
import type { Readable } from 'node:stream';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const HEADER_BYTES = SIGNATURE.length + 8;
const FLOAT8 = 701;
const ARRAY_HEADER_BYTES = 20;

/** A growing buffer of COPY rows. */
export class CopyRows {
  private buffer: Buffer;
  private view: DataView;
  private at = 0;

  constructor(bytes = 1 << 20) {
    this.buffer = Buffer.allocUnsafe(bytes);
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, bytes);
    SIGNATURE.copy(this.buffer);
    this.buffer.writeBigInt64BE(0n, SIGNATURE.length);
    this.at = HEADER_BYTES;
  }

  row(fields: number): void {
    this.room(2);
    this.view.setInt16(this.at, fields);
    this.at += 2;
  }

  null(): void {
    this.size(-1, 0);
  }

  int2(value: number): void {
    this.size(2, 2);
    this.view.setInt16(this.at, value);
    this.at += 2;
  }

  int4(value: number): void {
    this.size(4, 4);
    this.view.setInt32(this.at, value);
    this.at += 4;
  }

  int8(value: number): void {
    this.size(8, 8);
    this.view.setBigInt64(this.at, BigInt(value));
    this.at += 8;
  }

  float8(value: number): void {
    this.size(8, 8);
    this.view.setFloat64(this.at, value);
    this.at += 8;
  }

  /** Already in wire form, e.g. the 16 bytes of a uuid, or text in UTF-8. */
  bytes(value: Buffer): void {
    this.size(value.length, value.length);
    value.copy(this.buffer, this.at);
    this.at += value.length;
  }

  float8Array(values: Float64Array | readonly number[]): void {
    this.room(4 + ARRAY_HEADER_BYTES + 12 * values.length);
    const { view } = this;
    const sizeAt = this.at;
    let at = sizeAt + 4;
    let nulls = 0;
    const header = at;
    at += ARRAY_HEADER_BYTES;
    for (let i = 0; i < values.length; i += 1) {
      const value = values[i]!;
      if (Number.isNaN(value)) {
        nulls = 1;
        view.setInt32(at, -1);
        at += 4;
      } else {
        view.setInt32(at, 8);
        view.setFloat64(at + 4, value);
        at += 12;
      }
    }
    view.setInt32(header, values.length === 0 ? 0 : 1);
    view.setInt32(header + 4, nulls);
    view.setInt32(header + 8, FLOAT8);
    view.setInt32(header + 12, values.length);
    view.setInt32(header + 16, 1);
    // An empty array has no dimensions, so its header ends early.
    if (values.length === 0) at = header + 12;
    view.setInt32(sizeAt, at - sizeAt - 4);
    this.at = at;
  }

  /** Everything written, with the end mark. */
  finish(): Buffer {
    this.room(2);
    this.view.setInt16(this.at, -1);
    this.at += 2;
    return this.buffer.subarray(0, this.at);
  }

  private size(length: number, room: number): void {
    this.room(4 + room);
    this.view.setInt32(this.at, length);
    this.at += 4;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
    this.view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }
}

export type Field = Buffer | null;

/** Rows of a `COPY … TO STDOUT (FORMAT binary)`, some at a time. The fields are views: use them before asking for more. */
export async function* copiedRows(stream: Readable): AsyncGenerator<Field[][], void> {
  let rest: Buffer = Buffer.alloc(0);
  let header = true;
  for await (const data of stream as AsyncIterable<Buffer>) {
    const buffer = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    if (header) {
      if (buffer.length < HEADER_BYTES) {
        rest = buffer;
        continue;
      }
      at = HEADER_BYTES;
      header = false;
    }
    const rows: Field[][] = [];
    for (;;) {
      const end = rowEnd(buffer, at);
      if (end === undefined) break;
      rows.push(fieldsOf(buffer, at));
      at = end;
    }
    rest = buffer.subarray(at);
    if (rows.length > 0) yield rows;
  }
}

/** Where the row at `at` ends; undefined where it is not complete, or is the end mark. */
function rowEnd(buffer: Buffer, at: number): number | undefined {
  if (at + 2 > buffer.length) return undefined;
  const fields = buffer.readInt16BE(at);
  if (fields < 0) return undefined;
  let end = at + 2;
  for (let i = 0; i < fields; i += 1) {
    if (end + 4 > buffer.length) return undefined;
    end += 4 + Math.max(0, buffer.readInt32BE(end));
    if (end > buffer.length) return undefined;
  }
  return end;
}

function fieldsOf(buffer: Buffer, start: number): Field[] {
  const count = buffer.readInt16BE(start);
  const fields = new Array<Field>(count);
  let at = start + 2;
  for (let i = 0; i < count; i += 1) {
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length < 0) fields[i] = null;
    else {
      fields[i] = buffer.subarray(at, at + length);
      at += length;
    }
  }
  return fields;
}

export function readInt8(field: Buffer): number {
  return Number(field.readBigInt64BE(0));
}

export function float8ArrayLength(field: Buffer): number {
  return field.readInt32BE(0) === 0 ? 0 : field.readInt32BE(12);
}

/** Decodes into `out` from `at` on; returns the number of values. */
export function readFloat8Array(field: Buffer, out: Float64Array, at: number): number {
  const length = float8ArrayLength(field);
  const view = new DataView(field.buffer, field.byteOffset, field.length);
  let from = ARRAY_HEADER_BYTES;
  if (view.getInt32(4) === 0) {
    from += 4;
    for (let i = 0; i < length; i += 1, from += 12) out[at + i] = view.getFloat64(from);
    return length;
  }
  for (let i = 0; i < length; i += 1) {
    const size = view.getInt32(from);
    from += 4;
    if (size < 0) out[at + i] = NaN;
    else {
      out[at + i] = view.getFloat64(from);
      from += 8;
    }
  }
  return length;
}

export function toFloat64Array(field: Buffer): Float64Array {
  const values = new Float64Array(float8ArrayLength(field));
  readFloat8Array(field, values, 0);
  return values;
}
