/**
 * What a request must show before a byte of its body is read: a route that has a rule, a place in the rate, a key, the
 * key's scope, and a body of the size that the route takes.
 *
 * Invariants: a route without a rule stops the program at its start; a refusal costs no more than its headers; a refused
 * client may go on sending for `LINGER_MS`, so that it reads the answer, and is cut off then.
 */
import { type Endpoint, type EndpointName, endpoints } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type BodyMemory, bodyLimitOf, refuseBody } from './bodies.js';
import { setCaller } from './caller.js';
import { bearerOf, hashOfKey, opening } from './credentials.js';
import type { Keyring } from './keyring.js';
import type { Rate } from './rate.js';
import { type BodyPatience, watchBody } from './slow.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The row of the endpoint table that the route serves; `open` for the files of the dashboard. */
    rule?: EndpointName | 'open';
  }
}

const LINGER_MS = 5_000;
const byRoute = new Map(
  (Object.entries(endpoints) as [EndpointName, Endpoint][]).map(([name, one]) => [`${one.method} ${one.path}`, name]),
);

interface GateKeepers {
  context: FlowContext;
  keyring: Keyring;
  rate: Rate;
  memory: BodyMemory;
  patience: BodyPatience;
}

/** To be called before any route is made. */
export function keepGate(fastify: FastifyInstance, keepers: GateKeepers): void {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.rule === 'open') return;
    // Fastify serves HEAD wherever it serves GET; one name for a route with several methods would be a slip.
    const methods = [route.method].flat().map((method) => (method === 'HEAD' ? 'GET' : method));
    const rule = methods.length === 1 ? byRoute.get(`${methods[0]} ${route.url}`) : undefined;
    if (rule === undefined) throw new Error(`The route ${methods.join(',')} ${route.url} has no rule: add it to the endpoint table.`);
    route.config = { ...route.config, rule };
    route.bodyLimit = bodyLimitOf(rule, endpoints[rule]);
  });

  fastify.addHook('onRequest', async (request, reply) => {
    lingerAfter(request, reply);
    const { headers } = request;
    // Many clients name a type with every request; without a body there is nothing to read as it.
    const bodiless = (headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined;
    if (bodiless) delete headers['content-type'];
    const { rule } = request.routeOptions.config;
    if (rule === 'open') return;
    // No path of ours: the answer is made without the body.
    if (rule === undefined) throw notServed(request);
    await admit(keepers, request, rule);
    if (bodiless) return;
    // A file is never parsed here, whatever its type.
    if ((endpoints[rule] as Endpoint).consumes !== undefined && /json/i.test(headers['content-type'] ?? ''))
      headers['content-type'] = 'application/octet-stream';
    const limit = bodyLimitOf(rule, endpoints[rule]);
    refuseBody(request, endpoints[rule], limit);
    const streamed = (endpoints[rule] as Endpoint).consumes !== undefined;
    watchBody(request, reply, streamed, keepers.patience);
    if (!streamed) keepers.memory.lend(request, 2 * Math.min(limit, Number(headers['content-length'] ?? limit)));
    if (/100-continue/i.test(headers.expect ?? '')) reply.raw.writeContinue();
  });
  // Else Node asks for the body before anybody has looked at the key.
  fastify.server.on('checkContinue', (request, response) => fastify.server.emit('request', request, response));
}

/** @throws AlmanacError API_KEY_MISSING, API_KEY_UNKNOWN, SCOPE_MISSING, TOO_MANY_REQUESTS */
async function admit({ context, keyring, rate }: GateKeepers, request: FastifyRequest, rule: EndpointName): Promise<void> {
  const { scope, method, pure }: Endpoint = endpoints[rule];
  const key = bearerOf(request);
  if (scope === null || key === undefined) await rate.take(`address ${request.ip}`);
  if (scope === null) return;
  if (key === undefined) {
    throw new AlmanacError('API_KEY_MISSING', 'This endpoint needs an API key.', {
      hint: 'Send the header "Authorization: Bearer <key>". npm start keeps a key in connection.json in the data folder.',
      status: 401,
    });
  }
  const record = await keyring.find(hashOfKey(key));
  await rate.take(record?.id ?? `address ${request.ip}`);
  if (!record) {
    throw new AlmanacError('API_KEY_UNKNOWN', `The API key ${key.slice(0, 8)}… is not known.`, {
      hint: 'It may have been revoked. An admin makes a new one: almanac keys create NAME.',
      status: 401,
    });
  }
  if (!opening[scope].some((one) => record.scopes.includes(one))) {
    throw new AlmanacError('SCOPE_MISSING', `The API key "${record.name}" may not do this: it needs the scope "${scope}".`, {
      hint: `It has: ${record.scopes.join(', ')}. An admin can make another key.`,
      subject: { scope },
      status: 403,
    });
  }
  const store = record.workspaceId === context.store.workspaceId ? context.store : context.store.forWorkspace(record.workspaceId);
  const { id, name } = record;
  const changes = method !== 'GET' && !pure;
  const acting = { actor: { kind: 'key', id, name }, action: rule, address: request.ip, requestId: request.id } as const;
  setCaller(request, { key: record, flow: { ...context, store: changes ? store.by(acting) : store } });
}

const notServed = ({ method, url }: FastifyRequest): AlmanacError =>
  new AlmanacError('NOT_FOUND', `Nothing is served at ${method} ${url.split('?')[0]!.slice(0, 200)}.`, {
    hint: 'GET /v1/openapi.json lists every path.',
    status: 404,
  });

/** Node reads and drops what is left of a body once it was answered; not for ever. */
function lingerAfter({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (raw.complete) return;
    const cut = setTimeout(() => raw.complete || raw.destroy(), LINGER_MS).unref();
    raw.once('close', () => clearTimeout(cut));
  });
}
