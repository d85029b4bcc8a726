/** Start-up fails on a job without a handler, or with two: better than a job that waits for ever or runs at random. */
import { AlmanacError } from '@almanac/series';
import type { JobDefinition, JobHandler } from './queue.js';

/** @throws AlmanacError JOB_WITHOUT_HANDLER, JOB_WITH_TWO_HANDLERS, JOB_UNKNOWN */
export function bindHandlers<Name extends string>(
  jobs: readonly JobDefinition<Name>[],
  handlers: readonly JobHandler<Name>[],
): Map<Name, JobHandler<Name>> {
  const bound = new Map<Name, JobHandler<Name>>();
  for (const handler of handlers) {
    if (bound.has(handler.name)) throw startupError('JOB_WITH_TWO_HANDLERS', `The job "${handler.name}" has two handlers.`, handler.name);
    if (!jobs.some((job) => job.name === handler.name))
      throw startupError('JOB_UNKNOWN', `There is a handler for "${handler.name}", which is no job.`, handler.name);
    bound.set(handler.name, handler);
  }
  const missing = jobs.find((job) => !bound.has(job.name));
  if (missing) throw startupError('JOB_WITHOUT_HANDLER', `The job "${missing.name}" has no handler.`, missing.name);
  return bound;
}

const startupError = (code: string, message: string, job: string): AlmanacError =>
  new AlmanacError(code, message, { hint: 'Give every job exactly one handler.', subject: { job }, status: 500 });
