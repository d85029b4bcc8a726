/** Commands about an installation as a whole, at its machine: they need no key, and no running Almanac. */
import type { Command } from 'commander';
import type { GlobalOptions } from '../context.js';
import { onTheServer } from '../server.js';

export function operateCommands(program: Command): void {
  program
    .command('backup')
    .description('write the whole installation into one file, while it works (DATABASE_URL, or ALMANAC_HOME)')
    .argument('<file>', 'a new file; it appears once it is whole')
    .action((file: string) => onTheServer('operate', ['backup', '--', file]));

  program
    .command('restore')
    .description('put a backup into a new data folder (ALMANAC_HOME) or an empty database (DATABASE_URL)')
    .argument('<file>', 'what almanac backup wrote')
    .option('--check', 'only see whether the file is whole')
    .option('--without-keys', 'leave secrets closed whose key is lost')
    .action((file: string, { check, withoutKeys }: { check?: boolean; withoutKeys?: boolean }) =>
      onTheServer('operate', ['restore', ...(check ? ['--check'] : []), ...(withoutKeys ? ['--without-keys'] : []), '--', file]),
    );

  program
    .command('upgrade')
    .description('bring the database to the schema of this version; a start does the same')
    .option('--check', 'only print what would be applied')
    .action(({ check }: { check?: boolean }) => onTheServer('operate', ['upgrade', ...(check ? ['--check'] : [])]));

  program
    .command('doctor')
    .description('look the installation over, running or not, and say what to do about what is wrong; ends with 1 if anything is')
    .action((_: object, command: Command) =>
      onTheServer('operate', ['doctor', ...(command.optsWithGlobals<GlobalOptions>().json ? ['--json'] : [])]),
    );

  program
    .command('db')
    .description('the database of this installation')
    .command('url')
    .description('print its address with the password, for psql and other clients')
    .action(() => onTheServer('operate', ['db-url']));
}
