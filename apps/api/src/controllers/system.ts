/** Health, the OpenAPI document, workers and queue, and API keys. */
import { Controller, Inject } from '@nestjs/common';
import type { ApiKey, ApiKeyCreated, ApiKeyRotated, Overview, Page, Readiness, SystemStatus } from '@almanac/contracts';
import { getOverview, systemStatus } from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import { CONTEXT, Flow } from '../http/caller.js';
import { Keyring } from '../http/keyring.js';
import { newKey, rotatedKey, toApiKey } from '../http/newKey.js';
import { Input, type Parse, Route } from '../http/route.js';
import { openApiDocument } from '../openapi/document.js';
import { ReadinessProbe } from '../readiness.js';

@Controller()
export class SystemController {
  private document: object | undefined;

  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly keyring: Keyring,
    private readonly readiness: ReadinessProbe,
  ) {}

  @Route('livez')
  live(): { status: 'ok'; version: string } {
    return { status: 'ok', version: this.context.codeVersion };
  }

  @Route('readyz')
  ready(@Input() { query }: Parse<'readyz'>): Promise<Readiness> {
    return this.readiness.check(query.without);
  }

  @Route('health')
  health(): { status: 'ok'; version: string } {
    return { status: 'ok', version: this.context.codeVersion };
  }

  @Route('openApi')
  openApi(): object {
    return (this.document ??= openApiDocument(this.context.codeVersion));
  }

  @Route('systemStatus')
  status(@Flow() flow: FlowContext): Promise<SystemStatus> {
    return systemStatus(flow);
  }

  @Route('getOverview')
  overview(@Flow() flow: FlowContext): Promise<Overview> {
    return getOverview(flow);
  }

  @Route('listApiKeys')
  async keys(@Input() { query }: Parse<'listApiKeys'>, @Flow() { store }: FlowContext): Promise<Page<ApiKey>> {
    const { items, next } = await store.apiKeys.list(query);
    return { items: items.map(toApiKey), next };
  }

  @Route('createApiKey')
  createKey(@Input() { body }: Parse<'createApiKey'>, @Flow() { store }: FlowContext): Promise<ApiKeyCreated> {
    return newKey(store, body.name, body.scopes, inFuture(body.expiresAt, this.context.now()));
  }

  @Route('rotateApiKey')
  async rotate(@Input() { params, body }: Parse<'rotateApiKey'>, @Flow() { store }: FlowContext): Promise<ApiKeyRotated> {
    const rotated = await rotatedKey(store, params.id, body.overlapHours);
    this.keyring.forget(params.id);
    return rotated;
  }

  @Route('deleteApiKey')
  async revoke(@Input() { params }: Parse<'deleteApiKey'>, @Flow() { store }: FlowContext): Promise<void> {
    await store.apiKeys.revoke(params.id);
    this.keyring.forget(params.id);
  }
}

/** @throws AlmanacError EXPIRY_PAST */
function inFuture(given: string | null, now: Date): Date | null {
  if (given === null) return null;
  const at = new Date(given);
  if (at > now) return at;
  throw new AlmanacError('EXPIRY_PAST', `The key would have expired already: it is ${now.toISOString()}.`, {
    hint: 'Give an expiresAt that is to come, or null for a key that does not expire.',
    subject: { expiresAt: given },
  });
}
