/** `almanac runs …` and `almanac status`. */
import { clockFault, reservedOf, runKind, runStatus, type SystemStatus } from '@almanac/contracts';
import { type Command, Option } from 'commander';
import { contextOf } from '../context.js';
import { follow } from '../follow.js';
import { duration, say, shortDate, show, table } from '../print.js';

export function runCommands(program: Command): void {
  const runs = program.command('runs').description('list, show, follow and cancel runs');

  runs
    .command('list', { isDefault: true })
    .description('list runs, newest first')
    .addOption(new Option('--kind <kind>').choices(runKind.options))
    .addOption(new Option('--status <status>').choices(runStatus.options))
    .option('-d, --dataset <name>')
    .option('-n, --limit <number>', 'at most this many', '20')
    .action(async (flags: Record<string, string>, command: Command) => {
      const context = contextOf(command);
      const { items } = await context.client.call('listRuns', { query: flags as never });
      show(context, items, () =>
        items.length === 0
          ? 'No run yet.'
          : table(
              ['run', 'kind', 'status', 'dataset', 'model', 'queued', 'took', ''],
              items.map((r) => [
                r.id,
                r.kind,
                r.status,
                r.dataset,
                r.model,
                shortDate(r.createdAt),
                r.startedAt && r.finishedAt ? duration((Date.parse(r.finishedAt) - Date.parse(r.startedAt)) / 1000) : null,
                r.error?.detail ?? r.progress?.message ?? '',
              ]),
            ),
      );
    });

  runs
    .command('show')
    .argument('<id>')
    .description('everything about one run, as JSON')
    .action(async (runId: string, _: unknown, command: Command) => {
      say(JSON.stringify(await contextOf(command).client.call('getRun', { params: { runId } }), null, 2));
    });

  runs
    .command('follow')
    .argument('<id>')
    .description('follow a run to its end')
    .action(async (runId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const run = await follow(context, runId);
      show(context, run, () => `The ${run.kind} run succeeded.`);
    });

  runs
    .command('cancel')
    .argument('<id>')
    .description('ask a run to stop')
    .action(async (runId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const run = await context.client.call('cancelRun', { params: { runId } });
      show(context, run, () => (run.status === 'cancelled' ? 'Cancelled.' : 'It will stop at its next step.'));
    });

  runs
    .command('resume')
    .argument('<id>')
    .description('go on with a training or a search that was cancelled or failed, as a new run with what it has')
    .action(async (runId: string, _: unknown, command: Command) => {
      const context = contextOf(command);
      const run = await context.client.call('resumeRun', { params: { runId } });
      show(context, run, () => `The ${run.kind} run ${run.id} is queued. Follow it with: almanac runs follow ${run.id}`);
    });

  runs
    .command('rejects')
    .argument('<id>')
    .description('rejected rows of an ingest run, as CSV')
    .action(async (runId: string, _: unknown, command: Command) => {
      say((await contextOf(command).client.call('downloadRejects', { params: { runId } })).trimEnd());
    });

  program
    .command('status')
    .description('is the API up, who works, what waits')
    .action(async (_: unknown, command: Command) => {
      const context = contextOf(command);
      const status = await context.client.call('systemStatus', {});
      show(context, status, () => {
        const waiting = Object.entries(status.queueDepth).map(([name, depth]) => `${name} ${depth}`);
        const workers = status.workers.map((w) => [
          w.id,
          w.engine ? `${w.engine.name} (${w.engine.variant})` : '-',
          w.resources ? reservedOf(w.resources, gigabytes) : '-',
          busyOf(w),
          shortDate(w.seenAt),
        ]);
        const clocks = status.workers.flatMap((w) => (clockFault(w) === null ? [] : [`${w.id}: ${clockFault(w)!}`]));
        return [
          `Almanac ${status.version} at ${context.connection.url}, workspace ${status.workspace}`,
          `queue ${status.queueDriver}: ${waiting.join(', ') || 'empty'}`,
          workers.length === 0
            ? 'No worker is running: runs stay queued.'
            : table(['worker', 'engine', 'reserved', 'busy with', 'last seen'], workers),
          ...clocks,
        ].join('\n');
      });
    });
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;

function busyOf({ busyWith, busyElsewhere }: SystemStatus['workers'][number]): string {
  const elsewhere = busyElsewhere === 0 ? [] : [`${busyElsewhere} of other workspaces`];
  return [...busyWith, ...elsewhere].join(', ') || 'idle';
}
