/** Ancestral sampling: whole paths drawn step by step, each step after the draws before it. */
import { type SeriesData } from '../forecaster.js';
import { pathDraws, scoreAt, type PathOptions } from '../heads/paths.js';
import { type WindowScale } from '../scalers/windowScale.js';
import type { PointwiseOutput, RunOptions } from '../attention/shapes.js';
import type { StepHead } from '../heads/step.js';

/**
 * To be called inside a `tidy`.
 *
 * @param run the network over the windows of `series`
 * @returns per series [count, horizon] scaled values
 */
export function ancestralPaths(
  run: (options: RunOptions) => PointwiseOutput,
  head: StepHead,
  series: readonly SeriesData[],
  scales: readonly WindowScale[],
  { count, seed }: PathOptions,
  horizon: number,
): Float64Array[] {
  const B = series.length;
  const draws = Array.from({ length: count * B }, (_, row) => pathDraws(series[row % B]!.id, seed, Math.floor(row / B)));
  const paths = series.map(() => new Float64Array(count * horizon));
  const { shift } = run({
    copies: count,
    draw: (raw, step) => {
      const parts = raw.length / draws.length;
      return Float32Array.from(draws, (random, row) => {
        const value = head.quantile(raw.subarray(row * parts, (row + 1) * parts), scoreAt(random.normal()), scales[row % B]!.scale);
        paths[row % B]![Math.floor(row / B) * horizon + step] = value;
        return value;
      });
    },
  });
  const moved = shift?.dataSync<'float32'>();
  if (moved) paths.forEach((path, b) => path.forEach((_, i) => (path[i]! += moved[b * horizon + (i % horizon)]!)));
  return paths;
}
