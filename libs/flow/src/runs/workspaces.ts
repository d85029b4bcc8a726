/** What a worker does for every workspace, not only its own. */
import type { Workspaces } from '@almanac/store';
import type { FlowContext } from './context.js';

/** Once for each workspace that has such work; one that fails hinders no other. */
export async function inWorkspaces(
  context: FlowContext,
  kind: Parameters<Workspaces['having']>[0],
  work: (context: FlowContext) => Promise<unknown>,
): Promise<void> {
  for (const id of await context.store.workspaces.having(kind, context.now())) {
    await work({ ...context, store: context.store.forWorkspace(id) }).catch((error: unknown) =>
      context.logger.warn({ error, workspace: id, kind }, 'a workspace could not be served; it is tried again'),
    );
  }
}
