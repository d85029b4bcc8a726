/** Loads a checkpoint in another process and predicts there: what a worker does, and what no shared memory can fake. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AlmanacError } from '@almanac/series';
import { type Checkpoint, type Panel, type SeriesForecast } from '../forecaster.js';

export interface ElsewhereRequest {
  checkpoint: Checkpoint;
  panel: Panel;
  options: { horizon: number; levels: readonly number[] };
}

/** What the other process answers: `encode`d forecasts, or what went wrong. */
export type ElsewhereAnswer = { forecasts: string } | { failed: string };

/** One for all that this process asks: it has seen no training, and starting it takes longer than most answers. It ends with this one. */
let other: ChildProcess | undefined;

/** One request at a time. @throws ELSEWHERE_FAILED with what the process said */
export async function predictElsewhere(
  checkpoint: Checkpoint,
  panel: Panel,
  options: ElsewhereRequest['options'],
): Promise<SeriesForecast[]> {
  const child = (other ??= fork(fileURLToPath(new URL('../../dist/testing/elsewhere.main.js', import.meta.url)), { execArgv: [] }));
  child.ref();
  child.channel!.ref();
  const answer = await new Promise<ElsewhereAnswer>((resolve) => {
    const ended = (code: number | null): void => {
      other = undefined;
      resolve({ failed: `it ended with ${String(code)}; build the library first, for it runs from its dist folder` });
    };
    child.once('exit', ended);
    child.once('message', (message: ElsewhereAnswer) => {
      child.off('exit', ended);
      resolve(message);
    });
    child.send(encode({ checkpoint, panel, options }));
  });
  child.unref();
  child.channel?.unref();
  if ('forecasts' in answer) return decode(answer.forecasts) as SeriesForecast[];
  throw new AlmanacError('ELSEWHERE_FAILED', `The process that loaded the checkpoint failed: ${answer.failed}`, {
    hint: 'A forecaster must load from its checkpoint alone.',
  });
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
