/**
 * Errors as JSON and back: the one form that HTTP answers, rows of runs and messages between processes have (RFC 9457 problem details).
 * An entry of its own, which loads no schemas, for processes that should be up at once.
 * Invariant: there and back again is the same problem, so an error may pass through several of them.
 */
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { type Problem } from './schemas/common.js';

export const UNEXPECTED = 'UNEXPECTED';

/** The `type` of a problem with this code. */
const typeOf = (code: string): string => `urn:almanac:problem:${code.toLowerCase().replaceAll('_', '-')}`;

/** What is no AlmanacError becomes UNEXPECTED with its message: for those who run the installation, not for an answer over HTTP. */
export function toProblem(error: unknown): Problem {
  const { code, message, status, hint, subject } = isAlmanacError(error) ? error : unexpected(error);
  return {
    type: typeOf(code),
    title: code,
    status,
    detail: message,
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** @param stack where it was thrown, if that was in another process */
export function fromProblem({ code, detail, status, hint, subject }: Problem, stack?: string): AlmanacError {
  const error = new AlmanacError(code, detail, {
    status,
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
  });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function unexpected(error: unknown): AlmanacError {
  const message = error instanceof Error ? error.message : String(error);
  return new AlmanacError(UNEXPECTED, `Something unexpected went wrong: ${message}`, {
    hint: 'The log of the worker has the details. Start the run again; if it fails again, report it with this message.',
    status: 500,
  });
}

/** What went wrong and what to do about it, as sentences. */
export const withHint = (detail: string, hint: string | undefined): string =>
  hint ? `${detail}${/[.!?:;…]$/.test(detail) ? '' : '.'} ${hint}` : detail;

/** For a terminal: a refusal as sentences with its code, anything else with its stack. */
export function explainError(error: unknown): string {
  if (isAlmanacError(error)) return `${withHint(error.message, error.hint)} [${error.code}]`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
