/**
 * The one error type of the platform: a stable code, a message that names the thing at fault, and a hint that says
 * what to do about it. Libraries throw it, and the API maps it to HTTP in exactly one place.
 */
export interface ErrorDetail {
  /** What the reader can do about it, as a sentence. */
  hint?: string;
  /** The thing at fault: a series id, a row number, a column, a file. */
  subject?: Record<string, unknown>;
  /** HTTP status when it reaches the API; 400 by default. */
  status?: number;
  cause?: unknown;
}

export class AlmanacError extends Error {
  readonly hint: string | undefined;
  readonly subject: Record<string, unknown> | undefined;
  readonly status: number;

  /**
   * @param code stable, SCREAMING_SNAKE; clients switch on it
   * @param message names the thing at fault
   */
  constructor(
    readonly code: string,
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'AlmanacError';
    this.hint = detail.hint;
    this.subject = detail.subject;
    this.status = detail.status ?? 400;
  }
}

/** True for an AlmanacError, also one that crossed a duplicate copy of this module. */
export function isAlmanacError(error: unknown): error is AlmanacError {
  return error instanceof Error && error.name === 'AlmanacError' && 'code' in error;
}
