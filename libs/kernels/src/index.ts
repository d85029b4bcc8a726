export { attention, type AttentionArgs } from './attention/attention.js';
export { initEngine, type Engine, type EngineName, type EngineOptions } from './engine/engine.js';
export { gru, gruState, type GruArgs } from './gru/gru.js';
export { type SequenceArgs, type Zoneout } from './kernel/recurrent.js';
export { lstm, lstmState, type LstmArgs, type LstmState } from './lstm/lstm.js';
export { minGru, type MinGruArgs } from './minGru/minGru.js';
export { Group } from './parallel/group.js';
export { joinReplicas, type ReplicaOptions, type Replicas, startReplicas } from './parallel/replicas.js';
export { rnn, type RnnArgs } from './rnn/rnn.js';
