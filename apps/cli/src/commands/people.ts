/** `almanac users …` and `almanac members …`: people, where keys are for programs. */
import { type Member, type Role, role } from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { UsageError } from '../connection.js';
import { type Context, contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { shortDate, show, table, whole } from '../print.js';

const roleOption = (): Option =>
  new Option('--role <role>', 'viewer reads; editor also uploads, trains, forecasts; admin also looks after keys and people')
    .choices(role.options)
    .default('viewer');

export function userCommands(program: Command): void {
  const users = program.command('users').description('users of the installation, for admins of the default workspace');

  users
    .command('list', { isDefault: true })
    .description('list users')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listUsers', {});
      show(context, items, () =>
        table(
          ['address', 'name', 'password', 'made', 'signed in'],
          items.map((one) => [one.email, one.name, one.hasPassword ? 'yes' : 'no', shortDate(one.createdAt), shortDate(one.signedInAt)]),
        ),
      );
    });

  users
    .command('link')
    .description('print a link that signs you in, once; only at the machine of an Almanac that listens on loopback')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const { token, expiresAt } = await context.client.call('createSignInLink', {});
      const link = `${context.connection.url.replace(/\/$/, '')}/#link=${token}`;
      show(context, { link, expiresAt }, () => link);
    });

  users
    .command('delete')
    .description('delete a user everywhere; the sessions end at once')
    .argument('<email>', 'the address')
    .action(async (email: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listUsers', {});
      const found = items.find((one) => one.email === email.toLowerCase());
      if (!found) throw new UsageError(`There is no user "${email}". almanac users lists them.`);
      await context.client.call('deleteUser', { params: { userId: found.id } });
      show(context, { deleted: found.id }, () => `${found.email} is no user any more.`);
    });
}

async function memberOf({ client }: Context, email: string): Promise<Member> {
  const items = await client.listAll('listMembers', {});
  const found = items.find((one) => one.email === email.toLowerCase());
  if (!found) throw new UsageError(`"${email}" is no member of the workspace. almanac members lists them.`);
  return found;
}

export function memberCommands(program: Command): void {
  const members = program.command('members').description('members of the workspace: list, invite, change their role, remove');

  members
    .command('list', { isDefault: true })
    .description('list members')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listMembers', {});
      show(context, items, () =>
        items.length === 0
          ? 'No member yet. Invite somebody with: almanac members invite ada@example.org --role admin'
          : table(
              ['address', 'name', 'role', 'member since', 'signed in'],
              items.map((one) => [one.email, one.name, one.role, shortDate(one.createdAt), shortDate(one.signedInAt)]),
            ),
      );
    });

  members
    .command('invite')
    .description('print a link of invitation, to be handed over; it is taken once')
    .argument('<email>', 'the address of whoever is invited')
    .addOption(roleOption())
    .option('--days <days>', 'how long it holds, at most 30', whole, 7)
    .action(async (email: string, flags: { role: Role; days: number }, command: Command) => {
      const context = contextOf(command);
      const made = await context.client.call('createInvitation', { body: { email, ...flags } });
      show(context, made, () => `${made.link}\nIt is shown only now, and holds until ${made.expiresAt}.`);
    });

  members
    .command('invitations')
    .description('list invitations that can still be accepted')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listInvitations', {});
      show(context, items, () =>
        items.length === 0
          ? 'Nobody is invited at the moment.'
          : table(
              ['address', 'role', 'invited by', 'until'],
              items.map((one) => [one.email, one.role, one.invitedBy, shortDate(one.expiresAt)]),
            ),
      );
    });

  members
    .command('uninvite')
    .description('take an invitation back')
    .argument('<email>')
    .action(async (email: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listInvitations', {});
      const found = items.find((one) => one.email === email.toLowerCase());
      if (!found) throw new UsageError(`"${email}" is not invited. almanac members invitations lists those who are.`);
      await context.client.call('deleteInvitation', { params: { invitationId: found.id } });
      show(context, { deleted: found.id }, () => 'The link opens nothing any more.');
    });

  members
    .command('role')
    .description('change the role of a member; the last admin stays one')
    .argument('<email>')
    .addArgument(program.createArgument('<role>', 'viewer, editor or admin').choices(role.options))
    .addOption(ifMatchOption())
    .action(async (email: string, to: Role, read: IfMatch, command: Command) => {
      const context = contextOf(command);
      const { userId, etag } = await memberOf(context, email);
      const ifMatch = read.ifMatch ?? etag;
      const changed = await context.client.call('changeMember', { params: { userId }, body: { role: to }, ifMatch });
      show(context, changed, () => `${changed.email} is ${changed.role} now.`);
    });

  members
    .command('remove')
    .description('take somebody out of the workspace; the last admin stays')
    .argument('<email>')
    .addOption(ifMatchOption())
    .action(async (email: string, read: IfMatch, command: Command) => {
      const context = contextOf(command);
      const { userId, etag } = await memberOf(context, email);
      const ifMatch = read.ifMatch ?? etag;
      await context.client.call('removeMember', { params: { userId }, ifMatch });
      show(context, { removed: userId }, () => `${email} is no member any more.`);
    });
}
