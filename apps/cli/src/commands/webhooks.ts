/** `almanac webhooks …` and `almanac workspaces …`. */
import { type WebhookEvent, webhookEvent } from '@almanac/contracts';
import type { Command } from 'commander';
import { UsageError } from '../connection.js';
import { contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { shortDate, show, table } from '../print.js';

const events = (value: string): WebhookEvent[] =>
  value.split(',').map((one) => {
    const known = webhookEvent.safeParse(one.trim());
    if (!known.success) throw new UsageError(`"${one}" is no event; they are ${webhookEvent.options.join(', ')}.`);
    return known.data;
  });

export function webhookCommands(program: Command): void {
  const webhooks = program.command('webhooks').description('webhooks: list, make and try them out');

  webhooks
    .command('list', { isDefault: true })
    .description('list webhooks')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listWebhooks', {});
      show(context, items, () =>
        items.length === 0
          ? 'No webhook yet. Make one with: almanac webhooks create https://example.org/almanac'
          : table(
              ['id', 'address', 'enabled', 'events', 'description'],
              items.map((w) => [w.id, w.url, w.enabled ? 'yes' : 'no', w.events.join(','), w.description]),
            ),
      );
    });

  webhooks
    .command('create')
    .description('make a webhook; its secret is shown once')
    .argument('<url>', 'https://…, slack+https://… of a Slack-compatible webhook, or mailto:somebody@example.org')
    .option('--events <events>', `of ${webhookEvent.options.join(', ')}; with commas between (default: all)`, events)
    .option('--description <text>', 'what it is for', '')
    .action(async (url: string, flags: { events?: WebhookEvent[]; description: string }, command: Command) => {
      const context = contextOf(command);
      const made = await context.client.call('createWebhook', { body: { url, ...flags } });
      show(
        context,
        made,
        () => `${made.id}\n${made.secret}\nThe secret is shown only now. Try it out with: almanac webhooks ping ${made.id}`,
      );
    });

  for (const [verb, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    webhooks
      .command(verb)
      .argument('<id>')
      .addOption(ifMatchOption())
      .action(async (id: string, { ifMatch }: IfMatch, command: Command) => {
        const context = contextOf(command);
        const changed = await context.client.call('updateWebhook', { params: { webhookId: id }, body: { enabled }, ifMatch });
        show(context, changed, () =>
          enabled ? 'Messages are sent again; those that waited are sent now.' : 'Nothing is sent until it is enabled.',
        );
      });
  }

  webhooks
    .command('rotate')
    .description('give it a new secret, shown once; the one before signs as well for a while')
    .argument('<id>')
    .option('--overlap-hours <hours>', 'how long; 0 where it is no longer to be trusted', Number, 24)
    .action(async (id: string, { overlapHours }: { overlapHours: number }, command: Command) => {
      const context = contextOf(command);
      const made = await context.client.call('rotateWebhookSecret', { params: { webhookId: id }, body: { overlapHours } });
      const until = made.previousSecretUntil === null ? '' : ` The one before signs as well until ${made.previousSecretUntil}.`;
      show(context, made, () => `${made.secret}\nIt is shown only now, and signs everything from now on.${until}`);
    });

  webhooks
    .command('ping')
    .description('send a test message')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const sent = await context.client.call('pingWebhook', { params: { webhookId: id } });
      show(context, sent, () => `A test message is on its way. See what became of it with: almanac webhooks deliveries ${id}`);
    });

  webhooks
    .command('deliveries')
    .description('what was sent, newest first, and what the receiver answered')
    .argument('<id>')
    .option('--status <status>', 'pending, delivered or failed')
    .action(async (id: string, flags: { status?: string }, command: Command) => {
      const context = contextOf(command);
      const query = flags as { status?: 'pending' | 'delivered' | 'failed' };
      const { items } = await context.client.call('listWebhookDeliveries', { params: { webhookId: id }, query });
      show(context, items, () =>
        items.length === 0
          ? 'Nothing was sent yet.'
          : table(
              ['delivery', 'event', 'made', 'status', 'attempts', 'answer', 'next attempt', 'error'],
              items.map((d) => [
                d.id,
                d.event,
                shortDate(d.createdAt),
                d.status,
                `${d.attempts} of ${d.maxAttempts}`,
                d.responseStatus,
                shortDate(d.nextAttemptAt),
                d.error,
              ]),
            ),
      );
    });

  webhooks
    .command('replay')
    .description('send a message again')
    .argument('<id>')
    .argument('<delivery>')
    .action(async (id: string, deliveryId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const sent = await context.client.call('replayWebhookDelivery', { params: { webhookId: id, deliveryId } });
      show(context, sent, () => `Sent again as delivery ${sent.id}.`);
    });

  webhooks
    .command('delete')
    .argument('<id>')
    .addOption(ifMatchOption())
    .action(async (id: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      await context.client.call('deleteWebhook', { params: { webhookId: id }, ifMatch });
      show(context, { deleted: id }, () => 'The webhook and its deliveries are deleted.');
    });
}

export function workspaceCommands(program: Command): void {
  const workspaces = program.command('workspaces').description('list, make, rename and delete workspaces (for the operator)');

  workspaces.command('list', { isDefault: true }).action(async (_: unknown, command: Command) => {
    const context = contextOf(command);
    const items = await context.client.listAll('listWorkspaces', {});
    show(context, items, () =>
      table(
        ['workspace', 'made'],
        items.map((w) => [w.name, shortDate(w.createdAt)]),
      ),
    );
  });

  workspaces
    .command('create')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const made = await context.client.call('createWorkspace', { body: { name } });
      show(context, made, () => `${made.adminKey.key}\nThis admin key of "${name}" is shown only now.`);
    });

  workspaces
    .command('rename')
    .argument('<name>')
    .argument('<to>')
    .addOption(ifMatchOption())
    .action(async (name: string, to: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      const renamed = await context.client.call('renameWorkspace', { params: { workspace: name }, body: { name: to }, ifMatch });
      show(context, renamed, () => `"${name}" is "${to}" now.`);
    });

  workspaces
    .command('delete')
    .description('delete a workspace with everything in it')
    .argument('<name>')
    .option('--yes', 'say so: nothing of it can be brought back')
    .addOption(ifMatchOption())
    .action(async (name: string, flags: IfMatch & { yes?: boolean }, command: Command) => {
      if (!flags.yes) throw new UsageError(`Everything in "${name}" would be gone. If that is meant, add --yes.`);
      const context = contextOf(command);
      const erasure = await context.client.call('deleteWorkspace', { params: { workspace: name }, ifMatch: flags.ifMatch });
      show(context, { deleted: name, erasure }, () => `"${name}" is deleted.\nCertificate of erasure: ${erasure.id}`);
    });
}
