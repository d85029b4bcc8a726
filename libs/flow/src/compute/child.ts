/** The process that computes: it takes one task after the other from its parent, and ends when that is gone. */
import type { RunProgress } from '@almanac/contracts';
import { toProblem } from '@almanac/contracts/problem';
import { type Checkpoint, initEngine, learnOnline, lendThreads } from '@almanac/forecasting';
import { backtestWindows, certify, scoreWindows } from './backtest.js';
import { learnWidths } from './calibrate.js';
import { choose } from './choose.js';
import { predict } from './predict.js';
import { score } from './score.js';
import type { EngineWish, FromChild, Task, ToChild } from './tasks.js';
import { train, trainMember } from './train.js';
import { runTrial } from './trial.js';

const say = (message: FromChild): void => {
  process.send?.(message);
};

let stopper = new AbortController();
/** Set while the threads of this process are wanted elsewhere. */
let pause: { over: Promise<void>; goOn: () => void } | undefined;

function goOn(): void {
  pause?.goOn();
  pause = undefined;
}

/** Between two steps of whatever is computed. */
lendThreads(() => {
  if (!pause) return;
  say({ kind: 'paused' });
  return pause.over;
});

process.on('disconnect', () => process.exit(0));
// The parent decides when this process stops; a Ctrl-C at the terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToChild) => {
  switch (message.kind) {
    case 'run':
      return void run(message.task, message.wish);
    case 'pause': {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      pause ??= { over, goOn: resolve };
      return;
    }
    case 'goOn':
      return goOn();
    case 'stop':
      stopper.abort(new Error('stopped'));
      return goOn();
  }
});

async function run(task: Task, wish: EngineWish): Promise<void> {
  stopper = new AbortController();
  goOn();
  try {
    const engine = await initEngine({ engine: wish.engine ?? 'auto', threads: wish.threads });
    say({ kind: 'engine', engine });
    const report = (progress: RunProgress): void => say({ kind: 'progress', progress });
    say({ kind: 'done', outcome: await outcomeOf(task, engine.threads, report) });
  } catch (error) {
    say({ kind: 'failed', problem: toProblem(error), stack: error instanceof Error ? error.stack : undefined });
  }
}

async function outcomeOf(task: Task, threads: number, report: (progress: RunProgress) => void): Promise<unknown> {
  const { signal } = stopper;
  const tools = { threads, report, saveState: (state: Checkpoint) => say({ kind: 'state', state }), signal };
  switch (task.task) {
    case 'train':
      return train(task, tools);
    case 'member':
      return trainMember(task, tools);
    case 'predict':
      return predict(task, signal);
    case 'calibrate':
      return Promise.resolve(learnWidths(task.series));
    case 'backtest':
      return backtestWindows(task, tools);
    case 'certify':
      return certify(task, tools);
    case 'scoreWindows':
      return Promise.resolve(scoreWindows(task));
    case 'trial':
      return runTrial(task, signal);
    case 'choose':
      return choose(task, signal);
    case 'score':
      return score(task);
    case 'learn':
      return learnOnline(task.checkpoint, task.panel, { ...(task.states ? { states: task.states } : {}), anew: task.anew, signal });
    case 'probe':
      return Promise.resolve(null);
  }
}
