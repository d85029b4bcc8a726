/**
 * The reader process: takes one job over IPC, writes what it finds to the pipe on file descriptor 4, and ends.
 * It holds DuckDB, so that neither a file made to break it nor one too large for it can take the parent down.
 */
import { Socket } from 'node:net';
import { isAlmanacError } from '@almanac/series';
import { messageFrame, pieceFrame } from './frames.js';
import type { ErrorMessage, ReadJob } from './protocol.js';
import { read } from './reader/read.js';

const PIPE = 4;

const pipe = new Socket({ fd: PIPE, readable: false, writable: true });
// The parent went away: there is nobody to read for.
pipe.on('error', () => process.exit(1));
process.on('disconnect', () => process.exit(1));

/** Waits while the parent is behind, so that memory does not grow with the file. */
async function write(frame: Buffer): Promise<void> {
  if (!pipe.write(frame)) await new Promise<void>((resolve) => pipe.once('drain', resolve));
}

function describe(error: unknown): ErrorMessage {
  if (isAlmanacError(error)) {
    const { code, message, hint, subject, status } = error;
    return { type: 'error', code, message, hint, subject, status };
  }
  const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
  if (/out of memory|no space left|ENOSPC/i.test(reason)) {
    return {
      type: 'error',
      code: 'FILE_TOO_LARGE',
      message: 'The file does not fit into the memory and disk that the reader may use.',
      hint: 'Split it into several uploads.',
      subject: undefined,
      status: 413,
    };
  }
  return {
    type: 'error',
    code: 'INGEST_FAILED',
    message: `The reader failed: ${reason}`,
    hint: 'This is a fault of Almanac; please report it with the file.',
    subject: undefined,
    status: 500,
  };
}

process.once('message', (job: ReadJob) => {
  void read(job, { message: (message) => write(messageFrame(message)), piece: (piece) => write(pieceFrame(piece)) })
    .catch((error: unknown) => write(messageFrame(describe(error))))
    .finally(() => pipe.end(() => process.exit(0)));
});
