/** One processor a job: runs go to the flow that does them, deliveries to webhooks. */
import { deliverJob, type JobName } from '@almanac/contracts';
import type { Compute } from '@almanac/flow/compute';
import { executeDelivery } from '@almanac/flow/notify/execute';
import type { FlowContext } from '@almanac/flow/runs';
import type { Holder } from '@almanac/flow/runs/execute';
import { runHandlers } from '@almanac/flow/handlers';
import type { Config, JobHandler } from '@almanac/platform';

export function processors(
  flow: FlowContext,
  computes: { cpu: Compute; devices: readonly Compute[] },
  holder: Holder,
  config: Pick<Config, 'webhookNetworks' | 'mail'>,
): JobHandler<JobName>[] {
  const within = (workspaceId: string): FlowContext => ({ ...flow, store: flow.store.forWorkspace(workspaceId) });
  return [
    ...runHandlers(flow, computes, holder),
    {
      name: 'deliver',
      handle: (payload, { signal }) =>
        executeDelivery(
          within(deliverJob.parse(payload).workspaceId),
          payload,
          { networks: config.webhookNetworks, mail: config.mail },
          signal,
        ),
    },
  ];
}
