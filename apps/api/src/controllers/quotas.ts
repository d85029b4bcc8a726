/** Quotas: seen by whoever is in the workspace, set by the operator. */
import { Controller, Inject } from '@nestjs/common';
import type { QuotaList } from '@almanac/contracts';
import { listQuotas, QuotaBook, setQuotas } from '@almanac/flow/quota';
import type { FlowContext } from '@almanac/flow/runs';
import { CONTEXT, Flow } from '../http/caller.js';
import { refuseOthers } from '../http/operator.js';
import { Input, type Parse, Route } from '../http/route.js';

@Controller()
export class QuotasController {
  constructor(
    @Inject(CONTEXT) private readonly context: FlowContext,
    private readonly book: QuotaBook,
  ) {}

  @Route('listQuotas')
  own(@Flow() flow: FlowContext): Promise<QuotaList> {
    return listQuotas(flow);
  }

  @Route('workspaceQuotas')
  async ofWorkspace(@Input() { params }: Parse<'workspaceQuotas'>, @Flow() flow: FlowContext): Promise<QuotaList> {
    return listQuotas(await this.inWorkspace(flow, params.workspace));
  }

  @Route('setQuotas')
  async set(@Input() { params, body }: Parse<'setQuotas'>, @Flow() flow: FlowContext): Promise<QuotaList> {
    const context = await this.inWorkspace(flow, params.workspace);
    const set = await setQuotas(context, body);
    await flow.store.afterCommit(async () => this.book.forget(context.store.workspaceId));
    return set;
  }

  /** @throws AlmanacError OPERATOR_ONLY, WORKSPACE_NOT_FOUND */
  private async inWorkspace(flow: FlowContext, name: string): Promise<FlowContext> {
    refuseOthers(this.context, flow.store);
    const { id } = await flow.store.workspaces.find(name);
    return { ...flow, store: flow.store.forWorkspace(id) };
  }
}
