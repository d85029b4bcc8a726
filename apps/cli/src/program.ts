/** Every command of `almanac`, so that help, completion and the documentation check read the same tree. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { adminCommands } from './commands/admin.js';
import { auditCommands } from './commands/audit.js';
import { backtestCommands } from './commands/backtests.js';
import { contributionCommand } from './commands/contributions.js';
import { decomposeCommand } from './commands/decompose.js';
import { gapCommands } from './commands/gaps.js';
import { lookCommand } from './commands/look.js';
import { modelCommands } from './commands/models.js';
import { overrideCommands } from './commands/overrides.js';
import { quotaCommands } from './commands/quotas.js';
import { overviewCommand } from './commands/overview.js';
import { operateCommands } from './commands/operate.js';
import { memberCommands, userCommands } from './commands/people.js';
import { registryCommands } from './commands/registry.js';
import { keepCommand } from './commands/keep.js';
import { runCommands } from './commands/runs.js';
import { keyCommands, scheduleCommands } from './commands/schedules.js';
import { searchCommand } from './commands/searches.js';
import { sourceCommands } from './commands/sources.js';
import { totalCommands } from './commands/totals.js';
import { uploadCommand } from './commands/upload.js';
import { webhookCommands, workspaceCommands } from './commands/webhooks.js';
import { hush } from './print.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

export function createProgram(): Command {
  const program = new Command('almanac')
    .description('upload time series, train forecasters, read forecasts')
    .option('--url <address>', 'address of the API (ALMANAC_URL, else where npm start listens)')
    .option('--api-key <key>', 'API key (ALMANAC_API_KEY, else the one npm start made)')
    .option('--json', 'print results as JSON')
    .option('--quiet', 'print results and errors only: no progress, no notes')
    .version(version)
    .hook('preAction', (_, action) => hush(action.optsWithGlobals<{ quiet?: boolean }>().quiet ?? false))
    .showHelpAfterError('(almanac --help shows every command)')
    .exitOverride();
  uploadCommand(program);
  overviewCommand(program);
  lookCommand(program);
  decomposeCommand(program);
  gapCommands(program);
  contributionCommand(program);
  modelCommands(program);
  registryCommands(program);
  totalCommands(program);
  overrideCommands(program);
  backtestCommands(program);
  searchCommand(program);
  runCommands(program);
  scheduleCommands(program);
  keyCommands(program);
  memberCommands(program);
  userCommands(program);
  sourceCommands(program);
  webhookCommands(program);
  workspaceCommands(program);
  quotaCommands(program);
  keepCommand(program);
  adminCommands(program);
  operateCommands(program);
  auditCommands(program);
  // Sub-commands inherit no override, and a slip there must exit with 2 as well.
  const inherit = (command: Command): void =>
    command.commands.forEach((child) => inherit(child.exitOverride().showHelpAfterError('(--help shows the options)')));
  inherit(program);
  return program;
}
