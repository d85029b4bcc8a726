/**
 * `almanac`: the command line over the HTTP API. Results go to stdout, progress and notes to stderr.
 * Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
 */
import { ApiError } from '@almanac/contracts';
import { CommanderError } from 'commander';
import { findConnection, environment, UsageError } from './connection.js';
import { RunFailed } from './follow.js';
import { complain } from './print.js';
import { createProgram } from './program.js';

const program = createProgram();

function explain(error: unknown): { message: string; code: number } {
  if (error instanceof UsageError) return { message: error.message, code: 2 };
  if (error instanceof RunFailed) return { message: error.message, code: 1 };
  if (error instanceof ApiError) {
    const { problem } = error;
    const key = problem.status === 401 ? ' Give a key with --api-key or ALMANAC_API_KEY.' : '';
    return { message: `${error.message}${key} [${problem.code}${problem.requestId ? `, request ${problem.requestId}` : ''}]`, code: 1 };
  }
  if (error instanceof TypeError && error.message === 'fetch failed') {
    const { url, from } = findConnection(program.opts(), environment());
    return { message: `Nothing answers at ${url} (from ${from}). Start Almanac with npm start, or give --url.`, code: 1 };
  }
  return { message: error instanceof Error ? error.message : String(error), code: 1 };
}

// A reader that has seen enough (head, a pager) closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { message, code } = explain(error);
    complain(`almanac: ${message}`);
    process.exitCode = code;
  }
}
