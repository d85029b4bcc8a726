/** The worker's side of runs. */
export { fetchAside, putAside } from './aside.js';
export { Ending, type RunContext, type Worked } from './context.js';
export { type EngineNote, engineNote } from './engineNote.js';
export { executeRun, getOrNull, type HeldRun, type Holder, newWorkerId } from './execute.js';
export { type NewPart, runParts, shareDone, wholeOf } from './parts.js';
export { reconcile } from './reconcile.js';
