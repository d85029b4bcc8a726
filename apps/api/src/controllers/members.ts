/** Members of a workspace, invitations to it, and the users of the installation. */
import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { Invitation, InvitationCreated, InvitationSeen, Member, Page, SessionState, User } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import type { InvitationRecord, MemberRecord } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { By, type Caller, CONTEXT, Flow } from '../http/caller.js';
import { refuseOthers } from '../http/operator.js';
import { Input, type Parse, Route } from '../http/route.js';
import { Doorkeeper, hashOfToken, newToken, toUser } from '../people/doorkeeper.js';
import { acceptAs, invitationOf } from '../people/invitations.js';

const DAY_SECONDS = 86_400;

const toMember = (one: MemberRecord): Member => ({
  ...one,
  createdAt: one.createdAt.toISOString(),
  signedInAt: one.signedInAt?.toISOString() ?? null,
});
const toInvitation = ({ id, email, role, invitedBy, createdAt, expiresAt }: InvitationRecord): Invitation => ({
  ...{ id, email, role, invitedBy },
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});

@Controller()
export class MembersController {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly doorkeeper: Doorkeeper,
  ) {}

  @Route('listMembers')
  async list(@Input() { query }: Parse<'listMembers'>, @Flow() { store }: FlowContext): Promise<Page<Member>> {
    const { items, next } = await store.members.list(query);
    return { items: items.map(toMember), next };
  }

  @Route('changeMember')
  async change(@Input() { params, body }: Parse<'changeMember'>, @Flow() { store }: FlowContext): Promise<Member> {
    await store.members.change(params.userId, body.role);
    await store.afterCommit(() => this.forget(params.userId));
    return toMember(await store.members.get(params.userId));
  }

  @Route('removeMember')
  async remove(@Input() { params }: Parse<'removeMember'>, @Flow() { store }: FlowContext): Promise<void> {
    await store.members.remove(params.userId);
    await store.afterCommit(() => this.forget(params.userId));
  }

  private async forget(userId: string): Promise<void> {
    this.doorkeeper.forget(userId);
  }

  @Route('listInvitations')
  async invitations(@Input() { query }: Parse<'listInvitations'>, @Flow() { store }: FlowContext): Promise<Page<Invitation>> {
    const { items, next } = await store.members.invitations(query);
    return { items: items.map(toInvitation), next };
  }

  @Route('createInvitation')
  async invite(
    @Input() { body }: Parse<'createInvitation'>,
    @By() { name, flow }: Caller,
    @Req() request: FastifyRequest,
  ): Promise<InvitationCreated> {
    const token = newToken();
    const made = await flow.store.members.invite({
      ...{ email: body.email, role: body.role, invitedBy: name },
      tokenHash: hashOfToken(token),
      lifeSeconds: body.days * DAY_SECONDS,
    });
    // Behind `#`, where no server and no log sees it.
    return { ...toInvitation(made), token, link: `${this.doorkeeper.addressFor(request)}/invitation#${token}` };
  }

  @Route('deleteInvitation')
  uninvite(@Input() { params }: Parse<'deleteInvitation'>, @Flow() { store }: FlowContext): Promise<void> {
    return store.members.uninvite(params.invitationId);
  }

  @Route('seeInvitation')
  async see(@Input() { body }: Parse<'seeInvitation'>): Promise<InvitationSeen> {
    const { store } = this.context;
    const { workspace, ...found } = await invitationOf(store, body.token);
    const { email, role, invitedBy, expiresAt } = toInvitation(found);
    return { workspace, email, role, invitedBy, expiresAt, known: (await store.users.findByEmail(email)) !== null };
  }

  @Route('acceptInvitation')
  async accept(
    @Input() { body }: Parse<'acceptInvitation'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionState> {
    const session = await this.doorkeeper.find(request);
    // Then it is the session that says who accepts.
    if (session) this.doorkeeper.refuseForgery(request);
    const from = { action: 'acceptInvitation', address: request.ip, requestId: request.id };
    const userId = await acceptAs(this.context.store, body, session?.user, from);
    this.doorkeeper.forget(userId);
    if (session?.userId === userId) return this.doorkeeper.stateOf(await this.doorkeeper.find(request), this.doorkeeper.tokenOf(request));
    return this.doorkeeper.begin(request, reply, userId, 'invitation');
  }

  @Route('listUsers')
  async users(@Input() { query }: Parse<'listUsers'>, @Flow() { store }: FlowContext): Promise<Page<User>> {
    refuseOthers(this.context, store);
    const { items, next } = await store.users.list(query);
    return { items: items.map(toUser), next };
  }

  @Route('deleteUser')
  async deleteUser(@Input() { params }: Parse<'deleteUser'>, @Flow() { store }: FlowContext): Promise<void> {
    refuseOthers(this.context, store);
    await store.users.delete(params.userId);
    this.doorkeeper.forget(params.userId);
  }
}
