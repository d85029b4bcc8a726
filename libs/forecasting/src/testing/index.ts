/** Tasks and checks that tests and benches put to the models. No application loads this. */
export { alignmentTask, type AlignmentTask } from './attentionTasks.js';
export { CHECK_HORIZON, checkModel, type ModelCheck, type ModelSubject } from './checkModel.js';
export * as onlineStreams from './streams.js';
export * as techniqueTasks from './tasks.js';
