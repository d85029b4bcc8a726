/** UUIDs of version 7: they sort by time of making, so that newest-first lists need no other index. */
import { randomBytes } from 'node:crypto';

let last = 0;

/** Ascending within a process, and across processes as far as their clocks agree. */
// eslint-disable-next-line no-restricted-syntax -- an order of names; what was when is said by columns
export function newId(now: number = Date.now()): string {
  // The clock may stand still or go back; the order must not.
  last = Math.max(now, last + 1 / 4096);
  const milliseconds = Math.floor(last);
  const fraction = Math.floor((last - milliseconds) * 4096);
  const bytes = randomBytes(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes.writeUInt16BE(0x7000 | fraction, 6);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
