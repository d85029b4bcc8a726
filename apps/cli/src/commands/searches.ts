/** `almanac search`: which settings forecast a dataset best, and a model with them. */
import { type SearchChoices, type SearchRequestInput, type SearchResult, searchResult, trainResult } from '@almanac/contracts';
import { type Command } from 'commander';
import { contextOf } from '../context.js';
import { follow } from '../follow.js';
import { count, duration, fixed, note, shortDate, show, table, whole } from '../print.js';
import { jsonObject } from './models.js';

interface SearchFlags extends Omit<SearchRequestInput, 'space'> {
  space?: Record<string, unknown>;
  showSpace?: boolean;
  wait: boolean;
}

const inWords = (settings: Record<string, unknown>): string =>
  Object.entries(settings)
    .map(([path, value]) => `${path}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');

function searchText(result: SearchResult): string {
  return [
    `${result.cutoffs.length} cutoffs from ${shortDate(result.cutoffs[0] ?? null) ?? '-'}, ${result.horizon} steps ahead each, before the ${result.holdout} steps that the winner holds out`,
    table(
      ['candidate', 'steps', 'wql', 'to seasonal naive', 'took', 'settings'],
      result.trials.map((trial) => [
        trial.candidate,
        trial.steps,
        trial.failure ? 'failed' : fixed(trial.wql),
        fixed(trial.overSeasonalNaive),
        duration(trial.seconds),
        trial.failure ? `${trial.failure.code}: ${trial.failure.message}` : inWords(trial.settings),
      ]),
    ),
    `the best: candidate ${result.winner.candidate}, ${result.winner.candidate === 0 ? 'the settings as they are' : inWords(result.winner.settings)}`,
  ].join('\n');
}

export function searchCommand(program: Command): void {
  program
    .command('search')
    .description('search for the settings that forecast a dataset best, by successive halving; train and register a model with them')
    .requiredOption('-d, --dataset <name>')
    .option('-k, --kind <kind>', 'kind of model: one that is trained step by step (default: segment)')
    .option('-m, --model <name>', 'name in the registry (default: dataset and kind)')
    .option('--horizon <steps>', 'steps ahead (default: two seasons)', whole)
    .option('--space <json>', 'what is varied, e.g. \'{"hidden":[32,64],"train.learningRate":{"from":0.0005,"to":0.005}}\'', jsonObject)
    .option('--config <json>', 'settings that are not varied', jsonObject)
    .option('--trials <number>', 'candidates to begin with (default: 9)', whole)
    .option('--budget-steps <number>', 'instead: as many as so many training steps of all trials together allow', whole)
    .option('--budget-minutes <number>', 'instead: as many as are expected to take so many minutes', Number)
    .option('--steps <number>', 'training steps of the last rung and of the winner (default: from the size)', whole)
    .option('--windows <number>', 'cutoffs that each trial is scored at (default: 3)', whole)
    .option('--step-size <steps>', 'steps between cutoffs (default: the horizon)', whole)
    .option('--holdout <steps>', 'last steps that no trial sees (default: the horizon)', whole)
    .option('--seed <number>', 'for candidates and trainings (default: 1)', whole)
    .option('--gate', 'make the winner champion only if it beats the champion by more than chance')
    .option('--show-space', 'print what would be varied, and every setting that could be; search nothing')
    .option('--no-wait', 'do not wait for the run')
    .action(async ({ wait, showSpace, space, ...body }: SearchFlags, command: Command) => {
      const context = contextOf(command);
      if (showSpace) {
        const { dataset, kind, horizon } = body;
        const found = await context.client.call('searchSpace', { query: { dataset, kind, horizon } });
        return show(context, found, () => JSON.stringify(found, null, 2));
      }
      const choices = space as SearchChoices | undefined;
      const queued = await context.client.call('search', { body: { ...body, ...(choices ? { space: choices } : {}) } });
      if (!wait) return show(context, queued, () => `Search run ${queued.id} is queued. Follow it with: almanac runs follow ${queued.id}`);
      const result = searchResult.parse((await follow(context, queued.id)).result);
      note(searchText(result));
      const training = trainResult.parse((await follow(context, result.trainRunId)).result);
      show(
        context,
        { ...result, training },
        () =>
          `${training.model}, version ${training.version}: ${count(training.steps)} steps, WQL ratio to ${training.baseline} ${fixed(training.wqlRatio)} on steps that no trial saw`,
      );
    });
}
