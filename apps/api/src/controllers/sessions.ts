/** Signing in and out, and the own account. */
import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Session, SessionState, SignInLink, User } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { LivingSession, SessionRecord } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONTEXT, Flow, Person } from '../http/caller.js';
import { refuseOthers } from '../http/operator.js';
import { Input, type Parse, Route } from '../http/route.js';
import { recordOwn } from '../people/audit.js';
import { Doorkeeper, hashOfToken, newToken, toUser } from '../people/doorkeeper.js';
import { fromThisMachine } from '../people/link.js';
import { hashPassword, refuseWeak } from '../people/password.js';
import { confirmPassword, signIn } from '../people/signIn.js';

/** A link is printed to be opened, not kept. */
const LINK_SECONDS = 15 * 60;

const toSession = (one: SessionRecord, current: string): Session => ({
  id: one.id,
  method: one.method,
  address: one.address,
  agent: one.agent,
  current: one.id === current,
  createdAt: one.createdAt.toISOString(),
  seenAt: one.seenAt.toISOString(),
  expiresAt: one.expiresAt.toISOString(),
});

@Controller()
export class SessionsController {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly doorkeeper: Doorkeeper,
  ) {}

  @Route('getSession')
  async state(@Req() request: FastifyRequest): Promise<SessionState> {
    return this.doorkeeper.stateOf(await this.doorkeeper.find(request), this.doorkeeper.tokenOf(request));
  }

  @Route('signIn')
  async signIn(
    @Input() { body }: Parse<'signIn'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionState> {
    const userId = await signIn(this.context.store, body.email, body.password, request);
    return this.doorkeeper.begin(request, reply, userId, 'password');
  }

  @Route('signOut')
  signOut(
    @Person() session: LivingSession,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    return this.doorkeeper.leave(request, reply, session);
  }

  @Route('createSignInLink')
  async createLink(@Flow() { store }: FlowContext, @Req() request: FastifyRequest): Promise<SignInLink> {
    refuseOthers(this.context, store);
    fromThisMachine(request, this.doorkeeper.settings);
    const { id } = await store.users.owner();
    this.doorkeeper.forget(id);
    const token = newToken();
    const expiresAt = await store.sessions.createLink(hashOfToken(token), id, LINK_SECONDS);
    return { token, expiresAt: expiresAt.toISOString() };
  }

  @Route('signInByLink')
  async byLink(
    @Input() { body }: Parse<'signInByLink'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionState> {
    fromThisMachine(request, this.doorkeeper.settings);
    const userId = await this.context.store.sessions.takeLink(hashOfToken(body.token));
    if (userId === null)
      throw new AlmanacError('LINK_SPENT', 'This link has been used, or is too old.', {
        hint: 'Make another one at this machine: npx almanac users link.',
        status: 401,
      });
    return this.doorkeeper.begin(request, reply, userId, 'link');
  }

  @Route('listSessions')
  async sessions(@Person() session: LivingSession): Promise<{ items: Session[] }> {
    const items = await this.context.store.sessions.list(session.userId, this.doorkeeper.settings.idleSeconds);
    return { items: items.map((one) => toSession(one, session.id)) };
  }

  @Route('endSession')
  async end(@Input() { params }: Parse<'endSession'>, @Person() session: LivingSession, @Req() request: FastifyRequest): Promise<void> {
    await this.doorkeeper.end(session.userId, params.sessionId);
    await recordOwn(this.context.store, request, 'endSession', session.user, { session: params.sessionId });
  }

  @Route('endOtherSessions')
  async endOthers(@Person() session: LivingSession, @Req() request: FastifyRequest): Promise<void> {
    await this.doorkeeper.endOthers(session);
    await recordOwn(this.context.store, request, 'endOtherSessions', session.user);
  }

  @Route('changeAccount')
  async rename(@Input() { body }: Parse<'changeAccount'>, @Person() { userId }: LivingSession): Promise<User> {
    const { users } = this.context.store;
    await users.rename(userId, body.name);
    this.doorkeeper.forget(userId);
    return toUser((await users.find(userId))!);
  }

  @Route('changePassword')
  async changePassword(
    @Input() { body }: Parse<'changePassword'>,
    @Person() { user }: LivingSession,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionState> {
    const { users } = this.context.store;
    // Asked anew: what is remembered of the session may be seconds old.
    if ((await users.passwordOf(user.email)) !== null) await confirmPassword(this.context.store, user.email, body.current, request);
    await refuseWeak(body.password, [user.email, user.name]);
    await users.setPassword(user.id, await hashPassword(body.password));
    await recordOwn(this.context.store, request, 'changePassword', user);
    this.doorkeeper.forget(user.id);
    return this.doorkeeper.begin(request, reply, user.id, 'password');
  }
}
