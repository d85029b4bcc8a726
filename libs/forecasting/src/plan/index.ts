/** What can be said about a model before it is trained. Loads no TensorFlow.js, so that the API may ask. */
export { suspectCovariates, type SuspectCovariate } from '../backtest/copies.js';
export { calendarNames } from '../dataset/calendarCovariates.js';
export { covariatesOf, type CovariateNames } from '../dataset/covariates.js';
export { familiesOf } from '../encoders/families.js';
export type { PanelFacts } from '../facts.js';
export { NAIVE, SEASONAL_NAIVE, THETA } from '../kinds/baselines/plan.js';
export {
  type Config,
  type CovariateUse,
  type KindPlan,
  type Member,
  type Plans,
  PROCESS_BYTES,
  type Wishes,
  type Work,
  type WorkFacts,
} from '../kinds/plan.js';
export { PRETRAINED } from '../kinds/pretrained/plan.js';
export { isKind, PLANS, plans, threadsOf } from '../kinds/plans.js';
export { checkSeed, checkShared } from '../kinds/shared.js';
export { pendingTrials, rungs, searchReport, type SearchSettings, type Trial, type TrialResult, trialOf } from '../search/halving.js';
export { candidates, checkSpace, type SearchSpace, settingAt, withSetting } from '../search/space.js';
