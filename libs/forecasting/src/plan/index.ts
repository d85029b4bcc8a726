/** What can be said about a training before it starts. Loads no TensorFlow.js, so that the API may ask. */
export type { PanelFacts } from '../facts.js';
export { defaultEnsemble } from '../kinds/ensemble/config.js';
export { defaultConfig, type SegmentConfig } from '../kinds/segment/config.js';
export { predictMemory, stepOperations, type MemoryFacts, type MemoryPrediction } from '../kinds/segment/memory.js';
