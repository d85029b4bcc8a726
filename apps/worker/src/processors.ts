/** One processor a job: it takes the run and calls the flow that does it. */
import { deliverJob, ingestOptions, type JobName, runJob } from '@almanac/contracts';
import { executeBacktest } from '@almanac/flow/backtest/execute';
import type { Compute } from '@almanac/flow/compute';
import { executeForecast } from '@almanac/flow/forecast/execute';
import { ingestUpload } from '@almanac/flow/ingest';
import { executeMonitoring } from '@almanac/flow/monitor/execute';
import { executeDelivery } from '@almanac/flow/notify/execute';
import type { FlowContext } from '@almanac/flow/runs';
import { executeRun, type Holder, type Work } from '@almanac/flow/runs/execute';
import { executeTraining } from '@almanac/flow/train/execute';
import type { Config, JobHandler } from '@almanac/platform';

export function processors(
  flow: FlowContext,
  compute: Compute,
  holder: Holder,
  config: Pick<Config, 'webhookNetworks'>,
): JobHandler<JobName>[] {
  const within = (workspaceId: string): FlowContext => ({ ...flow, store: flow.store.forWorkspace(workspaceId) });
  const processor = (name: JobName, work: Work): JobHandler<JobName> => ({
    name,
    handle(payload, delivery) {
      const job = runJob.parse(payload);
      return executeRun(within(job.workspaceId), job, delivery, holder, work);
    },
  });
  return [
    processor('ingest', async ({ store, objects, run, signal, report }) => {
      const { uploadId, options } = run.config as { uploadId: string; options: unknown };
      return {
        ...(await ingestUpload(
          { store, objects },
          { uploadId, options: ingestOptions.parse(options), runId: run.id, onProgress: report, signal },
        )),
      };
    }),
    processor('train', (context) => executeTraining(context, compute)),
    processor('forecast', (context) => executeForecast(context, compute)),
    processor('backtest', (context) => executeBacktest(context, compute)),
    processor('monitor', (context) => executeMonitoring(context, compute)),
    {
      name: 'deliver',
      handle: (payload, { signal }) =>
        executeDelivery(within(deliverJob.parse(payload).workspaceId), payload, { networks: config.webhookNetworks }, signal),
    },
  ];
}
