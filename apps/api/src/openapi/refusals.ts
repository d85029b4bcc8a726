/** What an operation refuses, as the document lists it: one answer for each status, shared by all operations that have it. */
import { type Endpoint, problem } from '@almanac/contracts';
import type { ZodOpenApiResponseObject } from 'zod-openapi';

type Headers = Record<string, { description: string; schema: { type: 'string' } }>;
const header = (description: string): Headers[string] => ({ description, schema: { type: 'string' } });

interface Refusal {
  name: string;
  description: string;
  headers?: Headers;
  when: (endpoint: Endpoint) => boolean;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  400: { name: 'Invalid', description: 'The request is not what is described; `subject.issues` names each field', when: () => true },
  401: {
    name: 'Unauthorized',
    description: 'No key or session, or one that is not known',
    headers: { 'WWW-Authenticate': header('`Bearer`: an API key') },
    when: ({ scope }) => scope !== null,
  },
  403: { name: 'Forbidden', description: 'The scope of the key, or the role, does not reach so far', when: ({ scope }) => scope !== null },
  404: {
    name: 'NotFound',
    description: 'What is named does not exist in this workspace',
    when: ({ params, body }) => params !== undefined || body !== undefined,
  },
  409: { name: 'Conflict', description: 'It does not go with what is there, or is under way', when: ({ method }) => method !== 'GET' },
  412: { name: 'Changed', description: 'It was changed since it was read', when: () => false },
  413: { name: 'TooLarge', description: 'The body, or what it asks for, is too large', when: ({ body }) => body !== undefined },
  429: {
    name: 'TooMany',
    description: 'A quota or the rate is used up',
    headers: { 'Retry-After': header('Seconds to wait') },
    when: () => true,
  },
};

/** @param revised whether it may be refused by `If-Match` */
export function refusalsOf(endpoint: Endpoint, revised: boolean): Record<string, { $ref: string }> {
  const known = Object.entries(REFUSALS).filter(([status, { when }]) => when(endpoint) || (status === '412' && revised));
  return Object.fromEntries(known.map(([status, { name }]) => [status, { $ref: `#/components/responses/${name}` }]));
}

const content = { 'application/problem+json': { schema: problem } };
export const PROBLEM = { description: 'Problem details', content };

/** For the components of the document. */
export const REFUSED: Record<string, ZodOpenApiResponseObject> = Object.fromEntries(
  Object.values(REFUSALS).map(({ name, description, headers }) => [name, { description, ...(headers ? { headers } : {}), content }]),
);
