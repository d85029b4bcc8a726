/** What somebody asked for, of the plan that a run keeps: what was decided for it stays out, or the same request would be refused. */
import { type Run, searchRequest, type SearchRequestInput, trainRequest, type TrainRequestInput } from '@almanac/contracts';

type Plan = Run['config'];

const only = (shape: object, plan: Plan): Plan => Object.fromEntries(Object.entries(plan).filter(([key]) => Object.hasOwn(shape, key)));

/** Of a training that started from a version the settings are those of the version, but for `train`. */
export function trainingAsAsked(plan: Plan): TrainRequestInput {
  const asked = only(trainRequest.shape, plan);
  const { train } = (asked['config'] ?? {}) as Plan;
  return (asked['startFrom'] === undefined ? asked : { ...asked, config: { train } }) as TrainRequestInput;
}

/** Settings that are not varied are in the plan of the winner as they were given; a budget says how many candidates there are. */
export function searchAsAsked(plan: Plan): SearchRequestInput {
  const { trials, ...asked } = only(searchRequest.shape, plan);
  const budgeted = asked['budgetSteps'] !== undefined || asked['budgetMinutes'] !== undefined;
  const { config } = plan['training'] as { config: Plan };
  return { ...asked, config, ...(budgeted ? {} : { trials }) } as SearchRequestInput;
}
