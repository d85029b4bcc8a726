/**
 * The parent's side of the reader process: starts it with a bounded heap and an environment that says no more than where
 * compiled code lies, hands it one job, and yields what it finds as it finds it. Whatever way this ends, the process and its
 * scratch folder are gone after it.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { fromProblem } from '@almanac/contracts';
import { compiledCodeOf } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { type Piece, readFrames } from './frames.js';
import { outOfRoom, outOfTime } from './limits.js';
import type { ReaderMessage, ReadJob } from './protocol.js';

/** Of JavaScript; DuckDB's own memory has its own limit. */
const HEAP_MB = 512;

export type Finding = { message: Exclude<ReaderMessage, { type: 'error' }> } | { piece: Piece };

/** Memory is looked at so often; a process that asks for gigabytes takes longer to touch them. */
const WATCH_MS = 100;
const MEGABYTE = 2 ** 20;

/** @throws AlmanacError whatever the reader refuses the file with; FILE_TOO_LARGE, FILE_TOO_SLOW; INGEST_FAILED where it died */
export async function* readFile(job: Omit<ReadJob, 'scratch'>, signal?: AbortSignal): AsyncGenerator<Finding, void> {
  signal?.throwIfAborted();
  const scratch = await mkdtemp(join(tmpdir(), 'almanac-ingest-'));
  const child = fork(fileURLToPath(new URL('./reader.js', import.meta.url)), {
    env: compiledCodeOf(),
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
  const watch = new Watch(child.pid, job, stop);
  try {
    child.send({ ...job, scratch } satisfies ReadJob);
    let complete = false;
    for await (const frame of watch.whileReading(readFrames(child.stdio[4] as Readable))) {
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
    if (!complete) {
      const how = await ended;
      throw watch.why ?? (HEAP_FULL.test(how) ? outOfRoom(job.fileName, job.limits) : died(how));
    }
  } finally {
    watch.end();
    signal?.removeEventListener('abort', stop);
    stop();
    await ended;
    await rm(scratch, { recursive: true, force: true });
  }
}

const HEAP_FULL = /heap out of memory|allocation failed/i;

/** Ends a reader that takes more memory than it may, or more time. Its time does not run while nobody takes what it has. */
class Watch {
  /** Why it was ended. */
  why: AlmanacError | undefined;
  private readonly timer: NodeJS.Timeout;
  private waitingSince: number | undefined;
  private taken = 0;

  constructor(pid: number | undefined, { fileName, limits }: Pick<ReadJob, 'fileName' | 'limits'>, stop: () => void) {
    this.timer = setInterval(() => {
      const waited = this.waitingSince === undefined ? 0 : performance.now() - this.waitingSince;
      if (limits.seconds !== undefined && this.taken + waited > limits.seconds * 1000) this.why ??= outOfTime(fileName, limits.seconds);
      else if (residentMb(pid) > limits.memoryMb) this.why ??= outOfRoom(fileName, limits);
      if (this.why) stop();
    }, WATCH_MS);
  }

  async *whileReading<T>(frames: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
    try {
      for (;;) {
        this.waitingSince = performance.now();
        const { done, value } = await frames.next();
        this.taken += performance.now() - this.waitingSince;
        this.waitingSince = undefined;
        if (done) return;
        yield value;
      }
    } finally {
      await frames.return();
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/** What a process holds in memory, by Linux; 0 where nobody tells, and then DuckDB and JavaScript have their own limits. */
function residentMb(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / MEGABYTE;
  } catch {
    return 0;
  }
}

function died(how: string): AlmanacError {
  return new AlmanacError('INGEST_FAILED', `The reader process died: ${how}`, {
    hint: 'If it was ended by SIGKILL, the machine ran out of memory: split the file or give the worker more.',
    status: 500,
  });
}
