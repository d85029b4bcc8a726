/**
 * What a request must show before a byte of its body is read: a route that has a rule, a place in the rate, a key or a
 * session, its scope or role, and a body of the size that the route takes.
 *
 * Invariants: a route without a rule stops the program at its start; a refusal costs no more than its headers; a refused
 * client may go on sending for `LINGER_MS`, so that it reads the answer, and is cut off then.
 */
import { type Endpoint, type EndpointName, endpoints, SCOPE_OF_ROLE, WORKSPACE_HEADER } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { Store } from '@almanac/store';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Doorkeeper, hashOfToken } from '../people/doorkeeper.js';
import { type BodyMemory, bodyLimitOf, refuseBody } from './bodies.js';
import { type Caller, callerOf, setCaller, setPerson } from './caller.js';
import { bearerOf, hashOfKey, opening } from './credentials.js';
import type { Keyring } from './keyring.js';
import type { Places } from './places.js';
import { hintAt } from './problem.js';
import type { Rate } from './rate.js';
import type { Remembered } from './remembered.js';
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

type Needed = Exclude<Endpoint['scope'], null>;

interface GateKeepers {
  context: FlowContext;
  keyring: Keyring;
  doorkeeper: Doorkeeper;
  rate: Rate;
  places: Places;
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
    const caller = callerOf(request);
    if (caller) await keepers.places.take(caller, endpoints[rule], reply);
    if (bodiless) return;
    // A file is never parsed here, whatever its type.
    if ((endpoints[rule] as Endpoint).consumes !== undefined && /json/i.test(headers['content-type'] ?? ''))
      headers['content-type'] = 'application/octet-stream';
    const limit = bodyLimitOf(rule, endpoints[rule]);
    refuseBody(request, endpoints[rule], limit);
    const streamed = (endpoints[rule] as Endpoint).consumes !== undefined;
    watchBody(request, reply, streamed, keepers.patience);
    // What a compressed body holds is known once it was read.
    const declared = headers['content-encoding'] === undefined ? Number(headers['content-length'] ?? limit) : limit;
    if (!streamed) keepers.memory.lend(request, 2 * Math.min(limit, declared));
    if (/100-continue/i.test(headers.expect ?? '')) reply.raw.writeContinue();
  });
  // Else Node asks for the body before anybody has looked at the key.
  fastify.server.on('checkContinue', (request, response) => fastify.server.emit('request', request, response));
}

/** @throws AlmanacError API_KEY_MISSING, API_KEY_UNKNOWN, SESSION_ENDED, SCOPE_MISSING, ROLE_MISSING, CROSS_SITE, TOO_MANY_REQUESTS */
async function admit(keepers: GateKeepers, request: FastifyRequest, rule: EndpointName): Promise<void> {
  const { scope }: Endpoint = endpoints[rule];
  const key = bearerOf(request);
  const cookie = key === undefined && keepers.doorkeeper.tokenOf(request) !== undefined;
  if (scope === null) {
    keepers.rate.ofAnybody(request.ip);
    return keepers.doorkeeper.refuseStrangers(request);
  }
  if (cookie) return admitPerson(keepers, request, rule, scope);
  if (key === undefined) {
    await keepers.rate.ofStranger(request.ip);
    throw new AlmanacError('API_KEY_MISSING', 'This endpoint needs an API key, or somebody who is signed in.', {
      hint: 'Send the header "Authorization: Bearer <key>". npm start keeps a key in connection.json in the data folder.',
      status: 401,
    });
  }
  return admitKey(keepers, request, rule, scope, key);
}

/**
 * What a key or a cookie opens; null where nothing. Who has not been met is counted as a stranger before the database is asked, and
 * given back the place where it was none: a guess costs no question of its own once the limit of its address is reached, and a key
 * that nobody has used for long opens nevertheless.
 */
async function findOf<T>({ rate }: GateKeepers, { ip }: FastifyRequest, remembered: Remembered<T>, hash: string): Promise<T | null> {
  if (remembered.hasMet(hash)) {
    const found = await remembered.find(hash);
    if (!found) await rate.ofStranger(ip);
    return found;
  }
  try {
    await rate.ofStranger(ip);
  } catch (refusal) {
    const found = await remembered.findInCrowd(hash);
    if (!found) throw refusal;
    return found;
  }
  const found = await remembered.find(hash);
  if (found) await rate.wasNoStranger(ip);
  return found;
}

async function admitKey(keepers: GateKeepers, request: FastifyRequest, rule: EndpointName, scope: Needed, key: string): Promise<void> {
  const record = await findOf(keepers, request, keepers.keyring.keys, hashOfKey(key));
  if (!record)
    throw new AlmanacError('API_KEY_UNKNOWN', `The API key ${key.slice(0, 8)}… is not known.`, {
      hint: 'It may have been revoked. An admin makes a new one: almanac keys create NAME.',
      status: 401,
    });
  await keepers.rate.ofCaller(storeOf(keepers, record.workspaceId), record.id);
  if (scope === 'person')
    throw new AlmanacError('PERSON_NEEDED', 'This is about the own account of a person; a key has none.', {
      hint: 'Sign in with the dashboard.',
      status: 403,
    });
  if (!opening[scope].some((one) => record.scopes.includes(one))) {
    throw new AlmanacError('SCOPE_MISSING', `The API key "${record.name}" may not do this: it needs the scope "${scope}".`, {
      hint: `It has: ${record.scopes.join(', ')}. An admin can make another key.`,
      subject: { scope },
      status: 403,
    });
  }
  const stillMay = async (): Promise<boolean> => (await keepers.keyring.find(hashOfKey(key))) !== null;
  letIn(keepers, request, rule, { kind: 'key', id: record.id, name: record.name, stillMay }, record.workspaceId);
}

async function admitPerson(keepers: GateKeepers, request: FastifyRequest, rule: EndpointName, scope: Needed): Promise<void> {
  const { doorkeeper } = keepers;
  const session = await findOf(keepers, request, doorkeeper.sessions, hashOfToken(doorkeeper.tokenOf(request) ?? ''));
  if (!session) throw new AlmanacError('SESSION_ENDED', 'Nobody is signed in here any more.', { hint: 'Sign in again.', status: 401 });
  const named = request.headers[WORKSPACE_HEADER];
  const member = session.memberships.find(({ workspace }) => named === undefined || workspace === named);
  await keepers.rate.ofCaller(storeOf(keepers, member?.workspaceId ?? keepers.context.store.workspaceId), session.userId);
  doorkeeper.refuseForgery(request);
  setPerson(request, session);
  if (scope === 'person') return;
  if (!member)
    throw new AlmanacError(
      'NOT_A_MEMBER',
      `${session.user.email} is no member of ${typeof named === 'string' ? `"${named.slice(0, 100)}"` : 'any workspace'}.`,
      {
        hint: 'An admin of the workspace can send an invitation.',
        status: 403,
      },
    );
  if (!opening[scope].includes(SCOPE_OF_ROLE[member.role]))
    throw new AlmanacError(
      'ROLE_MISSING',
      `${member.role === 'viewer' ? 'A viewer' : 'An editor'} may not do this; ${scope === 'write' ? 'an editor or an admin' : 'an admin'} may.`,
      {
        hint: `Ask an admin of the workspace "${member.workspace}".`,
        subject: { role: member.role, workspace: member.workspace },
        status: 403,
      },
    );
  const stillMay = async (): Promise<boolean> => {
    const now = (await doorkeeper.find(request))?.memberships.find(({ workspaceId }) => workspaceId === member.workspaceId);
    return now !== undefined && opening[scope].includes(SCOPE_OF_ROLE[now.role]);
  };
  letIn(keepers, request, rule, { kind: 'user', id: session.userId, name: session.user.email, stillMay }, member.workspaceId);
}

const storeOf = ({ context: { store } }: GateKeepers, workspaceId: string): Store =>
  workspaceId === store.workspaceId ? store : store.forWorkspace(workspaceId);

/** The audit log says of every change who made it. */
function letIn(keepers: GateKeepers, request: FastifyRequest, rule: EndpointName, actor: Omit<Caller, 'flow'>, workspaceId: string): void {
  const { method, pure }: Endpoint = endpoints[rule];
  const { context } = keepers;
  const store = storeOf(keepers, workspaceId);
  const changes = method !== 'GET' && !pure;
  const { kind, id, name } = actor;
  const acting = { actor: { kind, id, name }, action: rule, address: request.ip, requestId: request.id };
  setCaller(request, { ...actor, flow: { ...context, store: changes ? store.by(acting) : store } });
}

const notServed = ({ method, url }: FastifyRequest): AlmanacError =>
  new AlmanacError('NOT_FOUND', `Nothing is served at ${method} ${url.split('?')[0]!.slice(0, 200)}.`, { hint: hintAt(url), status: 404 });

/** Node reads and drops what is left of a body once it was answered; not for ever. */
function lingerAfter({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (raw.complete) return;
    const cut = setTimeout(() => raw.complete || raw.destroy(), LINGER_MS).unref();
    raw.once('close', () => clearTimeout(cut));
  });
}
