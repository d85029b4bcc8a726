/**
 * `@Route('listRuns')` serves one row of the endpoint table: its method, path, status and scope come from the table,
 * and `@Input()` hands the handler what the row's schemas made of the request. No handler sees unparsed input.
 */
import {
  applyDecorators,
  type CallHandler,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  type NestInterceptor,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { type Endpoint, type EndpointName, endpoints } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { Readable } from 'node:stream';
import { ownCursor } from './cursors.js';
import { ENDPOINT, endpointOf } from './endpoint.js';
import { faultsOf, FIRST_FAULT } from './faults.js';
import { refuseLong } from './lists.js';
import { strict } from './strict.js';
import { refuseText } from './text.js';

/** A body of many rows may have as many faults: so many are looked for, and so many named in a sentence. */
const MOST_FAULTS = 100;
const MOST_NAMED = 20;

const NOTHING = z.object({});

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
    ...(endpoint.params || endpoint.query || endpoint.body ? [] : [UseInterceptors(TakesNothing)]),
  );
}

/** Parses one part of a request; a name that the schema does not have is an error, so that a typing slip is not ignored. */
export function parsePart<T>(part: string, lenient: z.ZodType<T>, value: unknown): T {
  const schema = strict(lenient);
  refuseLong(schema, value, part);
  // A right one is read once; of a wrong one the first fault ends the reading, and the others are looked for up to a number.
  const result = schema.safeParse(value, FIRST_FAULT);
  if (result.success) return result.data;
  const faults = faultsOf(schema, value, part, MOST_FAULTS + 1);
  const issues = faults.slice(0, MOST_FAULTS);
  const more = faults.length > MOST_FAULTS ? '; and more' : '';
  const meant = issues.find((one) => one.nearest !== undefined)?.nearest;
  const named = issues.slice(0, MOST_NAMED).map(({ at, problem }) => `${at}: ${problem}`);
  throw new AlmanacError(
    'REQUEST_INVALID',
    named.join('; ') + (issues.length > MOST_NAMED ? `; and ${issues.length - MOST_NAMED} more` : more),
    {
      hint: meant === undefined ? 'GET /v1/openapi.json describes every field.' : `Did you mean "${meant}"?`,
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

function inputOf(context: ExecutionContext): object {
  const { name, endpoint } = endpointOf(context);
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  refuseText(request.params, 'path');
  refuseText(request.query, 'query');
  if (!NAMES_ITS_ROWS.has(name)) refuseText(request.body instanceof Readable ? undefined : request.body, 'body');
  const params = endpoint.params && parsePart('path', endpoint.params, request.params);
  const query = pageOf(name, request, parsePart('query', endpoint.query ?? NOTHING, request.query ?? {}));
  const body = endpoint.consumes === undefined ? parsePart('body', endpoint.body ?? NOTHING, request.body ?? {}) : undefined;
  return {
    ...(params ? { params: { ...params, ...inPlaceOf(params, query) } } : {}),
    ...(endpoint.query ? { query } : {}),
    ...(endpoint.body && endpoint.consumes === undefined ? { body } : {}),
  };
}

export const Input = createParamDecorator((_: unknown, context: ExecutionContext): unknown => inputOf(context));

/** For endpoints that take nothing, and whose handlers therefore ask for no input: what is given all the same is refused. */
class TakesNothing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    inputOf(context);
    return next.handle();
  }
}
