/** What a worker's side is handed with a run, and what it gives back. */
import type { RunProgress } from '@almanac/contracts';
import type { Json, RunRecord, RunRow, Store } from '@almanac/store';
import type { FlowContext } from '../context.js';

/** @typeParam Run with its plan read, where it is known of which kind it is */
export interface RunContext<Run extends RunRow = RunRecord> extends FlowContext {
  run: Run;
  workerId: string;
  signal: AbortSignal;
  /** Throttled; resolves once the row holds it, or something newer. */
  report(progress: RunProgress): Promise<void>;
}

/** The result of the run, or what is yet to be done with it. */
export type Worked = Json | Ending;

/** What stands or falls with the end of a run: aliases that move, runs that follow from it. */
export class Ending {
  /** @param commit works within the transaction that ends the run; the runs it made are queued after it */
  constructor(readonly commit: (within: Store) => Promise<{ result: Json; runs?: readonly RunRecord[] }>) {}
}
