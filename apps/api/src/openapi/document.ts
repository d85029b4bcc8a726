/** The OpenAPI 3.1 document, made from the endpoint table alone. */
import { CSRF_HEADER, type Endpoint, type EndpointName, endpoints, run, WORKSPACE_HEADER } from '@almanac/contracts';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { placeOf } from '../http/location.js';
import { REVISED } from '../http/revisions.js';
import { EXAMPLES } from './examples.js';
import { PROBLEM, refusalsOf, REFUSED } from './refusals.js';
import { tagList, tagOf } from './tags.js';

function requestBody(name: string, endpoint: Endpoint): ZodOpenApiOperationObject['requestBody'] {
  if (endpoint.consumes === 'application/x-tar')
    return { required: true, content: { [endpoint.consumes]: { schema: z.string().meta({ format: 'binary' }) } } };
  if (!endpoint.body) return undefined;
  if (endpoint.consumes === 'multipart') {
    return {
      required: true,
      content: {
        'multipart/form-data': {
          schema: z.object({
            options: endpoint.body,
            file: z.string().meta({ format: 'binary', description: 'The file; after the options.' }),
          }),
        },
        // The answer of a forecast is waited for, and no bare file goes there.
        ...(endpoint.slow
          ? {}
          : {
              'application/octet-stream': {
                schema: z.string().meta({ format: 'binary', description: 'The file alone; options and `fileName` as query parameters.' }),
              },
            }),
      },
    };
  }
  const example = EXAMPLES[name as EndpointName];
  return { required: true, content: { 'application/json': { schema: endpoint.body, ...(example === undefined ? {} : { example }) } } };
}

/** A key with the scope, or a session of somebody whose role has it; what a session changes carries its token, too. */
function securityOf({ scope, method }: Endpoint): NonNullable<ZodOpenApiOperationObject['security']> {
  if (scope === null) return [];
  const session = { session: [], ...(method === 'GET' ? {} : { csrf: [] }) };
  return scope === 'person' ? [session] : [{ apiKey: [scope] }, session];
}

function operation(name: string, endpoint: Endpoint): ZodOpenApiOperationObject {
  const place = placeOf(name as EndpointName, endpoint);
  const headers =
    place === undefined ? {} : { headers: { Location: { description: `As \`${place}\``, schema: { type: 'string' as const } } } };
  const success =
    endpoint.status === 204 || endpoint.status === 302
      ? { description: endpoint.status === 204 ? 'Done' : 'Somewhere else' }
      : {
          description: 'Success',
          ...(endpoint.status === 200 ? {} : headers),
          // A schema of a stream would be read as that of each event, which OpenAPI 3.1 has no place for.
          content: {
            [endpoint.produces ?? 'application/json']: endpoint.produces === 'text/event-stream' ? {} : { schema: endpoint.response },
          },
        };
  const body = requestBody(name, endpoint);
  return {
    operationId: name,
    summary: endpoint.summary,
    tags: [tagOf(endpoint.path)],
    security: securityOf(endpoint),
    requestParams: {
      ...(endpoint.params ? { path: endpoint.params as z.ZodObject } : {}),
      ...(endpoint.query ? { query: endpoint.query as z.ZodObject } : {}),
      ...(endpoint.method === 'POST' && !endpoint.pure
        ? {
            header: z.object({
              'idempotency-key': z
                .string()
                .max(200)
                .optional()
                .meta({ description: 'A repeated request with the same key gets the first answer.' }),
            }),
          }
        : {}),
      ...(endpoint.method !== 'GET' && REVISED[name as EndpointName]
        ? {
            header: z.object({
              'if-match': z.string().optional().meta({ description: 'The ETag of what was read; 412 where it was changed since.' }),
            }),
          }
        : {}),
    },
    ...(body ? { requestBody: body } : {}),
    responses: {
      [String(endpoint.status) as '200']: success,
      ...(endpoint.slow
        ? { '202': { description: 'It takes longer: a run to follow', ...headers, content: { 'application/json': { schema: run } } } }
        : {}),
      ...refusalsOf(endpoint, endpoint.method !== 'GET' && REVISED[name as EndpointName] !== undefined),
      default: PROBLEM,
    },
  };
}

export function openApiDocument(version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(name, endpoint) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Almanac',
      version,
      summary: 'Time-series forecasting',
      description:
        'Time-series forecasting: upload series, train, forecast, query. Refusals are problem details (RFC 9457) with a stable `code`.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This installation' }],
    tags: tagList,
    paths,
    components: {
      responses: REFUSED,
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, for machines; its scopes are read, write and admin.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-almanac',
          description: `The session of a person, set by POST /v1/session; on plain HTTP the cookie is called almanac-<port>. ${WORKSPACE_HEADER} names the workspace.`,
        },
        csrf: { type: 'apiKey', in: 'header', name: CSRF_HEADER, description: 'The csrfToken of GET /v1/session.' },
      },
    },
  });
}
