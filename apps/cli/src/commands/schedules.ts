/** `almanac schedule …` and `almanac keys …`. */
import {
  catchUpPolicy,
  type Firing,
  firingReasons,
  overlapPolicy,
  scope,
  scheduleAction,
  type ScheduleAction,
  type ScheduleRequestInput,
  type Scope,
} from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { UsageError } from '../connection.js';
import { type Context, contextOf, type IfMatch, ifMatchOption } from '../context.js';
import { shortDate, show, table, whole } from '../print.js';

export function scheduleCommands(program: Command): void {
  const schedule = program.command('schedule').description('list and change schedules');

  schedule
    .command('list', { isDefault: true })
    .description('list schedules with their next due times')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const items = await context.client.listAll('listSchedules', {});
      show(context, items, () =>
        items.length === 0
          ? 'No schedule yet. Make one with: almanac schedule create NAME --cron "0 6 * * *" --forecast MODEL'
          : table(
              ['schedule', 'does', 'cron', 'zone', 'next due', 'last fired'],
              items.map((s) => [
                s.name,
                `${s.action.kind} ${target(s.action)}${s.action.kind === 'train' && s.action.request.forecast ? ', then forecast' : ''}`,
                s.cron,
                s.timeZone,
                s.paused ? 'paused' : shortDate(s.nextDueAt[0] ?? null),
                shortDate(s.lastFiredAt),
              ]),
            ),
      );
    });

  schedule
    .command('create')
    .argument('<name>')
    .requiredOption('--cron <expression>', 'minute hour day month weekday, e.g. "0 6 * * *"')
    .option('--time-zone <zone>', 'IANA zone of the cron expression', 'UTC')
    .option('--forecast <model>', 'forecast with this model')
    .option('--learn <model>', 'let this online model learn from what is new')
    .option('--monitor <model>', 'score the past forecasts of this model, look for drift, roll a failing champion back')
    .option('--retrain-on-drift', 'with --monitor: train this model anew, behind the gate, where drift is found')
    .option('--backtest <dataset>', 'backtest on this dataset')
    .option('--train <dataset>', 'train on this dataset; the new version becomes champion only if it is better by more than chance')
    .option('--then-forecast', 'with --train: forecast with whichever version is champion after it')
    .option('--pull <source>', 'read this source: what is new there goes into its dataset')
    .option('--model <name>', 'with --train: name in the registry')
    .option('--kind <kind>', 'with --train and --backtest: kind of model')
    .option('--action <json>', 'the action as in POST /v1/schedules, for all that has no option here')
    .addOption(new Option('--overlap <policy>', 'while the run before is open').choices(overlapPolicy.options))
    .addOption(new Option('--catch-up <policy>', 'due times missed while no worker ran').choices(catchUpPolicy.options))
    .option('--catch-up-limit <number>', 'with --catch-up all: only the last so many', Number)
    .action(
      async (
        name: string,
        flags: ActionFlags & { cron: string; timeZone: string } & Pick<ScheduleRequestInput, 'overlap' | 'catchUp' | 'catchUpLimit'>,
        command: Command,
      ) => {
        const context = contextOf(command);
        const action = await actionOf(context, flags);
        const { cron, timeZone, overlap, catchUp, catchUpLimit } = flags;
        const made = await context.client.call('createSchedule', {
          body: { name, cron, timeZone, overlap, catchUp, catchUpLimit, action },
        });
        show(
          context,
          made,
          () =>
            `${name} is due ${made.nextDueAt
              .slice(0, 3)
              .map((due) => shortDate(due))
              .join(', ')} (UTC), …`,
        );
      },
    );

  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    schedule
      .command(verb)
      .argument('<name>')
      .addOption(ifMatchOption())
      .action(async (name: string, { ifMatch }: IfMatch, command: Command) => {
        const context = contextOf(command);
        const changed = await context.client.call('updateSchedule', { params: { schedule: name }, body: { paused }, ifMatch });
        show(context, changed, () =>
          paused ? `${name} is paused.` : `${name} is next due ${shortDate(changed.nextDueAt[0] ?? null)} (UTC).`,
        );
      });
  }

  schedule
    .command('run')
    .description('run it now, beside its times')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const run = await context.client.call('runSchedule', { params: { schedule: name } });
      show(context, run, () => `Run ${run.id} is queued. Follow it with: almanac runs follow ${run.id}`);
    });

  schedule
    .command('firings')
    .description('past firings, newest first')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const { items } = await context.client.call('listFirings', { params: { schedule: name }, query: {} });
      show(context, items, () =>
        items.length === 0
          ? 'It has not fired yet.'
          : table(
              ['due', 'fired', 'outcome', 'run'],
              items.map((f) => [shortDate(f.dueAt), shortDate(f.firedAt), outcomeOf(f), f.runId]),
            ),
      );
    });

  schedule
    .command('delete')
    .argument('<name>')
    .addOption(ifMatchOption())
    .action(async (name: string, { ifMatch }: IfMatch, command: Command) => {
      const context = contextOf(command);
      await context.client.call('deleteSchedule', { params: { schedule: name }, ifMatch });
      show(context, { deleted: name }, () => `${name} is deleted; its runs stay.`);
    });
}

function outcomeOf({ outcome, reason, firstDueAt, dueAt, dueTimes }: Firing): string {
  const why = reason === null ? '' : `: ${firingReasons[reason]}`;
  if (firstDueAt === null) return `${outcome}${why}`;
  return `${dueTimes} due times from ${shortDate(firstDueAt)} to ${shortDate(dueAt)} were skipped${why}`;
}

interface ActionFlags {
  forecast?: string;
  learn?: string;
  monitor?: string;
  retrainOnDrift?: boolean;
  backtest?: string;
  train?: string;
  thenForecast?: boolean;
  pull?: string;
  model?: string;
  kind?: string;
  action?: string;
}

async function actionOf(context: Context, flags: ActionFlags): Promise<ScheduleRequestInput['action']> {
  const { forecast, learn, monitor, backtest, train, pull, action, model, kind } = flags;
  if ([forecast, learn, monitor, backtest, train, pull, action].filter((given) => given !== undefined).length !== 1)
    throw new UsageError(
      'Give one of --forecast MODEL, --train DATASET, --backtest DATASET, --monitor MODEL, --learn MODEL, --pull SOURCE and --action JSON.',
    );
  if (forecast !== undefined) return { kind: 'forecast', request: { model: forecast } };
  if (pull !== undefined) return { kind: 'pull', request: { source: pull } };
  if (learn !== undefined) return { kind: 'learn', request: { model: learn } };
  if (backtest !== undefined) return { kind: 'backtest', request: { dataset: backtest, ...(kind ? { models: [{ kind }] } : {}) } };
  if (train !== undefined)
    return { kind: 'train', request: { dataset: train, model, kind, gate: true, ...(flags.thenForecast ? { forecast: {} } : {}) } };
  if (monitor !== undefined) {
    if (!flags.retrainOnDrift) return { kind: 'monitor', request: { model: monitor } };
    const champion = await context.client.call('getModelVersion', { params: { model: monitor, version: 'champion' } });
    const { lineage, horizon } = champion;
    return { kind: 'monitor', request: { model: monitor, retrainOnDrift: { dataset: lineage.dataset, kind: champion.kind, horizon } } };
  }
  try {
    return scheduleAction.parse(JSON.parse(action!));
  } catch (error) {
    throw new UsageError(`--action is no action of a schedule: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const DAY_MS = 86_400_000;

const target = ({ request }: ScheduleAction): string =>
  'dataset' in request ? request.dataset : 'source' in request ? request.source : request.model;

export function keyCommands(program: Command): void {
  const keys = program.command('keys').description('list, make and revoke API keys');

  keys.command('list', { isDefault: true }).action(async (_: unknown, command: Command) => {
    const context = contextOf(command);
    const items = await context.client.listAll('listApiKeys', {});
    show(context, items, () =>
      table(
        ['id', 'name', 'starts with', 'scopes', 'made', 'last used', 'expires'],
        items.map((k) => [
          k.id,
          k.name,
          k.prefix,
          k.scopes.join(','),
          shortDate(k.createdAt),
          shortDate(k.lastUsedAt),
          shortDate(k.expiresAt) ?? 'never',
        ]),
      ),
    );
  });

  keys
    .command('create')
    .argument('<name>')
    .option('--scopes <scopes>', `of ${scope.options.join(', ')}; with commas between`, 'read')
    .option('--days <n>', 'how long it opens (default: until it is revoked)', whole)
    .action(async (name: string, flags: { scopes: string; days?: number }, command: Command) => {
      const context = contextOf(command);
      const expiresAt = flags.days === undefined ? null : new Date(Date.now() + flags.days * DAY_MS).toISOString();
      const made = await context.client.call('createApiKey', { body: { name, scopes: flags.scopes.split(',') as Scope[], expiresAt } });
      show(context, made, () => `${made.key}\nIt is shown only now.`);
    });

  keys
    .command('rotate')
    .description('make another key in place of one, shown once; the one before opens beside it for a while')
    .argument('<id>')
    .option('--overlap-hours <hours>', 'how long; 0 where it is no longer to be trusted', Number, 24)
    .action(async (id: string, { overlapHours }: { overlapHours: number }, command: Command) => {
      const context = contextOf(command);
      const made = await context.client.call('rotateApiKey', { params: { id }, body: { overlapHours } });
      show(context, made, () => `${made.key}\nIt is shown only now, and opens at once. The one before opens until ${made.previousUntil}.`);
    });

  keys
    .command('revoke')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      await context.client.call('deleteApiKey', { params: { id } });
      show(context, { revoked: id }, () => 'The key no longer opens anything.');
    });
}
