/**
 * The reader process: takes one job over IPC, writes what it finds to the pipe on file descriptor 4, and ends.
 * It holds DuckDB, so that neither a file made to break it nor one too large for it can take the parent down.
 * A parent that went away leaves nobody to read for, and nobody to clear up: then it clears up itself.
 */
import { rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { toProblem } from '@almanac/contracts/problem';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { messageFrame, pieceFrame } from './frames.js';
import type { ReadJob } from './protocol.js';
import { outOfRoom } from './limits.js';
import { isOutOfRoom } from './reader/database.js';
import { read } from './reader/read.js';

const PIPE = 4;

const pipe = new Socket({ fd: PIPE, readable: false, writable: true });
let scratch: string | undefined;
pipe.on('error', giveUp);
process.on('disconnect', giveUp);

function giveUp(): never {
  try {
    // DuckDB may be writing there still.
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  } finally {
    process.exit(1);
  }
}

/** Waits while the parent is behind, so that memory does not grow with the file. */
async function write(frame: Buffer): Promise<void> {
  if (!pipe.write(frame)) await new Promise<void>((resolve) => pipe.once('drain', resolve));
}

/** What DuckDB or Node said, as a refusal of the file where it is too large and as a fault of ours where it is not. */
function refusalOf(error: unknown, { fileName, limits }: ReadJob): AlmanacError {
  if (isAlmanacError(error)) return error;
  const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  if (isOutOfRoom(error)) return outOfRoom(fileName, limits);
  return new AlmanacError('INGEST_FAILED', `The reader failed: ${reason}`, {
    hint: 'This is a fault of Almanac; please report it with the file.',
    status: 500,
  });
}

process.once('message', (job: ReadJob) => {
  scratch = job.scratch;
  void read(job, { message: (message) => write(messageFrame(message)), piece: (piece) => write(pieceFrame(piece)) })
    .catch((error: unknown) => write(messageFrame({ type: 'error', problem: toProblem(refusalOf(error, job)) })))
    .finally(() => pipe.end(() => process.exit(0)));
});
