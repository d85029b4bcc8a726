/** API keys as they travel: in the header `Authorization: Bearer KEY`; known by their sha256 only. */
import type { Scope } from '@almanac/contracts';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Scopes of which one opens what needs the scope: `admin` includes `write`, `write` includes `read`. */
export const opening: Record<Scope, readonly Scope[]> = { read: ['read', 'write', 'admin'], write: ['write', 'admin'], admin: ['admin'] };
