/**
 * Checkpoints in object storage: the manifest as JSON, the weights as plain little-endian float32, each under the sha256
 * of its bytes. What is read is what was written, or an error.
 */
import { createHash } from 'node:crypto';
import type { Checkpoint, CheckpointManifest } from '@almanac/forecasting';
import type { ObjectStore } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';

export interface StoredCheckpoint {
  manifestKey: string;
  weightsKey: string;
  /** Of the weights. */
  sha256: string;
}

export async function saveCheckpoint(objects: ObjectStore, { manifest, weights }: Checkpoint): Promise<StoredCheckpoint> {
  const bytes = littleEndian(weights);
  const stored = await objects.put(bytes);
  const described = await objects.put(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return { manifestKey: described.sha256, weightsKey: stored.sha256, sha256: stored.sha256 };
}

/** @throws AlmanacError CHECKPOINT_BROKEN, OBJECT_NOT_FOUND */
export async function loadCheckpoint(objects: ObjectStore, stored: StoredCheckpoint): Promise<Checkpoint> {
  const [manifest, bytes] = await Promise.all([objects.readAll(stored.manifestKey), objects.readAll(stored.weightsKey)]);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== stored.sha256)
    throw new AlmanacError('CHECKPOINT_BROKEN', `The weights ${stored.weightsKey} have changed since they were stored.`, {
      hint: 'Restore the object storage from a backup, or train the model again.',
      subject: { expected: stored.sha256, found },
      status: 500,
    });
  return { manifest: JSON.parse(manifest.toString()) as CheckpointManifest, weights: floats(bytes) };
}

function littleEndian(weights: Float32Array): Buffer {
  const bytes = Buffer.alloc(weights.length * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < weights.length; i++) view.setFloat32(i * 4, weights[i]!, true);
  return bytes;
}

function floats(bytes: Buffer): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = new Float32Array(bytes.byteLength / 4);
  for (let i = 0; i < weights.length; i++) weights[i] = view.getFloat32(i * 4, true);
  return weights;
}
