/** The registry: model versions, what they rest on, and the names that point at them. */
export { deleteCheckpoint, loadCheckpoint, saveCheckpoint, type StoredCheckpoint } from './checkpoint.js';
export { type ModelReference, parseReference, resolveModel } from './reference.js';
export { type Pace, registerVersion, type Registration, setAlias } from './register.js';
export { toModelVersion } from './wire.js';
