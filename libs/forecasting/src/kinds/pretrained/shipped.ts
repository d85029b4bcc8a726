/**
 * The weights that come with the library: `weights/pretrained.f16` as half floats, and what made them in `pretrained.json`.
 *
 * Invariant: the weights are those that the manifest names, or nothing is forecast with them.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { AlmanacError } from '@almanac/series';
import { fromHalves } from './half.js';

/** What the manifest says of the weights beside it. */
export interface ShippedManifest {
  format: 'almanac-pretrained';
  version: 1;
  /** Of the file of weights, in hexadecimal. */
  sha256: string;
  /** Number of weights. */
  weights: number;
  /** The command that made them. */
  command: string;
  seed: number;
  /** Optimiser steps, and synthetic series seen in them. */
  steps: number;
  series: number;
  /** Pinball loss on held-out synthetic windows. */
  heldOut: number;
  /** Of neighbouring errors, on held-out synthetic windows; for sampled paths. */
  persistence: number;
  tensors: { name: string; shape: number[]; offset: number }[];
}

export interface Shipped {
  manifest: ShippedManifest;
  weights: Float32Array;
}

export const WEIGHTS_FOLDER = new URL('../../../weights/', import.meta.url);
export const WEIGHTS_FILE = 'pretrained.f16';
export const MANIFEST_FILE = 'pretrained.json';

let shipped: Shipped | undefined;

/** @throws PRETRAINED_MISSING, PRETRAINED_BROKEN */
export function shippedWeights(): Shipped {
  return (shipped ??= readShipped());
}

function readShipped(): Shipped {
  const file = new URL(WEIGHTS_FILE, WEIGHTS_FOLDER);
  if (!existsSync(file))
    throw new AlmanacError('PRETRAINED_MISSING', 'The weights of the pretrained network are not there.', {
      hint: 'They come with the library in the folder weights; install it whole.',
      status: 500,
    });
  const bytes = readFileSync(file);
  const manifest = JSON.parse(readFileSync(new URL(MANIFEST_FILE, WEIGHTS_FOLDER), 'utf8')) as ShippedManifest;
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== manifest.sha256)
    throw new AlmanacError('PRETRAINED_BROKEN', 'The weights of the pretrained network are not those that their manifest names.', {
      hint: 'Restore both files of the folder weights.',
      subject: { expected: manifest.sha256, found },
      status: 500,
    });
  return { manifest, weights: fromHalves(bytes) };
}
