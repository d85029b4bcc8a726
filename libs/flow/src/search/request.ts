/** The request side of searches: the space is checked, and how many candidates there are is decided, before anything is queued. */
import { type Run, type SearchRequest, searchRequest, type SearchRequestInput, type SearchSpace } from '@almanac/contracts';
import { candidates, checkSeed, checkSpace, type KindPlan, PLANS, plans, rungs, settingAt } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import { estimateRun } from '../admit/admit.js';
import { ask } from '../ask.js';
import { storedFacts } from '../compute/settings.js';
import { seasonLengthsOf } from '../query/grid.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import { defaultHorizon, spanOf } from '../train/plan.js';
import { planTrainingRun } from '../train/request.js';
import type { SearchPlan } from './plan.js';

const TRIALS = 9;
const MOST_TRIALS = 243;
const FEWEST_TRIALS = 2;

/**
 * @throws AlmanacError what a training of the model is refused for; KIND_NOT_SEARCHABLE, SEARCH_SPACE, SEARCH_BUDGET, OPTIONS_CONFLICT,
 * SERIES_TOO_SHORT
 */
export async function requestSearch(context: FlowContext, input: SearchRequestInput): Promise<Run> {
  return ask(context, planSearchRun(context, input));
}

/** What a search would vary, and everything that it could. @throws AlmanacError DATASET_NOT_FOUND, KIND_NOT_SEARCHABLE */
export async function getSearchSpace(
  { store }: Pick<FlowContext, 'store'>,
  query: { dataset: string; kind?: string | undefined; horizon?: number | undefined },
): Promise<SearchSpace> {
  const { plan, stepsPath } = searchable(query.kind);
  const dataset = await store.datasets.get(query.dataset);
  const horizon = query.horizon ?? defaultHorizon(seasonLengthsOf(dataset)[0]);
  const { facts } = await storedFacts(store, dataset.name, { horizon, holdout: 2 * horizon });
  const config = plans.settings(plan.kind, facts, { config: {} });
  return { kind: plan.kind, config, space: plan.choices?.(config) ?? {}, steps: settingAt(config, stepsPath) as number };
}

/** The run that a request asks for, before it is written down. */
export async function planSearchRun(
  context: Pick<FlowContext, 'store' | 'limits'>,
  input: SearchRequestInput,
): Promise<NewPlannedRun<'search'>> {
  const { store } = context;
  const request = searchRequest.parse(input);
  refuseTwoBudgets(request);
  const { plan, stepsPath } = searchable(request.kind);
  const { kind } = plan;
  const { dataset, datasetVersion, model, horizon, holdout, config: own, seed, device, promote, gate, forecast } = request;
  const { config: training } = await planTrainingRun(context, {
    ...{ dataset, datasetVersion, model, kind, horizon, holdout, config: own, seed, device, promote, gate, forecast },
  });
  const stepSize = request.stepSize ?? training.horizon;
  const tail = training.horizon + (request.windows - 1) * stepSize;
  await refuseShort(store, training, tail);
  const { facts } = await storedFacts(store, dataset, { horizon: training.horizon, holdout: training.holdout + tail });
  const config = plans.settings(kind, facts, { steps: request.steps, config: own });
  const space = request.space ?? plan.choices?.(config) ?? {};
  const steps = settingAt(config, stepsPath) as number;
  checkSeed([{ kind, config }], seed);
  refuseDecided(space, stepsPath);
  checkSpace({ kind, config, choices: space });
  const planOf = (trials: number): NewPlannedRun<'search'> => {
    const planned: SearchPlan = { ...request, kind, config, space, trials, steps, stepsPath, stepSize, training };
    return { kind: 'search', dataset: training.dataset, model: training.model, seed, config: planned };
  };
  const wanted = await trialsOf(context, request, steps, planOf);
  const trials = candidates({ kind, config, choices: space }, wanted, seed).length;
  if (trials < FEWEST_TRIALS)
    throw new AlmanacError('SEARCH_SPACE', `The space of the search holds nothing but the settings of ${kind} as they are.`, {
      hint: 'Give at least one setting two values that work, as {"hidden": [32, 64]}.',
      subject: { kind },
    });
  return planOf(trials);
}

/** @throws AlmanacError MODEL_KIND_UNKNOWN, KIND_NOT_SEARCHABLE */
function searchable(kind: string | undefined): { plan: KindPlan; stepsPath: string } {
  const able = PLANS.filter(({ choices, follows }) => choices && follows.steps);
  const plan = kind === undefined ? able[0]! : plans.of(kind);
  const stepsPath = plan.follows.steps;
  if (stepsPath !== undefined) return { plan, stepsPath };
  throw new AlmanacError('KIND_NOT_SEARCHABLE', `A ${plan.kind} model is not trained step by step, so there is nothing to halve.`, {
    hint: `Search over ${able.map((one) => one.kind).join(' or ')}, or compare settings in a backtest.`,
    subject: { kind: plan.kind },
    status: 400,
  });
}

/** How many candidates the budget allows. @throws AlmanacError SEARCH_BUDGET */
async function trialsOf(
  context: Pick<FlowContext, 'store' | 'limits'>,
  { trials = TRIALS, budgetSteps, budgetMinutes }: SearchRequest,
  steps: number,
  planOf: (trials: number) => NewPlannedRun<'search'>,
): Promise<number> {
  if (budgetSteps === undefined && budgetMinutes === undefined) return trials;
  const budget = budgetSteps ?? Math.floor((60 * budgetMinutes!) / (await secondsPerStep(context, planOf(TRIALS))));
  for (let count = MOST_TRIALS; count >= FEWEST_TRIALS; count--) if (stepsOf(count, steps) <= budget) return count;
  const least = stepsOf(FEWEST_TRIALS, steps);
  throw new AlmanacError(
    'SEARCH_BUDGET',
    `The budget is ${budgetSteps === undefined ? `about ${budget} optimiser steps in ${budgetMinutes} minutes` : `${budget} optimiser steps`}; two candidates of ${steps} steps each take ${least}.`,
    { hint: 'Raise the budget, or lower steps.', subject: { budget, least, steps } },
  );
}

const stepsOf = (trials: number, steps: number): number =>
  rungs({ trials, steps }).reduce((sum, rung) => sum + rung.trials * rung.steps, 0);

async function secondsPerStep(context: Pick<FlowContext, 'store' | 'limits'>, run: NewPlannedRun<'search'>): Promise<number> {
  const { seconds, steps } = await estimateRun(context, run);
  return seconds! / steps!;
}

function refuseTwoBudgets({ trials, budgetSteps, budgetMinutes }: SearchRequest): void {
  const given = Object.entries({ trials, budgetSteps, budgetMinutes }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 1)
    throw new AlmanacError('OPTIONS_CONFLICT', `${given.join(' and ')} each say how large the search is.`, {
      hint: 'Give one of them.',
      subject: { options: given },
    });
}

/** @throws AlmanacError SEARCH_SPACE */
function refuseDecided(space: SearchPlan['space'], stepsPath: string): void {
  const decided = [stepsPath, 'horizon', 'frequency'].find((path) => Object.hasOwn(space, path));
  if (decided !== undefined)
    throw new AlmanacError('SEARCH_SPACE', `The setting ${decided} is the same for all candidates, or they could not be compared.`, {
      hint: decided === stepsPath ? 'Leave it out of the space; `steps` of the request sets it.' : 'Leave it out of the space.',
      subject: { setting: decided },
    });
}

async function refuseShort(
  store: FlowContext['store'],
  { dataset: name, datasetVersion, holdout }: SearchPlan['training'],
  tail: number,
): Promise<void> {
  const dataset = await store.datasets.get(name);
  const span = spanOf(await store.datasets.version(dataset.id, datasetVersion));
  if (span === 0 || span > holdout + tail) return;
  throw new AlmanacError(
    'SERIES_TOO_SHORT',
    `The dataset spans ${span} steps: ${holdout} are held out for the winner, and the trials are scored on ${tail} before them.`,
    { hint: 'Use fewer windows, a smaller stepSize or a shorter horizon.', subject: { length: span, needed: holdout + tail } },
  );
}
