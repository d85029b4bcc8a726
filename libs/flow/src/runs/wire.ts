/** Where the row of a run and its wire form differ. */
import { type Problem, problemType, type Run, run as runSchema } from '@almanac/contracts';
import { isAlmanacError } from '@almanac/series';
import type { RunRecord } from '@almanac/store';

export function toRun(record: RunRecord): Run {
  return runSchema.parse({
    id: record.id,
    kind: record.kind,
    status: record.status,
    dataset: record.dataset,
    model: record.model,
    config: record.config,
    progress: record.progress,
    result: record.result,
    error: record.error,
    engine: record.engine,
    createdAt: record.createdAt.toISOString(),
    startedAt: record.startedAt?.toISOString() ?? null,
    finishedAt: record.finishedAt?.toISOString() ?? null,
    parentId: record.parentId,
  });
}

/** An error as the run row keeps it, in the form that HTTP answers have. */
export function toProblem(error: unknown): Problem {
  if (isAlmanacError(error)) {
    return {
      type: problemType(error.code),
      title: error.code,
      status: error.status,
      detail: error.message,
      code: error.code,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.subject === undefined ? {} : { subject: error.subject }),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    type: problemType('UNEXPECTED'),
    title: 'UNEXPECTED',
    status: 500,
    detail: `Something unexpected went wrong: ${message}`,
    code: 'UNEXPECTED',
    hint: 'The log of the worker has the details. Start the run again; if it fails again, report it with this message.',
  };
}
