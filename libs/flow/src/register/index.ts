/** The registry: model versions, what they rest on, and the names that point at them. */
export { loadCheckpoint, saveCheckpoint, type StoredCheckpoint } from './checkpoint.js';
export { learnedStep, learnedUntil } from './learned.js';
export { type ModelReference, namedVersion, parseReference, resolveModel } from './reference.js';
export { type Pace, registerVersion, type Registration, setAlias, tagVersion } from './register.js';
export { deleteModel, deleteVersion } from './remove.js';
export { toModelVersion } from './wire.js';
