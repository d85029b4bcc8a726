/** `almanac overview`: what is due, what ran, how good the forecasts have been. */
import type { Command } from 'commander';
import { contextOf } from '../context.js';
import { count, fixed, shortDate, show, table } from '../print.js';

export function overviewCommand(program: Command): void {
  program
    .command('overview')
    .description('what is due, what ran, how good the forecasts have been and on which series they were worst, and alerts')
    .action(async (_: object, command: Command) => {
      const context = contextOf(command);
      const found = await context.client.call('getOverview', {});
      const { totals, due, ran, week, models } = found;
      show(context, found, () =>
        [
          `${count(totals.datasets)} datasets, ${count(totals.series)} series, ${count(totals.observations)} observations, ${count(totals.models)} models, ${count(totals.schedules)} schedules`,
          ...models.flatMap(({ model, alerts }) => alerts.map(({ code, message }) => `ALERT ${model}: ${code}: ${message}`)),
          '',
          due.length === 0
            ? 'Nothing is due: no schedule is on.'
            : table(
                ['due', 'schedule', 'makes', ''],
                due.map((one) => [shortDate(one.dueAt), one.schedule, one.action, one.late ? 'late' : '']),
              ),
          '',
          `Within seven days: ${
            Object.entries(week)
              .filter(([, runs]) => runs > 0)
              .map(([status, runs]) => `${count(runs)} ${status}`)
              .join(', ') || 'no run'
          }`,
          ...(ran.length === 0
            ? []
            : [
                table(
                  ['asked for', 'run', 'of', 'status', ''],
                  ran.map((run) => [shortDate(run.createdAt), run.kind, run.model ?? run.dataset, run.status, run.error ?? '']),
                ),
              ]),
          ...(models.length === 0
            ? []
            : [
                '',
                table(
                  ['model', 'version', 'judged on', 'wql', 'seasonal naive', 'in 80 %', 'worst series'],
                  models.map(({ model, version, quality }) => [
                    model,
                    version,
                    quality ? (quality.basis === 'live' ? 'what came' : 'the holdout') : '-',
                    fixed(quality?.wql),
                    fixed(quality?.naiveWql),
                    fixed(quality?.coverage80, 2),
                    quality?.worst.map(({ uniqueId }) => uniqueId).join(', ') ?? '',
                  ]),
                ),
              ]),
          ...(found.moreModels > 0 ? [`${count(found.moreModels)} models more: almanac models`] : []),
        ].join('\n'),
      );
    });
}
