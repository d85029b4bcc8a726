/** The way to an OpenID provider and back. Both are addresses that a browser goes to, so a refusal is a page of the dashboard. */
import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONTEXT } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';
import { Doorkeeper } from '../people/doorkeeper.js';
import { enter } from '../people/enter.js';

const CALLBACK = '/v1/session/oidc/callback';
const PENDING_SECONDS = 10 * 60;

/** Within the dashboard, whatever was asked for: a path that begins with two slashes is the name of another site to a browser. */
function within(base: string, returnTo: string | undefined): string {
  const given = URL.canParse(returnTo ?? '/', base) ? new URL(returnTo ?? '/', base) : undefined;
  return given?.origin === new URL(base).origin ? given.pathname.replace(/^\/+/, '/') + given.search + given.hash : '/';
}

@Controller()
export class OidcController {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly doorkeeper: Doorkeeper,
  ) {}

  @Route('startOidc')
  async start(
    @Input() { query }: Parse<'startOidc'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { oidc } = this.doorkeeper;
    if (!oidc)
      throw new AlmanacError('OIDC_NOT_SET', 'No OpenID provider is set.', { hint: 'The operator sets ALMANAC_OIDC_ISSUER.', status: 404 });
    const base = this.doorkeeper.addressFor(request);
    const { location, pending } = await oidc.begin(base + CALLBACK, within(base, query.returnTo));
    this.doorkeeper.setCookie(request, reply, 'oidc', pending, PENDING_SECONDS);
    reply.header('location', location);
  }

  @Route('finishOidc')
  async finish(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    reply.header('location', await this.outcome(request, reply));
    reply.header('referrer-policy', 'no-referrer');
  }

  private async outcome(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const { oidc } = this.doorkeeper;
    const pending = this.doorkeeper.cookieOf(request, 'oidc');
    this.doorkeeper.setCookie(request, reply, 'oidc', '', 0);
    try {
      if (!oidc || !pending) throw new Error('No way to a provider was begun in this browser.');
      const base = this.doorkeeper.addressFor(request);
      const { claims, returnTo } = await oidc.finish(new URL(base + request.url), pending);
      const from = { action: 'signIn', address: request.ip, requestId: request.id };
      const user = await enter(this.context.store, oidc.settings, claims, from);
      if (typeof user === 'string') return `/#failed=${user}`;
      await this.doorkeeper.begin(request, reply, user.id, 'oidc');
      // What lies in a cookie may be another's than ours.
      return within(base, returnTo);
    } catch (error) {
      this.context.logger.warn({ error: error instanceof Error ? error.message : String(error), requestId: request.id }, 'OpenID sign-in');
      return '/#failed=OIDC_FAILED';
    }
  }
}
