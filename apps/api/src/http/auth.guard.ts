/**
 * Opens an endpoint to the keys whose scopes include the endpoint's. Keys are looked up by their sha256; `admin`
 * includes `write`, `write` includes `read`. A key sees its own workspace only.
 */
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Scope } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { CONTEXT, setCaller } from './caller.js';
import { Keyring } from './keyring.js';
import { endpointOf } from './route.js';

export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

const includes: Record<Scope, readonly Scope[]> = { read: ['read', 'write', 'admin'], write: ['write', 'admin'], admin: ['admin'] };

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly keyring: Keyring,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const { endpoint } = endpointOf(execution);
    if (endpoint.scope === null) return true;
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const key = bearerOf(request);
    if (key === undefined) {
      throw new AlmanacError('API_KEY_MISSING', 'This endpoint needs an API key.', {
        hint: 'Send the header "Authorization: Bearer <key>". npm start keeps a key in connection.json in the data folder.',
        status: 401,
      });
    }
    const record = await this.keyring.find(hashOfKey(key));
    if (!record) {
      throw new AlmanacError('API_KEY_UNKNOWN', `The API key ${key.slice(0, 8)}… is not known.`, {
        hint: 'It may have been revoked. An admin makes a new one: almanac keys create NAME.',
        status: 401,
      });
    }
    if (!includes[endpoint.scope].some((scope) => record.scopes.includes(scope))) {
      throw new AlmanacError('SCOPE_MISSING', `The API key "${record.name}" may not do this: it needs the scope "${endpoint.scope}".`, {
        hint: `It has: ${record.scopes.join(', ')}. An admin can make another key.`,
        subject: { scope: endpoint.scope },
        status: 403,
      });
    }
    const store =
      record.workspaceId === this.context.store.workspaceId ? this.context.store : this.context.store.forWorkspace(record.workspaceId);
    setCaller(request, { key: record, flow: { ...this.context, store } });
    return true;
  }
}
