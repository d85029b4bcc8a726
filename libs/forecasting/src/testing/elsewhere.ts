/** Loads a checkpoint in a fresh process and predicts there: what a worker does, and what no shared memory can fake. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { AlmanacError } from '@almanac/series';
import { type Checkpoint, type Panel, type SeriesForecast } from '../forecaster.js';

export interface ElsewhereRequest {
  checkpoint: Checkpoint;
  panel: Panel;
  options: { horizon: number; levels: readonly number[] };
}

/** @throws ELSEWHERE_FAILED with what the process wrote */
export async function predictElsewhere(
  checkpoint: Checkpoint,
  panel: Panel,
  options: ElsewhereRequest['options'],
): Promise<SeriesForecast[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../dist/testing/elsewhere.main.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(encode({ checkpoint, panel, options }));
  const [out, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  if (code !== 0) {
    throw new AlmanacError(
      'ELSEWHERE_FAILED',
      `The process that loaded the checkpoint ended with ${String(code)}: ${errors.slice(-2000)}`,
      {
        hint: 'Build the library first; the process runs from its dist folder.',
      },
    );
  }
  return decode(out) as SeriesForecast[];
}

/** JSON with typed arrays by their bytes, because JSON itself loses NaN and the sign of zero. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part instanceof Float64Array || part instanceof Float32Array
      ? { typed: part.constructor.name, base64: Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('base64') }
      : part,
  );
}

export function decode(json: string): unknown {
  return JSON.parse(json, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || !('typed' in part) || !('base64' in part)) return part;
    const bytes = Uint8Array.from(Buffer.from(String(part.base64), 'base64'));
    return part.typed === 'Float32Array' ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
  });
}
