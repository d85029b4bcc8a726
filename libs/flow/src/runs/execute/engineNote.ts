/** The engine of a run, written down before the run goes on: lineage and replay read it. */
import type { EngineInfo } from '@almanac/contracts';
import type { Json } from '@almanac/store';
import type { RunContext } from './context.js';

export interface EngineNote {
  onEngine: (engine: EngineInfo) => void;
  /** Resolves once the row names it; a run is not failed for it. */
  noted: () => Promise<void>;
}

export function engineNote({ store, run, logger }: RunContext): EngineNote {
  let writing: Promise<void> = Promise.resolve();
  return {
    onEngine(engine) {
      writing = store.runs
        .setEngine(run.id, engine as unknown as Json)
        .catch((error: unknown) => logger.warn({ error, run: run.id }, 'the engine could not be noted'));
    },
    noted: () => writing,
  };
}
