/** The worker's side of runs. */
export { fetchAside, putAside } from './aside.js';
export { type EngineNote, engineNote } from './engineNote.js';
export { Ending, executeRun, type Holder, newWorkerId, type RunContext, type Work } from './execute.js';
export { type NewPart, runParts, shareDone, wholeOf } from './parts.js';
export { reconcile } from './reconcile.js';
