/**
 * The parent's side of the reader process: starts it with an empty environment and a bounded heap, hands it one job, and
 * yields what it finds as it finds it. Whatever way this ends, the process and its scratch folder are gone after it.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { fromProblem } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { type Piece, readFrames } from './frames.js';
import type { ReaderMessage, ReadJob } from './protocol.js';

/** Of JavaScript; DuckDB's own memory has its own limit. */
const HEAP_MB = 512;

export type Finding = { message: Exclude<ReaderMessage, { type: 'error' }> } | { piece: Piece };

/** @throws AlmanacError whatever the reader refuses the file with; INGEST_FAILED where it died */
export async function* readFile(job: Omit<ReadJob, 'scratch'>, signal?: AbortSignal): AsyncGenerator<Finding, void> {
  signal?.throwIfAborted();
  const scratch = await mkdtemp(join(tmpdir(), 'almanac-ingest-'));
  const child = fork(fileURLToPath(new URL('./reader.js', import.meta.url)), {
    env: {},
    execArgv: [`--max-old-space-size=${HEAP_MB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
  });
  const ended = new Promise<string>((resolve) => {
    let complaint = '';
    child.stderr!.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, killedBy) =>
      resolve(killedBy ? `it was ended by ${killedBy}` : `it ended with code ${code}. ${complaint}`.trim()),
    );
  });
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop);
  try {
    child.send({ ...job, scratch } satisfies ReadJob);
    let complete = false;
    for await (const frame of readFrames(child.stdio[4] as Readable)) {
      if ('piece' in frame) {
        yield frame;
        continue;
      }
      const message = frame.message as ReaderMessage;
      if (message.type === 'error') throw fromProblem(message.problem);
      complete = message.type === 'end';
      yield { message };
    }
    signal?.throwIfAborted();
    if (!complete) throw died(await ended);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await ended;
    await rm(scratch, { recursive: true, force: true });
  }
}

function died(how: string): AlmanacError {
  return new AlmanacError('INGEST_FAILED', `The reader process died: ${how}`, {
    hint: 'If it was ended by SIGKILL, the machine ran out of memory: split the file or give the worker more.',
    status: 500,
  });
}
