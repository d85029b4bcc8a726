/**
 * The one place where an error becomes an HTTP answer: RFC 9457 problem details with a stable code, a hint, the thing
 * at fault and the request id. What nobody foresaw is logged in full and answered without its insides.
 */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject, Logger } from '@nestjs/common';
import { type Problem, toProblem } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { asDeleted, isDataRefused, isDiskFull, isPassing } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { callerOf, CONTEXT } from './caller.js';

const codes: Record<number, string> = {
  400: 'REQUEST_INVALID',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'REQUEST_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  429: 'TOO_MANY_REQUESTS',
};
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
/** Of what is logged of a request. */
const LONGEST = 300;
/** About as long as a database takes to come back. */
const OUTAGE_SECONDS = 2;
const hints: Record<number, string> = {
  429: 'Wait for the seconds in the Retry-After header.',
};

export function problemOf(error: unknown, request: { id: string; method: string; url: string }): Problem {
  const problem = toProblem(refusalOf(error, request));
  return { ...problem, title: STATUS_CODES[problem.status] ?? 'Error', requestId: request.id };
}

function refusalOf(error: unknown, request: { method: string; url: string }): AlmanacError {
  if (isAlmanacError(error)) return error.status === 503 ? withWait(error) : error;
  if (isDiskFull(error)) return diskFull(error);
  if (isPassing(error))
    return withWait(
      new AlmanacError('DATABASE_UNAVAILABLE', 'The database does not answer just now.', {
        hint: 'Send the request again in a few seconds; with an Idempotency-Key a POST is done once, however often it is sent.',
        status: 503,
      }),
    );
  if (isDataRefused(error))
    return new AlmanacError('VALUE_INVALID', 'A value of the request is outside of what can be stored or asked for.', {
      hint: 'Whole numbers have at most 10 digits where nothing else is said, and ids are given as they were received.',
    });
  const deleted = asDeleted(error);
  if (deleted) return deleted;
  // Nest's own and Fastify's own errors (unknown path, body too large, malformed JSON) carry a status.
  const status = error instanceof HttpException ? error.getStatus() : (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const detail =
      status === 404
        ? `Nothing is served at ${request.method} ${request.url.split('?')[0]!.slice(0, LONGEST)}.`
        : (error as Error).message.slice(0, LONGEST);
    const hint = status === 404 ? hintAt(request.url) : hints[status];
    return new AlmanacError(codes[status] ?? 'REQUEST_REFUSED', detail, { ...(hint ? { hint } : {}), status });
  }
  return new AlmanacError('INTERNAL', 'Something went wrong inside Almanac.', {
    hint: 'The log of the API has the details under this request id.',
    status: 500,
  });
}

/** Users of the nixtla SDK see what is refused, and never a path. */
export const hintAt = (url: string): string =>
  /^\/(v2|usage)\b/.test(url)
    ? 'Of the nixtla SDK, Almanac answers forecast, cross_validation, detect_anomalies, list_models and validate_api_key.'
    : 'GET /v1/openapi.json lists every path.';

/** An outage has an end: the answer says when to ask again. */
function withWait(error: AlmanacError): AlmanacError {
  const { code, message, hint, subject, status } = error;
  if (subject?.['retryAfterSeconds'] !== undefined) return error;
  return new AlmanacError(code, message, { ...(hint ? { hint } : {}), subject: { ...subject, retryAfterSeconds: OUTAGE_SECONDS }, status });
}

export const diskFull = (cause: unknown): AlmanacError =>
  new AlmanacError('DISK_FULL', 'There is no room left on the disk of this Almanac.', {
    hint: 'Nothing of it was kept. Free some room (delete datasets, or give the disk more), and send it again.',
    status: 507,
    cause,
  });

/** So that a request id that somebody tells leads to what was refused and to whom. Who asks too often fills no disk. */
function noteRefusal(logger: FlowContext['logger'], request: FastifyRequest, { status, code, detail }: Problem): void {
  const by = callerOf(request);
  const fields = {
    request: request.id,
    ...{ status, code, method: request.method, path: request.url.split('?')[0]!.slice(0, LONGEST), address: request.ip },
    ...(by ? { by: `${by.kind} ${by.id}` } : {}),
  };
  if (status === 429) logger.debug(fields, detail.slice(0, LONGEST));
  else logger.info(fields, detail.slice(0, LONGEST));
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('Api');

  constructor(@Inject(CONTEXT) private readonly context: FlowContext) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = problemOf(error, request);
    if (problem.status < 500) noteRefusal(this.context.logger, request, problem);
    else this.log.error(`${request.method} ${request.url} [${request.id}]: ${(error as Error)?.stack ?? String(error)}`);
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const wait: unknown = problem.subject?.['retryAfterSeconds'];
    if (typeof wait === 'number') void reply.header('retry-after', String(wait));
    void reply.status(problem.status).header('content-type', PROBLEM_TYPE).send(JSON.stringify(problem));
  }
}
