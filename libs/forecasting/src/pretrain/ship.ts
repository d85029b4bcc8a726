/**
 * Puts the averaged weights of a run into the library, as half floats with a manifest, after checking that rounding them loses nothing on
 * held-out windows.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { AlmanacError } from '@almanac/series';
import { scoreOfOutcome, persistenceOf } from '../heads/paths.js';
import { between } from '../heads/stepHead.js';
import { evaluate } from '../kinds/pretrained/gradient.js';
import { fromHalves, toHalves } from '../kinds/pretrained/half.js';
import { rowOf, runNetwork } from '../kinds/pretrained/run.js';
import { LEVELS, SEGMENT } from '../kinds/pretrained/shape.js';
import { MANIFEST_FILE, type ShippedManifest, WEIGHTS_FILE, WEIGHTS_FOLDER } from '../kinds/pretrained/shipped.js';
import { parameterSpecs } from '../kinds/pretrained/specs.js';
import { WindowReader } from '../kinds/pretrained/windows.js';
import { normalQuantile } from '../normal.js';
import { Parameters } from '../training/parameters.js';
import { HELD_OUT_BATCHES, HELD_OUT_SEED, heldOutBatches } from './heldOut.js';
import { drawWindows } from './sampler.js';

/** Of the loss: more than so much lost to rounding is refused. */
const LOST = 1e-3;

export interface Made {
  weights: Float32Array;
  seed: number;
  steps: number;
  command: string;
}

/** Writes both files. @returns a sentence about them @throws PRETRAINED_ROUNDING */
export function ship({ weights, seed, steps, command }: Made): string {
  const parameters = new Parameters(parameterSpecs());
  const bytes = toHalves(weights);
  const rounded = fromHalves(bytes);
  const batches = heldOutBatches();
  const loss = (values: Float32Array): number =>
    batches.reduce((sum, batch) => sum + evaluate(parameters, batch, values), 0) / batches.length;
  const [exact, heldOut] = [loss(weights), loss(rounded)];
  if (!(heldOut < exact * (1 + LOST)))
    throw new AlmanacError('PRETRAINED_ROUNDING', `Half floats lose too much: the loss goes from ${exact} to ${heldOut}.`, {
      hint: 'Train with smaller weights, or ship them whole.',
      status: 500,
    });
  const manifest: ShippedManifest = {
    format: 'almanac-pretrained',
    version: 1,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    weights: weights.length,
    command,
    seed,
    steps,
    series: seriesOf(seed, steps),
    heldOut,
    persistence: persistenceOfErrors(parameters, rounded),
    tensors: parameters.manifest(),
  };
  mkdirSync(WEIGHTS_FOLDER, { recursive: true });
  writeFileSync(new URL(WEIGHTS_FILE, WEIGHTS_FOLDER), bytes);
  writeFileSync(new URL(MANIFEST_FILE, WEIGHTS_FOLDER), `${JSON.stringify(manifest, null, 2)}\n`);
  return `${manifest.sha256.slice(0, 12)}: ${weights.length} weights after ${steps} steps, held out ${heldOut.toFixed(5)} (${exact.toFixed(5)} unrounded)`;
}

/** Synthetic series in so many steps, from a sample of them. */
function seriesOf(seed: number, steps: number): number {
  const sample = Array.from({ length: 40 }, (_, i) => drawWindows(seed, i).windows.length);
  return Math.round((steps * sample.reduce((sum, size) => sum + size, 0)) / sample.length / 1000) * 1000;
}

function persistenceOfErrors(parameters: Parameters, weights: Float32Array): number {
  const reader = new WindowReader();
  const learned = LEVELS.map(normalQuantile);
  const row = new Float64Array(LEVELS.length);
  const sequences: number[][] = [];
  for (let i = 0; i < HELD_OUT_BATCHES; i++) {
    const { n, m, windows } = drawWindows(HELD_OUT_SEED, i);
    const values = runNetwork(parameters, weights, reader, windows, { n, horizon: m * SEGMENT, attention: false });
    windows.forEach(({ future }, b) => {
      sequences.push(
        Array.from(future!, (actual, h) => {
          rowOf(values, b, h, row);
          return scoreOfOutcome(actual, ({ z }) => between(row, learned, z));
        }),
      );
    });
  }
  return Number(persistenceOf(sequences).toFixed(3));
}
