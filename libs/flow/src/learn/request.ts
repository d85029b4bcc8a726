/** The request side of online learning. */
import { learnRequest, type LearnRequestInput, type Run } from '@almanac/contracts';
import { PLANS, plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import { ask } from '../ask.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';

/** @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_NOT_ONLINE */
export async function requestLearning(context: FlowContext, input: LearnRequestInput): Promise<Run> {
  return ask(context, planLearnRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planLearnRun({ store }: Pick<FlowContext, 'store'>, input: LearnRequestInput): Promise<NewPlannedRun<'learn'>> {
  const { model: name } = learnRequest.parse(input);
  const { kind, no, model } = await store.models.version(name);
  if (!plans.of(kind).goesOn)
    throw new AlmanacError(
      'MODEL_NOT_ONLINE',
      `The champion of "${model}", version ${no}, is of the kind "${kind}", which does not learn online.`,
      {
        hint: `Train a model of the kind ${PLANS.filter(({ goesOn }) => goesOn)
          .map((plan) => `"${plan.kind}"`)
          .join(' or ')}, or schedule trainings of this one.`,
        subject: { model, version: no, kind },
        status: 409,
      },
    );
  const { dataset, datasetId } = await store.models.get(name);
  const { currentVersion } = await store.datasets.getById(datasetId);
  return { kind: 'learn', dataset, model, config: { model, datasetVersion: currentVersion, holdout: 0 } };
}
