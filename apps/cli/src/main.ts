/**
 * `almanac`: the command line over the HTTP API. Results go to stdout, progress and notes to stderr.
 * Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
 */
import { ApiError } from '@almanac/contracts';
import { Command, CommanderError } from 'commander';
import { findConnection, environment, UsageError } from './connection.js';
import { adminCommands } from './commands/admin.js';
import { auditCommands } from './commands/audit.js';
import { backtestCommands } from './commands/backtests.js';
import { modelCommands } from './commands/models.js';
import { registryCommands } from './commands/registry.js';
import { runCommands } from './commands/runs.js';
import { keyCommands, scheduleCommands } from './commands/schedules.js';
import { uploadCommand } from './commands/upload.js';
import { webhookCommands, workspaceCommands } from './commands/webhooks.js';
import { RunFailed } from './follow.js';
import { note } from './print.js';

const program = new Command('almanac')
  .description('upload time series, train forecasters, read forecasts')
  .option('--url <address>', 'address of the API (ALMANAC_URL, else where npm start listens)')
  .option('--api-key <key>', 'API key (ALMANAC_API_KEY, else the one npm start made)')
  .option('--json', 'print results as JSON')
  .showHelpAfterError('(almanac --help shows every command)')
  .exitOverride();
uploadCommand(program);
modelCommands(program);
registryCommands(program);
backtestCommands(program);
runCommands(program);
scheduleCommands(program);
keyCommands(program);
webhookCommands(program);
workspaceCommands(program);
auditCommands(program);
adminCommands(program);
// Sub-commands inherit no override, and a slip there must exit with 2 as well.
const inherit = (command: Command): void =>
  command.commands.forEach((child) => inherit(child.exitOverride().showHelpAfterError('(--help shows the options)')));
inherit(program);

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
    note(`almanac: ${message}`);
    process.exitCode = code;
  }
}
