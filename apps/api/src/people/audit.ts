/** What people do about themselves changes no row that is watched: it is written to the log of each workspace that they are members of. */
import type { Store } from '@almanac/store';
import type { FastifyRequest } from 'fastify';

export async function recordOwn(
  store: Store,
  request: FastifyRequest,
  action: string,
  { id, email }: { id: string; email: string },
  after?: Record<string, unknown>,
): Promise<void> {
  const acting = { actor: { kind: 'user', id, name: email }, action, address: request.ip, requestId: request.id } as const;
  for (const { workspaceId } of await store.users.memberships(id))
    await store
      .forWorkspace(workspaceId)
      .by(acting)
      .audit.record({ object: { kind: 'user', id, name: email }, after });
}
