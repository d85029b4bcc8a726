/**
 * `@Route('listRuns')` serves one row of the endpoint table: its method, path, status and scope come from the table,
 * and `@Input()` hands the handler what the row's schemas made of the request. No handler sees unparsed input.
 */
import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import { type Endpoint, type EndpointName, endpoints } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Readable } from 'node:stream';
import { ownCursor } from './cursors.js';
import { ENDPOINT, endpointOf } from './endpoint.js';
import { faultsOf, FIRST_FAULT } from './faults.js';
import { refuseLong } from './lists.js';
import { refuseText } from './text.js';

/** A body of many rows may have as many faults: so many are looked for, and so many told in a sentence. */
const MOST_FAULTS = 100;
const MOST_TOLD = 20;

/** They tell each row that they refuse, bad text included. */
const NAMES_ITS_ROWS = new Set<EndpointName>(['appendObservations']);

type Table = typeof endpoints;
type Parsed<E, K extends string> = E extends Record<K, infer S extends z.ZodType> ? { [P in K]: z.output<S> } : unknown;
/** What a handler receives: params, query and body as the schemas put them out. */
export type Parse<N extends EndpointName> = Parsed<Table[N], 'params'> & Parsed<Table[N], 'query'> & Parsed<Table[N], 'body'>;

export function Route(name: EndpointName): MethodDecorator {
  const endpoint: Endpoint = endpoints[name];
  return applyDecorators(
    RequestMapping({ path: endpoint.path, method: RequestMethod[endpoint.method] }),
    HttpCode(endpoint.status),
    SetMetadata(ENDPOINT, name),
  );
}

/** Parses one part of a request; a key that the schema does not know is an error, so that a typing slip is not ignored. */
export function parsePart<T>(part: string, schema: z.ZodType<T>, value: unknown): T {
  const strict = schema instanceof z.ZodObject ? (schema.strict() as unknown as z.ZodType<T>) : schema;
  refuseLong(strict, value, part);
  // A right one is read once; of a wrong one the first fault ends the reading, and the others are looked for up to a number.
  const result = strict.safeParse(value, FIRST_FAULT);
  if (result.success) return result.data;
  const faults = faultsOf(strict, value, part, MOST_FAULTS + 1);
  const issues = faults.slice(0, MOST_FAULTS);
  const more = faults.length > MOST_FAULTS ? '; and more' : '';
  const told = issues.slice(0, MOST_TOLD).map(({ at, problem }) => `${at}: ${problem}`);
  throw new AlmanacError(
    'REQUEST_INVALID',
    told.join('; ') + (issues.length > MOST_TOLD ? `; and ${issues.length - MOST_TOLD} more` : more),
    {
      hint: 'GET /v1/openapi.json describes every field.',
      subject: { issues },
    },
  );
}

/** The parameters of the path that the query gives, because no path can carry them. */
const inPlaceOf = (params: object, query: unknown): object =>
  Object.fromEntries(Object.entries((query ?? {}) as object).filter(([name, value]) => name in params && value !== undefined));

/** The query with the cursor as the store gave it. @throws AlmanacError CURSOR_INVALID */
function pageOf(name: EndpointName, request: FastifyRequest, query: unknown): object | undefined {
  const { after } = (query ?? {}) as { after?: unknown };
  return typeof after === 'string' ? { ...(query as object), after: ownCursor(name, request, after) } : (query as object | undefined);
}

export const Input = createParamDecorator((_: unknown, context: ExecutionContext): unknown => {
  const { name, endpoint } = endpointOf(context);
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  refuseText(request.params, 'path');
  refuseText(request.query, 'query');
  if (!NAMES_ITS_ROWS.has(name)) refuseText(request.body instanceof Readable ? undefined : request.body, 'body');
  const params = endpoint.params && parsePart('path', endpoint.params, request.params);
  const query = pageOf(name, request, endpoint.query && parsePart('query', endpoint.query, request.query));
  return {
    ...(params ? { params: { ...params, ...inPlaceOf(params, query) } } : {}),
    ...(query ? { query } : {}),
    ...(endpoint.body && endpoint.consumes === undefined ? { body: parsePart('body', endpoint.body, request.body ?? {}) } : {}),
  };
});
