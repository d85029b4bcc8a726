/** The request side of a pull: a source is to be read. */
import { ingestOptions, pullRequest, type PullRequestInput, type Run } from '@almanac/contracts';
import { ask } from '../ask.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';

/** @throws AlmanacError SOURCE_NOT_FOUND, QUOTA_EXCEEDED */
export async function requestPull(context: FlowContext, input: PullRequestInput): Promise<Run> {
  return ask(context, planPullRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planPullRun({ store }: Pick<FlowContext, 'store'>, input: PullRequestInput): Promise<NewPlannedRun<'pull'>> {
  const config = pullRequest.parse(input);
  const { options } = await store.sources.get(config.source);
  return { kind: 'pull', dataset: ingestOptions.parse(options).dataset, config };
}
