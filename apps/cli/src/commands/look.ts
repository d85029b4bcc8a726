/** `almanac look`: a first forecast of a dataset, before anything is trained on it. */
import type { FirstLook } from '@almanac/contracts';
import type { Command } from 'commander';
import { contextOf } from '../context.js';
import { count, note, several, show, toCsv, whole } from '../print.js';

export function lookCommand(program: Command): void {
  program
    .command('look')
    .description('a first look at a dataset: its series forecast without training; nothing is stored')
    .argument('<dataset>')
    .option('--horizon <steps>', 'steps ahead (default: two of the shortest season)', whole)
    .option('-s, --series <id>', 'only this series; may be repeated (default: the first 20)', several)
    .option('--model <kind>', 'a kind that needs no training (default: the pretrained network)')
    .action(
      async (dataset: string, { horizon, series, model }: { horizon?: number; series?: string[]; model?: string }, command: Command) => {
        const context = contextOf(command);
        const looked = await context.client.firstLook(dataset, { horizon, uniqueIds: series, model });
        const shown = looked.firstLook.length;
        if (series === undefined && shown < looked.seriesCount)
          note(`${count(shown)} of ${count(looked.seriesCount)} series; name others with --series.`);
        for (const { uniqueId, notes } of looked.firstLook) for (const { detail } of notes) note(`${uniqueId}: ${detail}`);
        show(context, looked, () => toCsv(columnsOf(looked)));
      },
    );
}

/** In the columns of the export: the median, then the other levels. */
function columnsOf({ model, levels, firstLook }: FirstLook): Record<string, (string | number | null)[]> {
  const each = <T>(value: (one: FirstLook['firstLook'][number], h: number) => T): T[] =>
    firstLook.flatMap((one) => one.ds.map((_, h) => value(one, h)));
  const names = levels.map((level, index) => [level === 0.5 ? model : `${model}-q-${Number((100 * level).toFixed(6))}`, index] as const);
  return {
    unique_id: each(({ uniqueId }) => uniqueId),
    ds: each(({ ds }, h) => ds[h]!),
    cutoff: each(({ cutoff }) => cutoff),
    ...Object.fromEntries(names.map(([name, index]) => [name, each(({ quantiles }, h) => quantiles[index]![h]!)])),
  };
}
