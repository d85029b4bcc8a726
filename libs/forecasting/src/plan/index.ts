/** What can be said about a training before it starts. Loads no TensorFlow.js, so that the API may ask. */
export { defaultConfig, defaultEnsemble, type PanelFacts, type SegmentConfig } from '../config.js';
export { predictMemory, stepOperations, type MemoryFacts, type MemoryPrediction } from '../training/memory.js';
