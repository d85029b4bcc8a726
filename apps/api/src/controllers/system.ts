/** Health, the OpenAPI document, workers and queue, and API keys. */
import { Controller, Inject } from '@nestjs/common';
import type { ApiKey, ApiKeyCreated, Page, Scope, SystemStatus } from '@almanac/contracts';
import { systemStatus } from '@almanac/flow/query';
import type { FlowContext } from '@almanac/flow/runs';
import type { ApiKeyRecord } from '@almanac/store';
import { randomBytes } from 'node:crypto';
import { hashOfKey } from '../http/auth.guard.js';
import { CONTEXT, Flow } from '../http/caller.js';
import { Input, type Parse, Route } from '../http/route.js';
import { openApiDocument } from '../openapi.js';

/** Enough of a key to recognise it by, and far too little to guess it. */
const PREFIX = 8;

const toApiKey = (record: ApiKeyRecord): ApiKey => ({
  id: record.id,
  name: record.name,
  prefix: record.prefix,
  scopes: record.scopes as Scope[],
  createdAt: record.createdAt.toISOString(),
  lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
});

@Controller()
export class SystemController {
  private document: object | undefined;

  constructor(@Inject(CONTEXT) private readonly context: FlowContext) {}

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

  @Route('listApiKeys')
  async keys(@Input() { query }: Parse<'listApiKeys'>, @Flow() { store }: FlowContext): Promise<Page<ApiKey>> {
    const { items, next } = await store.apiKeys.list(query);
    return { items: items.map(toApiKey), next };
  }

  @Route('createApiKey')
  async createKey(@Input() { body }: Parse<'createApiKey'>, @Flow() { store }: FlowContext): Promise<ApiKeyCreated> {
    const key = `alm_${randomBytes(24).toString('base64url')}`;
    const record = await store.apiKeys.create({ name: body.name, prefix: key.slice(0, PREFIX), hash: hashOfKey(key), scopes: body.scopes });
    return { ...toApiKey(record), key };
  }

  @Route('deleteApiKey')
  revoke(@Input() { params }: Parse<'deleteApiKey'>, @Flow() { store }: FlowContext): Promise<void> {
    return store.apiKeys.revoke(params.id);
  }
}
