/** What the operator alone does: an admin of the workspace that the program itself was started with. */
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import type { Store } from '@almanac/store';

/** @throws AlmanacError OPERATOR_ONLY */
export function refuseOthers(context: FlowContext, store: Store): void {
  if (store.workspaceId === context.store.workspaceId) return;
  throw new AlmanacError('OPERATOR_ONLY', 'This is for admins of the default workspace.', {
    hint: 'Ask the operator of this Almanac.',
    status: 403,
  });
}
