/** The state of a run as one file: the length of its manifest, the manifest, the weights. */
import type { Checkpoint, CheckpointManifest } from '../forecaster.js';

export function encodeState({ manifest, weights }: Checkpoint): Uint8Array {
  const head = Buffer.from(JSON.stringify(manifest));
  const bytes = Buffer.alloc(4 + head.length + weights.byteLength);
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, 4);
  Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength).copy(bytes, 4 + head.length);
  return bytes;
}

export function decodeState(bytes: Buffer): Checkpoint {
  const start = 4 + bytes.readUInt32LE();
  const manifest = JSON.parse(bytes.toString('utf8', 4, start)) as CheckpointManifest;
  const weights = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
  return { manifest, weights };
}
