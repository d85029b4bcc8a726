/** Synthetic windows that no run trains on: another stream than any run's. */
import { type Batch, WindowReader } from '../kinds/pretrained/windows.js';
import { drawWindows } from './sampler.js';

export const HELD_OUT_SEED = 987654321;
export const HELD_OUT_BATCHES = 16;

export function heldOutBatches(): Batch[] {
  const reader = new WindowReader();
  return Array.from({ length: HELD_OUT_BATCHES }, (_, i) => {
    const { n, m, windows } = drawWindows(HELD_OUT_SEED, i);
    return reader.read(windows, n, m);
  });
}
