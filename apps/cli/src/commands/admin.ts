/**
 * Commands for the operator at the machine itself. They work on the installation's database without a key, so the program
 * that does it is part of the server; where only the command line is installed, there is nothing to work on.
 */
import { role } from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { onTheServer } from '../server.js';

export function adminCommands(program: Command): void {
  const admin = program
    .command('admin')
    .description('at the machine of the installation itself (DATABASE_URL, or ALMANAC_HOME); needs no key');

  admin
    .command('reset-key')
    .description('make a new admin key, where all were lost or revoked')
    .option('--workspace <name>', 'of this workspace', 'default')
    .option('--revoke-others', 'revoke all other admin keys of the workspace')
    .action(async ({ workspace, revokeOthers }: { workspace: string; revokeOthers?: boolean }) => {
      await onTheServer('admin', ['reset-key', '--workspace', workspace, ...(revokeOthers ? ['--revoke-others'] : [])]);
    });

  admin
    .command('user')
    .description('make a user, or give one a new password; it is shown once, and the sessions of the user end')
    .argument('<email>', 'the address')
    .option('--name <name>', 'of a new user')
    .addOption(new Option('--role <role>', 'in the workspace; admin for a new member').choices(role.options))
    .option('--workspace <name>', 'of this workspace', 'default')
    .action(async (email: string, flags: { name?: string; role?: string; workspace: string }) => {
      const given = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value]);
      await onTheServer('admin', ['user', email, ...given]);
    });

  admin
    .command('sql-user')
    .description('make a login that reads the views of one workspace by SQL, or give it a new password')
    .argument('<name>', 'small letters, digits and _')
    .option('--workspace <name>', 'of this workspace', 'default')
    .option('--drop', 'take it away')
    .action(async (name: string, { workspace, drop }: { workspace: string; drop?: boolean }) => {
      await onTheServer('admin', ['sql-user', name, '--workspace', workspace, ...(drop ? ['--drop'] : [])]);
    });
}
