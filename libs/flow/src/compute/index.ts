/** Computing away from the worker's own thread. */
export { type Compute, DEFAULT_TURN_SECONDS, startCompute } from './compute.js';
export { type Demand, Ledger, type Reserved } from './ledger.js';
export type {
  BacktestTask,
  CalibrateTask,
  CertifyTask,
  ChooseTask,
  EngineWish,
  MemberOutcome,
  MemberTask,
  PredictOutcome,
  PredictTask,
  ScoreOutcome,
  LearnTask,
  ScoreTask,
  ScoreWindowsTask,
  TrainOutcome,
  TrainTask,
  TrialTask,
  WindowForecasts,
} from './tasks.js';
