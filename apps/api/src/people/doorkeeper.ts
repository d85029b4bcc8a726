/**
 * Sessions of people: a random token in a cookie that no script reads, known here by its hash.
 *
 * Invariants: a new one at every sign-in, and the one that the browser had before ends; over HTTPS the cookie is bound to this
 * host (`__Host-`), on plain HTTP its name has the port, for browsers do not tell ports apart; what a session changes must come
 * from a page of ours and carry the token that the page was given (`x-csrf-token`).
 */
import { CSRF_HEADER, type SessionState, type User } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { LivingSession, SessionRecord, UserRecord } from '@almanac/store';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Remembered } from '../http/remembered.js';
import { recordOwn } from './audit.js';
import { Oidc } from './oidc.js';
import { changes, comesFromUs, crossSite } from './origin.js';
import type { PeopleSettings } from './settings.js';

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');
export const newToken = (): string => randomBytes(32).toString('base64url');
/** Nothing that is stored leads to it. */
const csrfOf = (token: string): string => createHash('sha256').update(`csrf ${token}`).digest('base64url');

export const toUser = (user: UserRecord): User => ({
  id: user.id,
  email: user.email,
  name: user.name,
  hasPassword: user.hasPassword,
  hasIdentity: user.hasIdentity,
  createdAt: user.createdAt.toISOString(),
  signedInAt: user.signedInAt?.toISOString() ?? null,
});

export class Doorkeeper {
  readonly sessions: Remembered<LivingSession>;
  /** Undefined where no provider is set. */
  readonly oidc: Oidc | undefined;

  constructor(
    private readonly context: FlowContext,
    readonly settings: PeopleSettings,
  ) {
    const { sessions } = context.store;
    this.sessions = new Remembered({
      find: (hash) => sessions.find(hash, settings.idleSeconds),
      known: (hashes) => sessions.known(hashes),
    });
    this.oidc = settings.oidc && new Oidc(settings.oidc);
  }

  /** @param what besides the session has a cookie of its own */
  private nameFor({ host }: FastifyRequest, what?: 'oidc'): string {
    const name = this.settings.secure ? '__Host-almanac' : `almanac-${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
    return what === undefined ? name : `${name}-${what}`;
  }

  /** Where people reach the dashboard, without a slash at the end. */
  addressFor({ host }: FastifyRequest): string {
    return this.settings.publicUrl ?? `${this.settings.secure ? 'https' : 'http'}://${host}`;
  }

  cookieOf(request: FastifyRequest, what?: 'oidc'): string | undefined {
    const { cookie } = request.headers;
    return cookie === undefined ? undefined : parseCookie(cookie)[this.nameFor(request, what)];
  }

  /** What the cookie of the session holds. */
  tokenOf(request: FastifyRequest): string | undefined {
    return this.cookieOf(request);
  }

  /** Null where nobody is signed in. */
  async find(request: FastifyRequest): Promise<LivingSession | null> {
    const token = this.tokenOf(request);
    return token === undefined ? null : this.sessions.find(hashOfToken(token));
  }

  /** @throws AlmanacError CROSS_SITE, CSRF_TOKEN_MISSING */
  refuseForgery(request: FastifyRequest): void {
    if (!changes(request)) return;
    if (!comesFromUs(request, this.settings.publicUrl)) throw crossSite();
    const given = request.headers[CSRF_HEADER];
    const due = csrfOf(this.tokenOf(request) ?? '');
    if (typeof given === 'string' && given.length === due.length && timingSafeEqual(Buffer.from(given), Buffer.from(due))) return;
    throw new AlmanacError('CSRF_TOKEN_MISSING', `The header ${CSRF_HEADER} does not have the token of this session.`, {
      hint: 'GET /v1/session tells the token; reload the page.',
      status: 403,
    });
  }

  /** Of what anybody may send: a browser on another site may not. @throws AlmanacError CROSS_SITE */
  refuseStrangers(request: FastifyRequest): void {
    if (changes(request) && comesFromUs(request, this.settings.publicUrl) === false) throw crossSite();
  }

  /** Signs a user in; whoever this browser was before is signed out. */
  async begin(request: FastifyRequest, reply: FastifyReply, userId: string, method: SessionRecord['method']): Promise<SessionState> {
    const { store } = this.context;
    const before = await this.find(request);
    const token = newToken();
    await store.sessions.create({
      tokenHash: hashOfToken(token),
      userId,
      method,
      address: request.ip,
      agent: request.headers['user-agent'] ?? '',
      lifeSeconds: this.settings.lifeSeconds,
    });
    if (before) await this.end(before.userId, before.id).catch(() => undefined);
    this.setCookie(request, reply, undefined, token, this.settings.lifeSeconds);
    const session = (await store.sessions.find(hashOfToken(token), this.settings.idleSeconds))!;
    await recordOwn(store, request, 'signIn', session.user, { method });
    return this.stateOf(session, token);
  }

  async leave(request: FastifyRequest, reply: FastifyReply, session: LivingSession): Promise<void> {
    await this.end(session.userId, session.id);
    await recordOwn(this.context.store, request, 'signOut', session.user);
    this.setCookie(request, reply, undefined, '', 0);
  }

  async end(userId: string, id: string): Promise<void> {
    await this.context.store.sessions.end(userId, id);
    this.sessions.forget((one) => one.id === id);
  }

  async endOthers(session: LivingSession): Promise<void> {
    await this.context.store.sessions.endOthers(session.userId, session.id);
    this.forget(session.userId);
  }

  /** To be called after a workspace was renamed or is gone. */
  forgetAll(): void {
    this.sessions.forget(() => true);
  }

  /** To be called after anything about a user has changed. */
  forget(userId: string): void {
    this.sessions.forget((one) => one.userId === userId);
  }

  stateOf(session: LivingSession | null, token: string | undefined): SessionState {
    return {
      user: session && toUser(session.user),
      workspaces: (session?.memberships ?? []).map(({ workspace, role }) => ({ workspace, role })),
      csrfToken: session && token !== undefined ? csrfOf(token) : null,
      ways: { link: this.settings.loopback, oidc: this.oidc?.settings.name ?? null },
    };
  }

  setCookie(request: FastifyRequest, reply: FastifyReply, what: 'oidc' | undefined, value: string, maxAge: number): void {
    const { secure } = this.settings;
    const cookie = { name: this.nameFor(request, what), value, httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge } as const;
    const before = [reply.getHeader('set-cookie') ?? []].flat().map(String);
    reply.header('set-cookie', [...before, stringifySetCookie(cookie)]);
  }
}
