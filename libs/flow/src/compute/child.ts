/** The process that computes: it takes one task after the other from its parent, and ends when that is gone. */
import type { RunProgress } from '@almanac/contracts';
import { initEngine } from '@almanac/forecasting';
import { isAlmanacError } from '@almanac/series';
import { backtestOne } from './backtest.js';
import { predict } from './predict.js';
import { score } from './score.js';
import type { EngineWish, FromChild, SentError, Task, ToChild } from './tasks.js';
import { train } from './train.js';

const say = (message: FromChild): void => {
  process.send?.(message);
};

let stopper = new AbortController();

process.on('disconnect', () => process.exit(0));
// The parent decides when this process stops; a Ctrl-C at the terminal reaches both.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToChild) => {
  if (message.kind === 'stop') stopper.abort(new Error('stopped'));
  else void run(message.task, message.wish);
});

async function run(task: Task, wish: EngineWish): Promise<void> {
  stopper = new AbortController();
  try {
    const engine = await initEngine({ engine: wish.engine ?? 'auto', threads: wish.threads });
    say({ kind: 'engine', engine });
    const report = (progress: RunProgress): void => say({ kind: 'progress', progress });
    say({ kind: 'done', outcome: await outcomeOf(task, engine.threads, report) });
  } catch (error) {
    say({ kind: 'failed', error: sent(error) });
  }
}

function outcomeOf(task: Task, threads: number, report: (progress: RunProgress) => void): Promise<unknown> {
  if (task.task === 'train')
    return train(task, { threads, report, saveState: (state) => say({ kind: 'state', state }), signal: stopper.signal });
  if (task.task === 'predict') return predict(task, stopper.signal);
  if (task.task === 'backtest') return backtestOne(task, { threads, report, signal: stopper.signal });
  return Promise.resolve(task.task === 'score' ? score(task) : null);
}

function sent(error: unknown): SentError {
  if (isAlmanacError(error)) {
    const { code, message, hint, subject, status, stack } = error;
    return { code, message, hint, subject, status, stack };
  }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
}
