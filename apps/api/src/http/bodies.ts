/**
 * Bodies: how large one may be on which route, and how much memory all of them may take at a time.
 *
 * Invariants: a body is refused by its declared length before a byte of it is read; JSON is measured before it is
 * parsed; what the bodies in work take together stays below half of the heap, however many clients send at once.
 */
import { type Endpoint, type EndpointName } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { getHeapStatistics } from 'node:v8';
import { measureJson } from './json.js';

const MEGABYTE = 1 << 20;
/** Settings, names, reasons. */
const ORDINARY = MEGABYTE / 4;
/** Ids of many series, or rows of them. */
const LONG: Partial<Record<EndpointName, number>> = {
  appendObservations: 4 * MEGABYTE,
  forecast: 4 * MEGABYTE,
  forecastTotals: 4 * MEGABYTE,
  whatIf: 4 * MEGABYTE,
  estimateRun: 4 * MEGABYTE,
  createSchedule: 4 * MEGABYTE,
  updateSchedule: 4 * MEGABYTE,
  // Histories travel in it.
  predict: 32 * MEGABYTE,
  nixtlaForecast: 32 * MEGABYTE,
  nixtlaForecastAsync: 32 * MEGABYTE,
  nixtlaCrossValidation: 32 * MEGABYTE,
  nixtlaCrossValidationAsync: 32 * MEGABYTE,
  nixtlaAnomalies: 32 * MEGABYTE,
};
/** Room for the `{}` that some clients send with everything. */
const NONE = 1024;
const DEEPEST = 64;
const RETRY_SECONDS = 1;

/** Most bytes of a body that is parsed; a streamed one is counted by whoever reads it. */
export function bodyLimitOf(name: EndpointName, endpoint: Endpoint): number {
  if (endpoint.consumes !== undefined) return Number.MAX_SAFE_INTEGER;
  return endpoint.body === undefined ? NONE : (LONG[name] ?? ORDINARY);
}

/** @throws AlmanacError MEDIA_TYPE_UNSUPPORTED, REQUEST_TOO_LARGE */
export function refuseBody(request: FastifyRequest, endpoint: Endpoint, limit: number): void {
  const { 'content-type': type, 'content-length': length } = request.headers;
  if (type !== undefined && endpoint.consumes === undefined && !/^application\/json\s*(;|$)/i.test(type))
    throw new AlmanacError('MEDIA_TYPE_UNSUPPORTED', `This endpoint reads no "${type.slice(0, 100)}".`, {
      hint: 'Send JSON with the header "Content-Type: application/json".',
      status: 415,
    });
  if (Number(length) > limit) throw tooLarge(`The body has ${length} bytes; ${limit} are the most here.`);
}

const tooLarge = (message: string): AlmanacError =>
  new AlmanacError('REQUEST_TOO_LARGE', message, { hint: 'Send less at once; files of any size go to POST /v1/uploads.', status: 413 });

/** Memory lent to the bodies that are in work. */
export class BodyMemory {
  private readonly lent = new Map<FastifyRequest, number>();
  private total = 0;

  /** @param heapBytes of this process at most */
  constructor(private readonly heapBytes = getHeapStatistics().heap_size_limit) {}

  /**
   * Until the answer is sent; a second call for a request replaces the first. One body alone may always have its share.
   * @throws AlmanacError REQUEST_TOO_LARGE, API_BUSY
   */
  lend(request: FastifyRequest, bytes: number): void {
    if (bytes > this.heapBytes / 5)
      throw tooLarge(`The body would take ${Math.ceil(bytes / MEGABYTE)} MB of memory; a fifth of this server's may go to one.`);
    const had = this.lent.get(request) ?? 0;
    if (this.total - had > 0 && this.total - had + bytes > this.heapBytes / 2)
      throw new AlmanacError('API_BUSY', 'The bodies of other requests take all the memory that there is for them.', {
        hint: 'Send the request again in a moment.',
        subject: { retryAfterSeconds: RETRY_SECONDS },
        status: 503,
      });
    this.total += bytes - had;
    this.lent.set(request, bytes);
  }

  giveBack(request: FastifyRequest): void {
    this.total -= this.lent.get(request) ?? 0;
    this.lent.delete(request);
  }
}

/** Reads JSON as Fastify does, once it is known what it will take; whatever else comes is handed on as a stream. */
export function parseBodies(fastify: FastifyInstance, memory: BodyMemory): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const { heapBytes, depth } = measureJson(body);
      if (depth > DEEPEST)
        throw new AlmanacError('REQUEST_INVALID', `The body holds ${depth} lists and objects within one another; ${DEEPEST} are the most.`);
      memory.lend(request, heapBytes);
    } catch (error) {
      done(error as Error);
      return;
    }
    void parse(request, body.toString('utf8'), done);
  });
  fastify.removeContentTypeParser('text/plain');
  fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  const over = (request: FastifyRequest, _reply: FastifyReply, done: () => void): void => {
    memory.giveBack(request);
    done();
  };
  fastify.addHook('onResponse', over);
  fastify.addHook('onRequestAbort', (request, done) => {
    memory.giveBack(request);
    done();
  });
}
